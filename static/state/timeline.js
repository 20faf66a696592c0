/** The messages of one room that this tab holds: in order, without doubles, and without holes. */

/** @typedef {import('../protocol/types.js').Message} Message */

/** Where one missed more than this many messages, the newest page is worth more than all of them. */
export const TOO_MANY_MISSED = 1_000;

export class Timeline {
  constructor() {
    this.clear();
  }

  /** Forgets everything. */
  clear() {
    /** @type {Message[]} without holes, oldest first */
    this.messages = [];
    /** @type {Map<number, Message>} came before what lies between them and the end of `messages` */
    this.ahead = new Map();
    /** The first page has come. */
    this.loaded = false;
    /** The beginning of the room is here. */
    this.complete = false;
  }

  /** The number of the first message held; 0 where there is none. */
  get oldest() {
    return this.messages[0]?.seq ?? 0;
  }

  /** The message up to which everything is held. */
  get last() {
    return this.messages.at(-1);
  }

  /** Its number; 0 where there is none. */
  get newest() {
    return this.last?.seq ?? 0;
  }

  /** Messages are known to be missing between what is held and what came live. */
  get hasGap() {
    return this.ahead.size > 0;
  }

  /**
   * The newest page of a room: what is held is replaced.
   * @param {Message[]} page oldest first
   */
  start(page) {
    const live = [...this.ahead.values(), ...this.messages];
    this.messages = [...page];
    this.ahead = new Map();
    this.loaded = true;
    this.complete = (page[0]?.seq ?? 1) <= 1;
    for (const message of live) this.add(message);
  }

  /**
   * A message that came live. It takes its place, waits for those before it, or is there already.
   * @param {Message} message
   */
  add(message) {
    if (!this.loaded) {
      this.ahead.set(message.seq, message);
      return;
    }
    if (message.seq <= this.newest) return;
    this.ahead.set(message.seq, message);
    this.close();
  }

  /**
   * All that the server has after the newest held, as far as the page goes. Numbers that it skips do not exist.
   * @param {number} after the number asked for
   * @param {Message[]} page oldest first
   */
  append(after, page) {
    if (after > this.newest) return;
    for (const message of page) {
      if (message.seq <= this.newest) continue;
      this.messages.push(message);
      this.ahead.delete(message.seq);
    }
    this.close();
  }

  /**
   * Nothing lies between what is held and what came live: the server says so.
   */
  joinUp() {
    for (const seq of [...this.ahead.keys()].sort((a, b) => a - b)) {
      const message = this.ahead.get(seq);
      if (message && seq > this.newest) this.messages.push(message);
    }
    this.ahead.clear();
  }

  /**
   * A page of what is before the oldest held.
   * @param {number} before the number asked for
   * @param {Message[]} page oldest first
   */
  prepend(before, page) {
    if (before !== this.oldest) return;
    this.messages = [...page.filter((message) => message.seq < before), ...this.messages];
    if (page.length === 0 || this.oldest <= 1) this.complete = true;
  }

  /**
   * Lets go of old messages that can be fetched again.
   * @param {number} keep how many stay
   */
  trim(keep) {
    if (this.messages.length <= keep) return;
    this.messages = this.messages.slice(-keep);
    this.complete = false;
  }

  close() {
    const first = this.messages.length ? this.newest + 1 : this.complete ? 1 : 0;
    for (let next = first; ; next += 1) {
      const message = this.ahead.get(next);
      if (!message) break;
      this.messages.push(message);
      this.ahead.delete(next);
    }
    for (const seq of this.ahead.keys()) if (seq <= this.newest) this.ahead.delete(seq);
  }
}
