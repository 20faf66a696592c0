/** Messages that the server has not acknowledged yet: kept in the browser, each under one `clientId` until it is. */

/**
 * @typedef {object} Waiting
 * @property {string} clientId
 * @property {string} roomId
 * @property {string} content
 * @property {number} at when it was written, milliseconds since 1970
 * @property {number} order of those written in one tab
 * @property {'waiting' | 'failed'} state
 * @property {string} [problem] why it failed, in words
 */

/** One entry a message: two tabs that write at once do not overwrite each other. */
const PREFIX = 'outbox.';

export class Outbox {
  /**
   * @param {object} options
   * @param {import('./storage.js').BrowserStorage} options.storage the user's own part
   * @param {() => string} [options.newId]
   * @param {() => number} [options.now]
   */
  constructor({ storage, newId = randomId, now = Date.now }) {
    this.storage = storage;
    this.newId = newId;
    this.now = now;
    /** @type {Map<string, Waiting>} */
    this.items = new Map();
    for (const name of storage.names(PREFIX)) {
      const item = storage.read(name);
      if (item && typeof item.content === 'string' && item.clientId) this.items.set(item.clientId, item);
    }
  }

  /** @param {string} roomId @param {string} content @returns {Waiting} */
  add(roomId, content) {
    const order = Math.max(0, ...[...this.items.values()].map((item) => item.order + 1));
    /** @type {Waiting} */
    const item = { clientId: this.newId(), roomId, content, at: this.now(), order, state: 'waiting' };
    this.keep(item);
    return item;
  }

  /**
   * Those of a room, in the order in which they were written.
   * @param {string} roomId
   * @returns {Waiting[]}
   */
  of(roomId) {
    return [...this.items.values()]
      .filter((item) => item.roomId === roomId)
      .sort((a, b) => a.at - b.at || a.order - b.order);
  }

  /** @param {string} roomId @returns {Waiting | undefined} the next to send */
  next(roomId) {
    return this.of(roomId).find((item) => item.state === 'waiting');
  }

  /** @param {string} clientId @param {string} problem */
  fail(clientId, problem) {
    const item = this.items.get(clientId);
    if (item) this.keep({ ...item, state: 'failed', problem });
  }

  /** @param {string} clientId @returns {Waiting | undefined} */
  retry(clientId) {
    const item = this.items.get(clientId);
    if (item) this.keep({ ...item, state: 'waiting', problem: undefined });
    return this.items.get(clientId);
  }

  /** Stored by the server, or given up. @param {string | undefined} clientId */
  remove(clientId) {
    if (!clientId || !this.items.delete(clientId)) return false;
    this.storage.write(PREFIX + clientId, null);
    return true;
  }

  /** The room is gone, and what was meant for it. @param {string} roomId */
  removeRoom(roomId) {
    for (const item of this.of(roomId)) this.remove(item.clientId);
  }

  /** @param {Waiting} item */
  keep(item) {
    this.items.set(item.clientId, item);
    this.storage.write(PREFIX + item.clientId, item);
  }
}

/** 128 random bits. `crypto.randomUUID` is missing on plain http. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
