/** Something that changes and tells who listens, at most once for all that changed in one go. */

/** @typedef {() => void} Listener */

export class Store {
  constructor() {
    /** @type {Set<Listener>} */
    this.listeners = new Set();
    /** Grows with each change. */
    this.version = 0;
    this.pending = false;
  }

  /**
   * @param {Listener} listener called after changes
   * @returns {() => void} ends it
   */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** To be called after each change. Listeners hear of it in a microtask, once. */
  changed() {
    this.version += 1;
    if (this.pending) return;
    this.pending = true;
    queueMicrotask(() => {
      this.pending = false;
      for (const listener of [...this.listeners]) listener();
    });
  }
}
