/** The call that this user is in elsewhere. Nobody tells when it ends there: the history knows. */

/** @typedef {import('../protocol/types.js').SessionCall} SessionCall */

const LOOK_MS = 10_000;

export class Elsewhere {
  /**
   * @param {object} options
   * @param {import('./journal.js').Journal} options.journal
   * @param {{setTimeout: Function, clearTimeout: Function}} options.timers
   * @param {() => void} options.changed
   */
  constructor({ journal, timers, changed }) {
    this.journal = journal;
    this.timers = timers;
    this.changed = changed;
    /** @type {SessionCall | null} */
    this.call = null;
    /** @type {any} */
    this.timer = undefined;
  }

  /** @param {SessionCall} call that goes on there */
  note(call) {
    this.call = call;
    this.timers.clearTimeout(this.timer);
    this.timer = this.timers.setTimeout(() => this.look(call.callId), LOOK_MS);
  }

  /** It is over, or comes here. */
  forget() {
    this.call = null;
    this.timers.clearTimeout(this.timer);
  }

  /** Whether it still goes on. @param {string} callId */
  async look(callId) {
    await this.journal.refresh();
    if (this.call?.callId !== callId) return;
    const known = this.journal.calls.find((one) => one.id === callId);
    if (known?.status === 'ended') this.forget();
    else this.note(this.call);
    this.changed();
  }
}
