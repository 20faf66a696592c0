/** Who is logged in: kept over reloads, shared by all tabs, renewed at half the token's life. */

import { Store } from './store.js';

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
    /** The last session ended because its user wanted that, whatever is said of it. */
    this.wanted = false;
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

  /** When the password was set by a link of an administrator's, until the user has read that. */
  get passwordResetAt() {
    return this.grant?.passwordResetAt ?? null;
  }

  /** The token has run out, by this machine's clock. */
  get expired() {
    const life = this.token ? lifetime(this.token) : null;
    return Boolean(life && life.expiresAt <= this.now());
  }

  /** @param {Grant} grant */
  begin(grant) {
    this.notice = '';
    this.wanted = false;
    // The server tells this at one log-in only.
    const unread = grant.user.id === this.user?.id ? this.grant?.passwordResetAt : undefined;
    this.put({ passwordResetAt: unread, ...grant });
  }

  /** The user has read that the password was reset. */
  resetIsRead() {
    if (this.grant) this.put({ ...this.grant, passwordResetAt: undefined });
  }

  /** The server says what is otherwise about the user. @param {Partial<User>} change */
  update(change) {
    const { grant } = this;
    if (!grant || (change.id && change.id !== grant.user.id)) return;
    const user = { ...grant.user, ...change };
    if (JSON.stringify(user) === JSON.stringify(grant.user)) return;
    this.put({ ...grant, user });
  }

  /**
   * @param {string} [notice] in words, for the log-in page
   * @param {boolean} [wanted] the user wanted it, as also without a word
   */
  end(notice = '', wanted = false) {
    this.notice = notice;
    this.wanted = wanted;
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
    if (grant?.token === this.token && grant?.passwordResetAt === this.grant?.passwordResetAt) return;
    this.take(grant);
  }

  /** @param {Grant} grant for this tab and the others */
  put(grant) {
    this.storage.write(NAME, grant);
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

  /**
   * Renews the token where half its life is over. A failure is tried again later; a refusal ends the session elsewhere.
   */
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

/**
 * What a token says about itself, read without checking it: checking is the server's affair.
 * @param {string} token a JWT
 * @returns {{issuedAt: number, expiresAt: number} | null} both in milliseconds since 1970
 */
export function lifetime(token) {
  try {
    const [, body] = token.split('.');
    const { iat, exp } = JSON.parse(atob((body ?? '').replaceAll('-', '+').replaceAll('_', '/')));
    if (!Number.isFinite(iat) || !Number.isFinite(exp) || exp <= iat) return null;
    return { issuedAt: iat * 1000, expiresAt: exp * 1000 };
  } catch {
    return null;
  }
}

/**
 * Milliseconds until a token should be renewed, at half its life; 0 when that has passed.
 * @param {string} token
 * @param {number} now
 */
export function renewalIn(token, now) {
  const life = lifetime(token);
  if (!life) return 0;
  return Math.max(0, (life.issuedAt + life.expiresAt) / 2 - now);
}
