/** What this user has ended: told to the server, and told again until it was heard, over losses and reloads. */

import { asRequestError, insist, pause } from '../protocol/errors.js';

/** @typedef {{event: 'end-call' | 'reject-call', payload: {callId: string, reason?: string}}} Ending */

export class Endings {
  /**
   * @param {object} options
   * @param {Pick<import('../protocol/connection.js').Connection, 'request'>} options.connection
   * @param {import('../state/storage.js').BrowserStorage} options.tabStorage
   * @param {string} options.me
   * @param {{setTimeout: Function}} options.timers
   */
  constructor({ connection, tabStorage, me, timers }) {
    this.connection = connection;
    this.tabStorage = tabStorage;
    this.timers = timers;
    /** Another user of this tab must not end what is not theirs. */
    this.name = `endings.${me}`;
    /** @type {Ending[]} that the server has not confirmed */
    this.waiting = tabStorage.read(this.name) ?? [];
    /** Grows with each new beginning: what was tried before ends. */
    this.round = 0;
  }

  /** This user wanted no more of that call, whatever the server still says. @param {string | undefined} callId */
  has(callId) {
    return this.waiting.some((one) => one.payload.callId === callId);
  }

  /** @param {Ending['event']} event @param {Ending['payload']} payload */
  tell(event, payload) {
    const ending = { event, payload };
    this.keep([...this.waiting, ending]);
    return this.send(ending);
  }

  /** The server can be asked again. */
  async tellAll() {
    this.round += 1;
    await Promise.all(this.waiting.map((ending) => this.send(ending)));
  }

  /** @param {Ending} ending */
  async send(ending) {
    const { round } = this;
    const wait = (/** @type {number} */ ms) => pause(ms, this.timers);
    const goesOn = () => round === this.round;
    try {
      await insist(() => this.connection.request(ending.event, ending.payload), { wait, goesOn });
    } catch (thrown) {
      // The next connection brings us back here. Any other refusal means that it is over already.
      if (asRequestError(thrown).mayPass) return;
    }
    this.keep(this.waiting.filter((one) => one !== ending));
  }

  /** @param {Ending[]} waiting */
  keep(waiting) {
    this.waiting = waiting;
    this.tabStorage.write(this.name, waiting.length ? waiting : null);
  }

  close() {
    this.round += 1;
  }
}
