/** Takes turns: so many at once, and who came first is first. */

/**
 * `come` is fulfilled when it begins; `done` says that it is over, or not wanted any more.
 * @typedef {{come: Promise<void>, done: () => void}} Turn
 */

export class Turns {
  /** @param {() => number} most how many may be at it, as of now */
  constructor(most) {
    this.most = most;
    /** @type {Set<() => void>} */
    this.running = new Set();
    /** @type {(() => void)[]} */
    this.waiting = [];
  }

  /** @returns {Turn} */
  take() {
    /** @type {() => void} */
    let begin = () => undefined;
    const come = /** @type {Promise<void>} */ (new Promise((resolve) => (begin = resolve)));
    this.waiting.push(begin);
    this.next();
    return { come, done: () => this.over(begin) };
  }

  /** @param {() => void} begin */
  over(begin) {
    this.running.delete(begin);
    this.waiting = this.waiting.filter((one) => one !== begin);
    // Nobody waits for a turn that is not wanted any more.
    begin();
    this.next();
  }

  next() {
    while (this.waiting.length && this.running.size < Math.max(1, this.most())) {
      const begin = /** @type {() => void} */ (this.waiting.shift());
      this.running.add(begin);
      begin();
    }
  }
}
