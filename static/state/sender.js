/** Sends what waits in the outbox: room by room, one after another, until the server has acknowledged it. */

import { asRequestError } from '../protocol/errors.js';
import { inWords } from './words.js';

const RETRY_MS = 2_000;
/** After so many refusals that may pass by themselves, a person decides. */
const ATTEMPTS = 5;

export class Sender {
  /**
   * @param {object} options
   * @param {import('./outbox.js').Outbox} options.outbox
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
    let attempts = 0;
    for (;;) {
      const item = this.ready(roomId) ? this.outbox.next(roomId) : undefined;
      if (!item) return;
      const { clientId, content } = item;
      try {
        const { message } = await this.connection.request('send-message', { roomId, content, clientId });
        attempts = 0;
        this.outbox.remove(clientId);
        this.stored(message);
      } catch (thrown) {
        const error = asRequestError(thrown);
        attempts += 1;
        if (error.code === 'offline') return;
        const mayPass = ['timeout', 'rate_limited', 'storage', 'overloaded'].includes(error.code);
        if (mayPass && attempts < ATTEMPTS) {
          await this.wait(error.retryAfterMs ?? RETRY_MS);
          continue;
        }
        attempts = 0;
        this.outbox.fail(clientId, inWords(error));
      }
      this.changed();
    }
  }
}

/** @param {number} ms @returns {Promise<void>} */
export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
