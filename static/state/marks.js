/** What this browser remembers of each room: how far it was read, and what was being written. */

const READ = 'read';
const DRAFT = 'draft.';

export class Marks {
  /**
   * @param {object} options
   * @param {import('./storage.js').BrowserStorage} options.storage the user's own part
   */
  constructor({ storage }) {
    this.storage = storage;
    /** @type {Record<string, number>} */
    this.read = storage.read(READ) ?? {};
  }

  /** Another tab read on. */
  reload() {
    this.read = this.storage.read(READ) ?? {};
  }

  /**
   * A room that this browser has not seen counts as read: what was written before is no news.
   * @param {import('../protocol/types.js').Room} room
   */
  meet(room) {
    const read = this.read[room.id];
    // A number beyond the end was of a store that has been put back to an older state.
    if (read === undefined || read > room.lastSeq) this.setRead(room.id, room.lastSeq);
  }

  /** @param {string} roomId @param {number} seq */
  setRead(roomId, seq) {
    if (this.read[roomId] === seq) return false;
    this.read = { ...(this.storage.read(READ) ?? this.read), [roomId]: seq };
    this.storage.write(READ, this.read);
    return true;
  }

  /** @param {string} roomId @param {number} seq read up to here, or further already */
  advance(roomId, seq) {
    return seq > (this.read[roomId] ?? 0) && this.setRead(roomId, seq);
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
    const { [roomId]: _, ...rest } = this.read;
    this.read = rest;
    this.storage.write(READ, rest);
  }
}
