/** Who is logged in: kept over reloads, shared by all tabs, renewed at half the token's life. */

import { Store } from './store.js';
import { lifetime, renewalIn } from './token.js';

/** @typedef {import('../protocol/types.js').User} User */
/** @typedef {import('../protocol/types.js').Grant} Grant */

const NAME = 'session';
/** Timers hold 31 bits, and a laptop sleeps: look again at least this often. */
const LOOK_AGAIN_MS = 60 * 60 * 1000;
const RETRY_MS = 30_000;
/** A new password revokes the old token a moment before its answer brings the new one, here or in another tab. */
const NEWER_MS = 1_500;

export class Session extends Store {
  /**
   * @param {object} options
   * @param {import('./storage.js').BrowserStorage} options.storage
   * @param {() => number} [options.now]
   * @param {{setTimeout: Function, clearTimeout: Function}} [options.timers]
   */
  constructor({ storage, now = Date.now, timers = globalThis }) {
    super();
    this.storage = storage;
    this.now = now;
    this.timers = timers;
    /** @type {Grant | null} */
    this.grant = storage.read(NAME);
    /** Why the last session ended, in words, for the log-in page. */
    this.notice = '';
    /** @type {(() => Promise<Grant>) | null} */
    this.renew = null;
    /** @type {any} */
    this.timer = undefined;
  }

  /** @returns {string | null} */
  get token() {
    return this.grant?.token ?? null;
  }

  /** @returns {User | null} */
  get user() {
    return this.grant?.user ?? null;
  }

  /** The token has run out, by this machine's clock. */
  get expired() {
    const life = this.token ? lifetime(this.token) : null;
    return Boolean(life && life.expiresAt <= this.now());
  }

  /** @param {Grant} grant */
  begin(grant) {
    this.notice = '';
    this.storage.write(NAME, grant);
    this.take(grant);
  }

  /** @param {string} [notice] why, in words; empty where the user wanted it */
  end(notice = '') {
    this.notice = notice;
    // What another tab wrote meanwhile is not this one's to remove.
    if (this.storage.read(NAME)?.token === this.token) this.storage.write(NAME, null);
    this.take(null);
  }

  /**
   * The server does not take a token any more: the session is over, unless there is a newer token.
   * @param {string} token
   * @param {string} code
   * @param {string} notice
   */
  async refused(token, code, notice) {
    this.adopt();
    if (this.token !== token) return;
    if (code !== 'token_expired') {
      await new Promise((resolve) => this.timers.setTimeout(resolve, NEWER_MS));
      this.adopt();
    }
    if (this.token === token) this.end(notice);
  }

  /** Another tab wrote the session: it is this tab's too. */
  adopt() {
    /** @type {Grant | null} */
    const grant = this.storage.read(NAME);
    if (grant?.token === this.token) return;
    this.take(grant);
  }

  /** @param {Grant | null} grant */
  take(grant) {
    this.grant = grant;
    this.schedule();
    this.changed();
  }

  /**
   * Keeps the token fresh from now on.
   * @param {() => Promise<Grant>} renew asks the server for a new one
   */
  keepFresh(renew) {
    this.renew = renew;
    this.schedule();
  }

  schedule() {
    this.timers.clearTimeout(this.timer);
    if (!this.token || !this.renew) return;
    const wait = Math.min(renewalIn(this.token, this.now()), LOOK_AGAIN_MS);
    this.timer = this.timers.setTimeout(() => this.refresh(), wait);
  }

  /** Renews the token where half its life is over. A failure is tried again later; a refusal ends the session elsewhere. */
  async refresh() {
    const { token, renew } = this;
    if (!token || !renew) return;
    if (renewalIn(token, this.now()) > 0) return this.schedule();
    try {
      const grant = await renew();
      if (this.token === token) this.begin(grant);
    } catch {
      if (this.token === token) this.timer = this.timers.setTimeout(() => this.refresh(), RETRY_MS);
    }
  }
}
