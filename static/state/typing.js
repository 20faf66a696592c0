/** Who is writing, and telling the others that this user is. */

/** Others forget a sign of writing after this. */
const FORGET_MS = 6_000;
const REPEAT_MS = 3_000;

export class Typing {
  /**
   * @param {object} options
   * @param {() => void} options.changed
   * @param {(roomId: string, typing: boolean) => void} options.send
   * @param {() => number} [options.now]
   * @param {{setTimeout: Function, clearTimeout: Function}} [options.timers]
   */
  constructor({ changed, send, now = Date.now, timers = globalThis }) {
    this.changed = changed;
    this.send = send;
    this.now = now;
    this.timers = timers;
    /** @type {Map<string, Map<string, {username: string, timer: any}>>} by room, by user */
    this.rooms = new Map();
    /** @type {{roomId: string, at: number} | null} what this user last told */
    this.told = null;
  }

  /** @param {{roomId: string, userId: string, username: string, typing: boolean}} sign */
  heard({ roomId, userId, username, typing }) {
    const room = this.rooms.get(roomId) ?? new Map();
    this.rooms.set(roomId, room);
    this.timers.clearTimeout(room.get(userId)?.timer);
    if (typing) {
      const timer = this.timers.setTimeout(() => this.forget(roomId, userId), FORGET_MS);
      room.set(userId, { username, timer });
    } else {
      room.delete(userId);
    }
    this.changed();
  }

  /** @param {string} roomId @param {string} userId */
  forget(roomId, userId) {
    const room = this.rooms.get(roomId);
    this.timers.clearTimeout(room?.get(userId)?.timer);
    if (room?.delete(userId)) this.changed();
  }

  /** @param {string} roomId @returns {string[]} names */
  in(roomId) {
    return [...(this.rooms.get(roomId)?.values() ?? [])].map((one) => one.username);
  }

  /**
   * This user changed what stands in the field of a room.
   * @param {string} roomId
   * @param {boolean} writing something stands there
   */
  wrote(roomId, writing) {
    const again = this.told?.roomId === roomId;
    if (writing) {
      if (again && this.told && this.now() - this.told.at < REPEAT_MS) return;
      this.told = { roomId, at: this.now() };
      this.send(roomId, true);
    } else if (again) {
      this.told = null;
      this.send(roomId, false);
    }
  }
}
