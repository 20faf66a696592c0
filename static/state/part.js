/** A part of the client that comes when it is needed: asked for once, and again until it is there. */

import { asRequestError, pause } from '../protocol/errors.js';

const RETRY_MS = 2_000;

/** @template T */
export class Part {
  /**
   * @param {object} options
   * @param {() => Promise<T>} options.load
   * @param {() => void} options.came
   * @param {() => void} options.missing it did not come, and is asked for again; told once
   * @param {{setTimeout: Function}} [options.timers]
   */
  constructor({ load, came, missing, timers = globalThis }) {
    this.load = load;
    this.came = came;
    this.missing = missing;
    this.timers = timers;
    /** @type {T | null} */
    this.here = null;
    this.isMissing = false;
    /** @type {Promise<T> | null} */
    this.coming = null;
  }

  /** @returns {Promise<T>} the part, however long that takes: it never fails */
  bring() {
    this.coming ??= this.insist();
    return this.coming;
  }

  async insist() {
    for (;;) {
      try {
        this.here = await this.load();
        this.isMissing = false;
        this.came();
        return this.here;
      } catch (error) {
        if (!this.isMissing) {
          console.info('A part of the client is missing:', asRequestError(error).message);
          this.isMissing = true;
          this.missing();
        }
        await pause(RETRY_MS, this.timers);
      }
    }
  }
}
