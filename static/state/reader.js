/** What somebody reads: which room is in view, where it is opened, and how far it was read. */

/** How many messages of a room stay in memory once its end is in view again. */
const KEEP = 200;

export class Reader {
  /**
   * @param {object} options
   * @param {import('./rooms.js').Rooms} options.rooms
   * @param {import('./marks.js').Marks} options.marks
   * @param {import('./reading.js').Reading} options.reading
   * @param {import('./history.js').History} options.history
   * @param {() => void} options.changed
   */
  constructor({ rooms, marks, reading, history, changed }) {
    this.rooms = rooms;
    this.marks = marks;
    this.reading = reading;
    this.history = history;
    this.changed = changed;
    /** @type {string | null} the room in view */
    this.openId = null;
    /** Somebody looks at the end of the open room, as it grows. */
    this.watching = false;
  }

  /** Shows a room from now on; `null` for none. @param {string | null} roomId */
  open(roomId) {
    if (this.openId === roomId) return;
    if (this.openId) this.putAway(this.openId);
    this.openId = roomId;
    this.watching = false;
    if (roomId) this.bring(roomId);
    this.changed();
  }

  /**
   * The room is not looked at any more: its end stays, so that it is there at once the next time.
   * @param {string} roomId
   */
  putAway(roomId) {
    const timeline = this.history.of(roomId);
    if (!timeline?.attached) return this.history.forget(roomId);
    timeline.following = true;
    timeline.trim('oldest', KEEP);
  }

  /** The room is there where one left off: at the first message that was not read. @param {string} roomId */
  bring(roomId) {
    // Before the list of rooms has come, one is taken to be in it.
    const joined = this.rooms.byId.get(roomId)?.joined ?? true;
    const read = joined ? this.marks.read[roomId] : undefined;
    const timeline = this.history.of(roomId);
    const isFresh = !this.history.seeded.has(roomId);
    if (isFresh && read !== undefined && timeline?.loaded && timeline.oldest > read + 1) this.history.forget(roomId);
    void this.history.open(roomId, read);
  }

  /** @param {boolean} watching somebody looks at the end of the open room, as it grows */
  watch(watching) {
    if (this.watching === watching) return;
    this.watching = watching;
    this.changed();
  }

  /** What came to the end that somebody watches is read. */
  readOn() {
    if (this.watching && this.openId) this.saw(this.openId, this.history.of(this.openId)?.newest ?? 0);
  }

  /** Somebody has seen the messages of a room up to this one. @param {string} roomId @param {number} seq */
  saw(roomId, seq) {
    // Of what an earlier visit left, nobody knows yet whether it is still so, and what lies before it.
    if (!this.rooms.fetched || this.history.seeded.has(roomId)) return;
    if (this.rooms.byId.get(roomId)?.joined && this.reading.advance(roomId, seq)) this.changed();
  }

  /** The end of a room is shown, and followed as it grows. @param {string} roomId */
  toNewest(roomId) {
    const timeline = this.history.of(roomId);
    if (timeline) timeline.following = true;
    void this.history.newest(roomId);
    this.changed();
  }
}
