/**
 * The messages of one room that this tab holds: a window over the room, in order, without doubles, and without holes.
 */

/** @typedef {import('../protocol/types.js').Message} Message */

/** More than this many messages of a room are never held: the page stays quick however long one scrolls. */
export const WINDOW = 300;
/** What stays when there were more. Letting go of many at once is rarer than letting go of one a message. */
const KEPT = 250;

export class Timeline {
  constructor() {
    /** The newest number that is known to exist, held or not. */
    this.end = 0;
    /** Whoever looks is at the newest end: where there are too many, the oldest go. Else the newest go. */
    this.following = true;
    /** Grows whenever what is held is replaced: an answer to a question asked before no longer fits. */
    this.generation = 0;
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
    /** @type {boolean} The window ends where the room ends: what comes live is held. Else it only counts. */
    this.attached = true;
    this.end = 0;
    this.generation += 1;
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

  /** Messages are known to be missing between what is held and the end of the room. */
  get hasGap() {
    return this.attached && this.end > this.newest;
  }

  /**
   * The first page: what is held is replaced.
   * @param {Message[]} page oldest first
   * @param {boolean} [reachesEnd] there was nothing after it when it was read
   */
  start(page, reachesEnd = true) {
    const live = [...this.ahead.values(), ...this.messages];
    this.messages = [...page];
    this.ahead = new Map();
    this.loaded = true;
    this.complete = (page[0]?.seq ?? 1) <= 1;
    this.attached = reachesEnd;
    this.generation += 1;
    this.knowEnd(this.newest);
    for (const message of live) this.add(message);
  }

  /** The room goes on up to here, as far as is known. @param {number} seq */
  knowEnd(seq) {
    this.end = Math.max(this.end, seq);
  }

  /** What comes live is not held any more: it can be fetched when somebody reads on. */
  detach() {
    this.attached = false;
    this.ahead.clear();
  }

  /**
   * A message that came live. It takes its place, waits for those before it, or is there already.
   * @param {Message} message
   */
  add(message) {
    this.knowEnd(message.seq);
    if (!this.attached || (this.loaded && message.seq <= this.newest)) return;
    this.ahead.set(message.seq, message);
    if (!this.loaded) {
      if (this.ahead.size > WINDOW) this.ahead.delete(this.ahead.keys().next().value ?? 0);
      return;
    }
    this.close();
    this.trim();
    // What lies between does not come: rather read on from here later than keep ever more waiting.
    if (this.ahead.size > WINDOW) this.detach();
  }

  /**
   * All that the server has after the newest held, as far as the page goes. Numbers that it skips do not exist.
   * @param {number} after the number asked for
   * @param {Message[]} page oldest first
   * @param {{reachesEnd?: boolean, dropping?: 'oldest' | 'newest'}} [how] there was nothing after it when it was read;
   *   where messages go when there are too many
   */
  append(after, page, { reachesEnd = this.attached, dropping } = {}) {
    if (after > this.newest) return;
    for (const message of page) {
      if (message.seq <= this.newest) continue;
      this.messages.push(message);
      this.ahead.delete(message.seq);
    }
    this.attached = reachesEnd;
    this.knowEnd(this.newest);
    this.close();
    this.trim(dropping);
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
    this.end = this.newest;
    this.trim();
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
    // Whoever asked for these looks at the oldest end.
    this.trim('newest');
  }

  /**
   * Lets go of messages that can be fetched again.
   * @param {'oldest' | 'newest'} [side] where they go
   * @param {number} [most] so many may stay
   */
  trim(side = this.following ? 'oldest' : 'newest', most = WINDOW) {
    if (this.messages.length <= most) return;
    const keep = Math.min(most, KEPT);
    if (side === 'oldest') {
      this.messages = this.messages.slice(-keep);
      this.complete = false;
    } else {
      this.messages = this.messages.slice(0, keep);
      this.detach();
    }
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
