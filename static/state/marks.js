/** What this browser remembers of each room: how far it was read, what was being written, and what is told of it. */

/** @typedef {'all' | 'mentions' | 'nothing'} Choice */
/** @typedef {'messages' | 'rings'} Kind */

/** @type {Choice[]} */
export const CHOICES = ['all', 'mentions', 'nothing'];

/** More than this the server does not count, of what is unread and of calls by name. */
export const MOST_COUNTED = 999;

const READ = 'read';
const DRAFT = 'draft.';
const SOUNDS = 'sounds.';
const SOUNDS_OFF = 'soundsOff';
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
    /**
     * @type {Map<string, {seq: number, back: boolean}>} what has moved and is not kept yet; `back`: to a lower number,
     *   on purpose
     */
    this.moved = new Map();
    this.resting = false;
  }

  /** Another tab read on. What has moved here meanwhile is on top of it. */
  reload() {
    this.read = this.merged();
    this.version += 1;
  }

  /**
   * What the server says was read, on whatever device, was. Where it says nothing, a room that this browser has not
   * seen counts as read: what was written before is no news.
   * @param {import('../protocol/types.js').Room} room
   */
  meet(room) {
    const read = this.read[room.id];
    const told = room.joined ? room.readSeq : undefined;
    if (told !== undefined && (read === undefined || read < told)) this.move(room.id, told, false);
    else if (read === undefined) this.move(room.id, room.lastSeq, false);
    // A number beyond the end was of a store that has been put back to an older state.
    else if (read > room.lastSeq) this.move(room.id, room.lastSeq, true);
  }

  /**
   * @param {string} roomId
   * @param {number} seq read up to here, or further already
   * @returns {boolean} whether that is news
   */
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
    const after = Math.max(0, room.lastSeq - (this.read[room.id] ?? room.lastSeq));
    // Numbers that were skipped are no messages, which only the server knows; and it counts no further than this.
    const counts = room.unread !== undefined && room.unread < MOST_COUNTED;
    return counts ? Math.min(after, room.unread ?? after) : after;
  }

  /**
   * Of what is unread, what names the user; 0 where the server does not count it.
   * @param {import('../protocol/types.js').Room} room
   */
  mentions(room) {
    return Math.min(this.unread(room), room.mentions ?? 0);
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

/**
 * What a user wants to be told of: for each room, and which sounds at all. Kept in this browser, for all of its tabs.
 */
export class Sounds {
  /**
   * Reads what is kept each time: another tab may have changed it.
   * @param {object} options
   * @param {import('./storage.js').BrowserStorage} options.storage the user's own part
   */
  constructor({ storage }) {
    this.storage = storage;
    /**
     * @type {Set<string> | null} rooms of which nothing is told, as they were read last: a long list asks for each room
     */
    this.silent = null;
  }

  /** @param {string} roomId @returns {Choice} */
  of(roomId) {
    const choice = this.storage.read(SOUNDS + roomId);
    return CHOICES.includes(choice) ? choice : 'all';
  }

  /** @param {string} roomId @param {Choice} choice */
  choose(roomId, choice) {
    this.storage.write(SOUNDS + roomId, choice === 'all' ? null : choice);
    this.reload();
  }

  /** @param {string} roomId */
  forget(roomId) {
    this.storage.write(SOUNDS + roomId, null);
    this.reload();
  }

  /** Nothing of this room makes a sound. @param {string} roomId */
  isSilent(roomId) {
    const rooms = () => this.storage.names(SOUNDS).map((name) => name.slice(SOUNDS.length));
    this.silent ??= new Set(rooms().filter((id) => this.of(id) === 'nothing'));
    return this.silent.has(roomId);
  }

  /** What is kept has changed, here or in another tab. */
  reload() {
    this.silent = null;
  }

  /**
   * Whether a message of a room is told to somebody who does not look at it.
   * @param {string} roomId
   * @param {() => boolean} mentioned asked only where it counts
   */
  tellsOf(roomId, mentioned) {
    const choice = this.of(roomId);
    return choice === 'all' || (choice === 'mentions' && mentioned());
  }

  /** Whether a call may call for attention; one to a single person may always. @param {string} [roomId] */
  tellsOfCall(roomId) {
    return !roomId || this.of(roomId) !== 'nothing';
  }

  /** @param {Kind} kind */
  isOn(kind) {
    return !this.storage.read(SOUNDS_OFF)?.includes?.(kind);
  }

  /** @param {Kind} kind @param {boolean} on */
  turn(kind, on) {
    /** @type {Kind[]} */
    const kinds = ['messages', 'rings'];
    const off = kinds.filter((one) => (one === kind ? !on : !this.isOn(one)));
    this.storage.write(SOUNDS_OFF, off.length ? off : null);
  }
}
