/** The call that is being thought about: a preview, before anybody is rung; then it rings, or is joined. */

import { asRequestError } from '../protocol/errors.js';
import { startWords } from './reasons.js';

/** @typedef {import('./types.js').Plan} Plan */

export class Planner {
  /**
   * @param {object} options
   * @param {Pick<import('../protocol/connection.js').Connection, 'request'>} options.connection
   * @param {import('./seat.js').Seat} options.seat
   * @param {import('./media.js').LocalMedia} options.media
   * @param {() => Promise<void>} options.ready fulfilled when connections can be made
   * @param {() => void} options.refused the server may have noted a call that nobody could take
   * @param {() => void} options.changed
   */
  constructor({ connection, seat, media, ready, refused, changed }) {
    this.connection = connection;
    this.seat = seat;
    this.media = media;
    this.ready = ready;
    this.refused = refused;
    this.changed = changed;
    /** @type {Plan | null} */
    this.plan = null;
  }

  /** @param {Plan} plan */
  prepare(plan) {
    this.plan = plan;
    void this.ready();
    void this.media.start({ audio: true, video: plan.callType === 'video' });
    this.changed();
  }

  /** @returns {boolean} false where it rings already, or is about to: then one hangs up */
  dismiss() {
    if (this.plan?.busy) return false;
    this.plan = null;
    return true;
  }

  /** Does what was planned: rings, or joins. */
  async go() {
    const { plan } = this;
    if (!plan || plan.busy) return;
    this.plan = { ...plan, busy: true, problem: undefined };
    this.changed();
    try {
      await this.ready();
      if (plan.join) await this.join(plan, plan.join);
      else await this.ring(plan);
      this.plan = null;
    } catch (thrown) {
      const problem = startWords(asRequestError(thrown), { name: plan.name, group: Boolean(plan.roomId && !plan.to) });
      if (this.plan) this.plan = { ...plan, busy: false, problem };
      this.refused();
    }
    this.changed();
  }

  /** @param {Plan} plan */
  async ring(plan) {
    const { to, roomId, callType, name } = plan;
    try {
      const whom = to ? { to, callType } : { roomId, callType };
      const { callId } = await this.connection.request('initiate-call', whom);
      this.seat.begin({ callId, callType, roomId, to, name, state: 'ringing', mine: true, since: Date.now() });
    } catch (thrown) {
      const error = asRequestError(thrown);
      const { callId } = error.detail;
      // A call goes on there already, or the other one rings us: that is the one to be in.
      if (error.code !== 'user_busy' || typeof callId !== 'string') throw error;
      await this.join(plan, callId);
    }
  }

  /** @param {Plan} plan @param {string} callId */
  async join({ callType, roomId, name }, callId) {
    this.seat.begin({ callId, callType, roomId, name, state: 'active', mine: false, since: Date.now() });
    try {
      await this.seat.accept(1);
    } catch (error) {
      this.seat.drop(true);
      throw error;
    }
  }
}
