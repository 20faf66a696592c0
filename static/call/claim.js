/** One tab of several makes a sound: whoever claims a call or a message first, where all tabs see it. */

import { pause } from '../protocol/errors.js';

/** Long enough for another tab's claim to be seen. */
const SETTLE_MS = 60;
/** One sound for messages that come together. */
const APART_MS = 1_000;
/** A tab that cannot sound, or is not looked at, lets others go first. */
const RELUCTANT_MS = 350;

/**
 * @typedef {object} ClaimOptions
 * @property {import('../state/storage.js').BrowserStorage} storage
 * @property {string} tab
 * @property {(ms: number) => Promise<void>} [wait]
 */

class Claim {
  /** @param {ClaimOptions} options */
  constructor({ storage, tab, wait = pause }) {
    this.storage = storage;
    this.tab = tab;
    this.wait = wait;
  }

  /**
   * @param {string} name
   * @param {object} what is claimed
   * @returns {Promise<boolean>} no other tab claimed under this name at the same time
   */
  async take(name, what) {
    this.storage.write(name, { ...what, tab: this.tab });
    await this.wait(SETTLE_MS);
    return this.storage.read(name)?.tab === this.tab;
  }
}

export class RingClaim extends Claim {
  /**
   * @param {string} callId
   * @param {boolean} keen this tab is in view and can sound
   * @returns {Promise<boolean>} this tab is the one
   */
  async claim(callId, keen) {
    if (!keen) await this.wait(RELUCTANT_MS);
    const held = this.storage.read('ring');
    if (held?.callId === callId && held.tab !== this.tab) return false;
    return this.take('ring', { callId });
  }

  /** The ringing is over, or this tab closes while it rings. */
  release() {
    if (this.storage.read('ring')?.tab === this.tab) this.storage.write('ring', null);
  }
}

export class MessageClaim extends Claim {
  /** @param {ClaimOptions & {now?: () => number}} options */
  constructor({ now = Date.now, ...options }) {
    super(options);
    this.now = now;
  }

  /** Somebody looks at this message in this tab: no other one sounds for it. @param {string} messageId */
  quiet(messageId) {
    this.storage.write('lookedAt', messageId);
  }

  /**
   * @param {string} messageId
   * @returns {Promise<boolean>} this tab sounds, now
   */
  async claim(messageId) {
    const held = this.storage.read('sounded');
    const since = this.now() - (held?.at ?? 0);
    // A clock that was put back must not keep everything silent.
    if (held?.messageId === messageId || this.isLookedAt(messageId) || (since >= 0 && since < APART_MS)) return false;
    return (await this.take('sounded', { messageId, at: this.now() })) && !this.isLookedAt(messageId);
  }

  /** @param {string} messageId */
  isLookedAt(messageId) {
    return this.storage.read('lookedAt') === messageId;
  }
}
