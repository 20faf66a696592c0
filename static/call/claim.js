/** One tab of several rings: whoever claims a call first, in what all tabs of this browser share. */

/** Long enough for another tab's claim to be seen. */
const SETTLE_MS = 60;
/** A tab that cannot sound, or is not looked at, lets others go first. */
const RELUCTANT_MS = 350;

export class RingClaim {
  /**
   * @param {object} options
   * @param {import('../state/storage.js').BrowserStorage} options.storage
   * @param {string} options.tab
   * @param {(ms: number) => Promise<void>} [options.wait]
   */
  constructor({ storage, tab, wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms)) }) {
    this.storage = storage;
    this.tab = tab;
    this.wait = wait;
  }

  /**
   * @param {string} callId
   * @param {boolean} keen this tab is in view and can sound
   * @returns {Promise<boolean>} this tab is the one
   */
  async claim(callId, keen) {
    if (!keen) await this.wait(RELUCTANT_MS);
    const held = this.storage.read('ring');
    if (held?.callId === callId && held.tab !== this.tab) return false;
    this.storage.write('ring', { callId, tab: this.tab });
    await this.wait(SETTLE_MS);
    return this.storage.read('ring')?.tab === this.tab;
  }

  /** The ringing is over, or this tab closes while it rings. */
  release() {
    if (this.storage.read('ring')?.tab === this.tab) this.storage.write('ring', null);
  }
}
