/** Whether this machine is up to the call, by how long the browser takes to say how it goes. */

/** A browser that has time answers within a few milliseconds. */
const CALM_MS = 100;
const STRAINED_MS = 300;
/** It must be calm for so long before more is asked of it; longer where that was too much a moment ago. */
const HOLD_MS = 10_000;
const MOST_HOLD_MS = 160_000;
const MOMENT_MS = 30_000;

export class Strain {
  constructor() {
    this.strained = false;
    this.calmSince = 0;
    this.easedAt = -Infinity;
    this.hold = HOLD_MS;
  }

  /**
   * @param {number} lag how long an answer took, in milliseconds
   * @param {number} now
   * @returns {boolean} whether it is otherwise than before
   */
  note(lag, now) {
    if (lag > CALM_MS) this.calmSince = now;
    const before = this.strained;
    if (!before && lag > STRAINED_MS) {
      this.hold = now - this.easedAt < MOMENT_MS ? Math.min(2 * this.hold, MOST_HOLD_MS) : HOLD_MS;
      this.strained = true;
    } else if (before && now - this.calmSince >= this.hold) {
      this.easedAt = now;
      this.strained = false;
    }
    return this.strained !== before;
  }
}
