/** What this browser remembers of each room: how far it was read, and what was being written. */

export class Marks {
  /**
   * @param {object} options
   * @param {import('./storage.js').BrowserStorage} options.storage
   * @param {string} options.userId
   */
  constructor({ storage, userId }) {
    this.storage = storage;
    this.readName = `read.${userId}`;
    this.draftName = `draft.${userId}.`;
    /** @type {Record<string, number>} */
    this.read = storage.read(this.readName) ?? {};
  }

  /** Another tab read on. */
  reload() {
    this.read = this.storage.read(this.readName) ?? {};
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
    this.read = { ...(this.storage.read(this.readName) ?? this.read), [roomId]: seq };
    this.storage.write(this.readName, this.read);
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
    return this.storage.read(this.draftName + roomId) ?? '';
  }

  /** @param {string} roomId @param {string} text */
  setDraft(roomId, text) {
    this.storage.write(this.draftName + roomId, text.trim() ? text : null);
  }

  /** @param {string} roomId */
  forget(roomId) {
    this.storage.write(this.draftName + roomId, null);
    const { [roomId]: _, ...rest } = this.read;
    this.read = rest;
    this.storage.write(this.readName, rest);
  }
}
