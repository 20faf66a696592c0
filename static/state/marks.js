/** What this browser remembers of each room: how far it was read, and what was being written. */

const READ = 'read';
const DRAFT = 'draft.';
/** Reading moves on many times a second. What is kept of it follows this often. */
const KEEP_MS = 1_000;

export class Marks {
  /**
   * @param {object} options
   * @param {import('./storage.js').BrowserStorage} options.storage the user's own part
   * @param {{setTimeout: Function}} [options.timers]
   */
  constructor({ storage, timers = globalThis }) {
    this.storage = storage;
    this.timers = timers;
    /** @type {Record<string, number>} */
    this.read = storage.read(READ) ?? {};
    /** Grows whenever a mark moves. */
    this.version = 0;
    /** @type {Map<string, {seq: number, back: boolean}>} what has moved and is not kept yet; `back`: to a lower number, on purpose */
    this.moved = new Map();
    this.resting = false;
  }

  /** Another tab read on. What has moved here meanwhile is on top of it. */
  reload() {
    this.read = this.merged();
    this.version += 1;
  }

  /**
   * A room that this browser has not seen counts as read: what was written before is no news.
   * @param {import('../protocol/types.js').Room} room
   */
  meet(room) {
    const read = this.read[room.id];
    if (read === undefined) this.move(room.id, room.lastSeq, false);
    // A number beyond the end was of a store that has been put back to an older state.
    else if (read > room.lastSeq) this.move(room.id, room.lastSeq, true);
  }

  /** @param {string} roomId @param {number} seq read up to here, or further already @returns {boolean} whether that is news */
  advance(roomId, seq) {
    if (seq <= (this.read[roomId] ?? 0)) return false;
    this.move(roomId, seq, this.moved.get(roomId)?.back ?? false);
    return true;
  }

  /** @param {string} roomId @param {number} seq @param {boolean} back */
  move(roomId, seq, back) {
    this.read[roomId] = seq;
    this.version += 1;
    this.moved.set(roomId, { seq, back });
    if (!this.resting) this.keep();
  }

  /** Keeps what has moved: now, and after a rest what moved during it. Other tabs hear of it by that. */
  keep() {
    this.flush();
    this.resting = true;
    this.timers.setTimeout(() => {
      this.resting = false;
      if (this.moved.size) this.keep();
    }, KEEP_MS);
  }

  /** To be called before the page may end. */
  flush() {
    if (!this.moved.size) return;
    this.reload();
    // Where the browser refuses, what moved is tried again.
    if (this.storage.write(READ, this.read)) this.moved.clear();
  }

  /** Nothing moves here any more. */
  close() {
    this.flush();
    this.moved.clear();
  }

  /** What is kept, with what has moved here. Another tab may have read further. @returns {Record<string, number>} */
  merged() {
    const read = this.storage.read(READ) ?? {};
    for (const [roomId, { seq, back }] of this.moved) read[roomId] = back ? seq : Math.max(seq, read[roomId] ?? 0);
    return read;
  }

  /** @param {import('../protocol/types.js').Room} room */
  unread(room) {
    if (!room.joined) return 0;
    return Math.max(0, room.lastSeq - (this.read[room.id] ?? room.lastSeq));
  }

  /** @param {string} roomId @returns {string} */
  draft(roomId) {
    return this.storage.read(DRAFT + roomId) ?? '';
  }

  /** @param {string} roomId @param {string} text */
  setDraft(roomId, text) {
    this.storage.write(DRAFT + roomId, text.trim() ? text : null);
  }

  /** In how many rooms something is written that was not sent. */
  drafts() {
    return this.storage.names(DRAFT).length;
  }

  /** @param {string} roomId */
  forget(roomId) {
    this.storage.write(DRAFT + roomId, null);
    this.moved.delete(roomId);
    const { [roomId]: _, ...rest } = this.merged();
    this.moved.clear();
    this.read = rest;
    this.version += 1;
    this.storage.write(READ, rest);
  }
}
