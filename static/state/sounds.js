/** What a user wants to be told of: for each room, and which sounds at all. Kept in this browser, for all of its tabs. */

/** @typedef {'all' | 'mentions' | 'nothing'} Choice */
/** @typedef {'messages' | 'rings'} Kind */

/** @type {Choice[]} */
export const CHOICES = ['all', 'mentions', 'nothing'];

const ROOM = 'sounds.';
const OFF = 'soundsOff';

export class Sounds {
  /**
   * Reads what is kept each time: another tab may have changed it.
   * @param {object} options
   * @param {import('./storage.js').BrowserStorage} options.storage the user's own part
   */
  constructor({ storage }) {
    this.storage = storage;
  }

  /** @param {string} roomId @returns {Choice} */
  of(roomId) {
    const choice = this.storage.read(ROOM + roomId);
    return CHOICES.includes(choice) ? choice : 'all';
  }

  /** @param {string} roomId @param {Choice} choice */
  choose(roomId, choice) {
    this.storage.write(ROOM + roomId, choice === 'all' ? null : choice);
  }

  /** @param {string} roomId */
  forget(roomId) {
    this.storage.write(ROOM + roomId, null);
  }

  /** Whether a message of a room is told to somebody who does not look at it. @param {string} roomId @param {() => boolean} mentioned asked only where it counts */
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
    return !this.storage.read(OFF)?.includes?.(kind);
  }

  /** @param {Kind} kind @param {boolean} on */
  turn(kind, on) {
    /** @type {Kind[]} */
    const kinds = ['messages', 'rings'];
    const off = kinds.filter((one) => (one === kind ? !on : !this.isOn(one)));
    this.storage.write(OFF, off.length ? off : null);
  }
}
