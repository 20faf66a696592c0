/** Calls of this user in this tab: what rings, what is planned, what one does about it, and what the server says. */

import { asRequestError } from '../protocol/errors.js';
import { CallLine } from './line.js';
import { endWords, ringOverWords, startWords } from './reasons.js';

/** @typedef {import('./types.js').Incoming} Incoming */
/** @typedef {import('./types.js').Plan} Plan */

export class CallDesk extends CallLine {
  /** @param {import('./types.js').CallOptions} options */
  constructor(options) {
    super(options);
    this.stops = [this.media.subscribe(() => this.changed()), ...this.listen()];
  }

  listen() {
    const { connection } = this;
    /** @type {Record<string, (payload: any) => void>} */
    const handlers = {
      session: (payload) => void this.sessionCame(payload),
      'incoming-call': (payload) => this.rang(payload),
      'call-accepted': (payload) => this.accepted(payload),
      'call-rejected': (payload) => this.rejected(payload),
      'call-away': ({ callId, from }) => this.call?.callId === callId && this.mesh?.away(from),
      'call-left': (payload) => this.left(payload),
      'call-ended': (payload) => this.ended(payload),
      'media-state': ({ callId, from, ...flags }) => this.call?.callId === callId && this.mesh?.mediaState(from, flags),
    };
    for (const event of ['webrtc-offer', 'webrtc-answer', 'webrtc-ice-candidate']) {
      handlers[event] = (payload) => {
        if (this.call && (!payload.callId || payload.callId === this.call.callId)) void this.mesh?.signal(event, payload);
      };
    }
    return Object.entries(handlers).map(([event, handler]) => connection.on(event, handler));
  }

  /** The user is no longer here: ends everything of this tab. */
  close() {
    for (const stop of this.stops) stop();
    this.timers.clearTimeout(this.lookout);
    if (this.call) void this.endings.tell('end-call', { callId: this.call.callId });
    this.endings.close();
    this.drop();
  }

  get missed() {
    return this.journal.missed;
  }

  /** The connection is there, again or for the first time: is there a call to go on with? @param {import('../protocol/types.js').Session} session */
  async sessionCame({ call: open }) {
    // What was ended here meanwhile is over, also before the server has heard of it.
    const call = this.endings.has(open?.callId) ? undefined : open;
    void this.endings.tellAll();
    // Who is still rung is told again right after this.
    this.incoming = null;
    this.elsewhere = null;
    void this.journal.refresh();
    const mine = this.tabStorage.read('call');
    if (this.call && this.call.callId !== call?.callId) {
      void this.endedMeanwhile(this.call.callId);
    } else if (this.call?.state === 'ringing') {
      // Who rang and lost the connection rings no more.
      void this.endings.tell('end-call', { callId: this.call.callId });
      this.finish(endWords('disconnected', this.about()));
    } else if (this.call && call) {
      await this.enter(this.call);
    } else if (call && mine?.callId === call.callId && (mine.left || call.socketId === null)) {
      await this.resume(call, mine);
    } else {
      if (mine && mine.callId !== call?.callId) this.tabStorage.write('call', null);
      if (call?.status === 'active') this.goesOnElsewhere(call);
    }
    this.changed();
  }

  /** The call ended while one was away. Nobody tells why; the history knows. @param {string} callId */
  async endedMeanwhile(callId) {
    const about = this.about();
    this.drop();
    await this.journal.refresh();
    const reason = this.journal.calls.find((one) => one.id === callId)?.endReason;
    this.options.say(endWords(reason ?? 'disconnected', about));
  }

  /** @param {Incoming} payload */
  rang({ callId, from, fromUsername, callType, roomId }) {
    if (this.call?.callId === callId || this.endings.has(callId)) return;
    this.incoming = { callId, from, fromUsername, callType, roomId };
    void this.ice.ready();
    void this.media.refreshList();
    this.changed();
  }

  /** @param {{callId: string, from: string, fromUsername: string}} event */
  accepted(event) {
    const { call } = this;
    if (!call || call.callId !== event.callId) return;
    if (call.state === 'ringing') this.activate(call);
    void this.mesh?.accepted(event);
    this.tellMedia();
  }

  /** @param {{callId: string, fromUsername: string, reason?: string}} event */
  rejected({ callId, fromUsername, reason }) {
    if (this.call?.callId !== callId) return;
    const why = reason === 'disconnected' ? 'unreachable' : 'rejected';
    const words = endWords(why, { name: fromUsername, answered: false, group: false });
    if (this.call.roomId) this.options.say(words);
    else this.finish(words);
  }

  /** @param {{callId: string, from: string, reason: string}} event */
  left({ callId, from, reason }) {
    if (this.call?.callId !== callId) return;
    const name = this.mesh?.left(from);
    if (name) this.options.say(reason === 'disconnected' ? `${name} lost the connection.` : `${name} left the call.`);
  }

  /** @param {{callId: string, from?: string, reason: string}} event */
  ended({ callId, from, reason }) {
    const here = [this.incoming, this.call].find((one) => one?.callId === callId);
    if (this.elsewhere?.callId === callId) this.elsewhere = null;
    if (this.incoming?.callId === callId) {
      this.options.say(ringOverWords(reason, this.incoming.fromUsername));
      this.incoming = null;
      this.release();
    }
    if (this.call?.callId === callId) {
      const byMe = from === this.user.id && reason === 'hangup';
      this.finish(byMe ? 'You left the call elsewhere.' : endWords(reason, this.about()));
    }
    if (here && reason === 'answered-elsewhere') {
      this.goesOnElsewhere({ callId, callType: here.callType, roomId: here.roomId, status: 'active', socketId: '' });
    }
    void this.journal.refresh();
    this.changed();
  }

  /** Begins to think about a call: preview and devices, before anybody is rung. @param {Plan} plan */
  prepare(plan) {
    if (this.call) {
      this.small = false;
      return this.options.say('You are in a call already.');
    }
    this.plan = plan;
    void this.ice.ready();
    void this.media.start({ audio: true, video: plan.callType === 'video' });
    this.changed();
  }

  dismissPlan() {
    // It rings already, or is about to: then one hangs up.
    if (this.plan?.busy) return;
    this.plan = null;
    this.release();
    this.changed();
  }

  /** Does what was planned: rings, or joins. */
  async go() {
    const { plan } = this;
    if (!plan || plan.busy) return;
    this.plan = { ...plan, busy: true, problem: undefined };
    this.changed();
    try {
      await this.ice.ready();
      if (plan.join) await this.join(plan, plan.join);
      else await this.ring(plan);
      this.plan = null;
    } catch (thrown) {
      const error = asRequestError(thrown);
      if (this.plan) this.plan = { ...plan, busy: false, problem: startWords(error, { name: plan.name, group: Boolean(plan.roomId) }) };
      void this.journal.refresh();
    }
    this.changed();
  }

  /** @param {Plan} plan */
  async ring(plan) {
    const { to, roomId, callType } = plan;
    try {
      const ack = await this.connection.request('initiate-call', to ? { to, callType } : { roomId, callType });
      this.begin({ callId: ack.callId, callType, roomId, to, name: plan.name, state: 'ringing', mine: true, since: Date.now() });
    } catch (thrown) {
      const error = asRequestError(thrown);
      const { callId } = error.detail;
      // A call goes on there already, or the other one rings us: that is the one to be in.
      if (error.code !== 'user_busy' || typeof callId !== 'string') throw error;
      await this.join(plan, callId);
    }
  }

  /** @param {Plan} plan @param {string} callId */
  async join(plan, callId) {
    const call = { callId, callType: plan.callType, roomId: plan.roomId, name: plan.name, mine: false };
    this.begin({ ...call, state: 'active', since: Date.now() });
    try {
      await this.accept(callId);
    } catch (error) {
      this.drop(true);
      throw error;
    }
  }

  /** Answers the call that rings. @param {boolean} video with the camera on */
  async answer(video) {
    const { incoming } = this;
    if (!incoming) return;
    const { callId, callType, roomId, fromUsername } = incoming;
    this.incoming = null;
    this.plan = null;
    const name = roomId ? (this.options.roomName(roomId) ?? fromUsername) : fromUsername;
    // What one sends may come a moment later: answering does not wait for the camera.
    void this.media.start({ audio: this.media.wanted.audio, video });
    await this.ice.ready();
    this.begin({ callId, callType, roomId, name, state: 'active', mine: false, since: Date.now() });
    try {
      await this.accept(callId);
    } catch (thrown) {
      this.finish(startWords(asRequestError(thrown), { name, group: Boolean(roomId) }));
    }
  }

  /** @param {string} [reason] */
  async decline(reason) {
    const { incoming } = this;
    if (!incoming) return;
    this.incoming = null;
    this.release();
    this.changed();
    await this.endings.tell('reject-call', { callId: incoming.callId, reason });
    void this.journal.refresh();
  }

  /** The call that this user is in elsewhere comes into this tab. */
  async moveHere() {
    const { elsewhere } = this;
    if (!elsewhere) return;
    this.elsewhere = null;
    await this.ice.ready();
    await this.resume(elsewhere, { name: elsewhere.roomId ? this.options.roomName(elsewhere.roomId) : '', video: elsewhere.callType === 'video' });
  }

  async hangUp() {
    const { call } = this;
    if (!call) return;
    const { callId } = call;
    this.drop();
    await this.endings.tell('end-call', { callId });
    void this.journal.refresh();
  }
}
