/**
 * Messages that the server has not acknowledged yet: kept in the browser, each under one `clientId`, and sent until it
 * has.
 */

import { asRequestError, insist, pause } from '../protocol/errors.js';
import { inWords } from './words.js';

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
/** After so many refusals that may pass by themselves, a person decides. */
const ATTEMPTS = 5;

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
    /** @type {Map<string, Waiting[]>} those of each room, in the order in which they were written */
    this.byRoom = new Map();
    /** Of the next that is written. */
    this.order = 0;
    const kept = storage.names(PREFIX).map((name) => storage.read(name));
    const whole = kept.filter((item) => item && typeof item.content === 'string' && item.clientId);
    for (const item of whole.sort(inOrder)) this.place(item);
  }

  /** @param {string} roomId @param {string} content @returns {Waiting} */
  add(roomId, content) {
    /** @type {Waiting} */
    const item = { clientId: this.newId(), roomId, content, at: this.now(), order: this.order, state: 'waiting' };
    this.keep(item);
    return item;
  }

  /**
   * Those of a room, in the order in which they were written.
   * @param {string} roomId
   * @returns {readonly Waiting[]}
   */
  of(roomId) {
    return this.byRoom.get(roomId) ?? [];
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
    const item = clientId && this.items.get(clientId);
    if (!item) return false;
    this.items.delete(clientId);
    const list = this.byRoom.get(item.roomId) ?? [];
    list.splice(list.indexOf(item), 1);
    this.storage.write(PREFIX + clientId, null);
    return true;
  }

  /** The room is gone, and what was meant for it. @param {string} roomId */
  removeRoom(roomId) {
    for (const item of [...this.of(roomId)]) this.remove(item.clientId);
    this.byRoom.delete(roomId);
  }

  /** @param {Waiting} item */
  keep(item) {
    this.place(item);
    this.storage.write(PREFIX + item.clientId, item);
  }

  /**
   * In its place among those of its room, which nearly always is the end, or where it stood before.
   * @param {Waiting} item
   */
  place(item) {
    const before = this.items.get(item.clientId);
    const list = this.byRoom.get(item.roomId) ?? [];
    this.byRoom.set(item.roomId, list);
    this.items.set(item.clientId, item);
    if (before) {
      list[list.indexOf(before)] = item;
      return;
    }
    let index = list.length;
    for (let last = list[index - 1]; last && inOrder(last, item) > 0; last = list[index - 1]) index -= 1;
    list.splice(index, 0, item);
    this.order = Math.max(this.order, item.order + 1);
  }
}

/** Sends what waits: room by room, one after another, until the server has acknowledged it. */
export class Sender {
  /**
   * @param {object} options
   * @param {Outbox} options.outbox
   * @param {Pick<import('../protocol/connection.js').Connection, 'request'>} options.connection
   * @param {(roomId: string) => boolean} options.ready this connection is in the room and has caught up
   * @param {(message: import('../protocol/types.js').Message) => void} options.stored
   * @param {() => void} options.changed
   * @param {(ms: number) => Promise<void>} [options.wait]
   */
  constructor({ outbox, connection, ready, stored, changed, wait = pause }) {
    this.outbox = outbox;
    this.connection = connection;
    this.ready = ready;
    this.stored = stored;
    this.changed = changed;
    this.wait = wait;
    /** @type {Map<string, Promise<void>>} */
    this.running = new Map();
  }

  /** @param {string} roomId */
  flush(roomId) {
    const running = this.running.get(roomId);
    if (running) return running;
    const run = this.run(roomId).finally(() => this.running.delete(roomId));
    this.running.set(roomId, run);
    return run;
  }

  /** @param {string} roomId */
  async run(roomId) {
    for (;;) {
      const item = this.ready(roomId) ? this.outbox.next(roomId) : undefined;
      if (!item) return;
      const { clientId, content } = item;
      const goesOn = () => this.ready(roomId) && this.outbox.next(roomId)?.clientId === clientId;
      try {
        const send = () => this.connection.request('send-message', { roomId, content, clientId });
        const { message } = await insist(send, { wait: this.wait, attempts: ATTEMPTS, goesOn });
        this.outbox.remove(clientId);
        this.stored(message);
      } catch (thrown) {
        const error = asRequestError(thrown);
        if (error.code === 'offline') return;
        // Its room is not live any more, or it was stored or taken back meanwhile: what is next is looked up anew.
        if (error.mayPass && !goesOn()) continue;
        this.outbox.fail(clientId, inWords(error));
      }
      this.changed();
    }
  }
}

/** @param {Waiting} a @param {Waiting} b */
function inOrder(a, b) {
  return a.at - b.at || a.order - b.order;
}

/** 128 random bits. `crypto.randomUUID` is missing on plain http. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
