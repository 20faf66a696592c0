/**
 * What this browser keeps, by name, in whatever looks like `localStorage`. What is a user's lies apart, and goes with
 * the log-out.
 */

/** @typedef {Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>} Shelf */

const PREFIX = 'tincan.';
/** Lies among a user's things from log-in to log-out: where it is gone, the user wanted everything to go. */
const HERE = 'here';
/**
 * How all names begin under which content of rooms is kept, which the server has too. It does not outlast a session.
 */
export const KNOWN = 'known';

export class BrowserStorage {
  /**
   * @param {Shelf} shelf
   * @param {string} [prefix] in front of every name
   */
  constructor(shelf, prefix = PREFIX) {
    this.shelf = shelf;
    this.prefix = prefix;
    /** Removed: nothing is written here any more. */
    this.over = false;
  }

  /**
   * What is kept by the client that lies there: below the prefix of a proxy others lie at the same origin.
   * @param {string} home its path, `/` or `/chat/`
   * @param {Shelf} shelf
   */
  static at(home, shelf) {
    return new BrowserStorage(shelf, home === '/' ? PREFIX : `tincan${home}.`);
  }

  /**
   * @param {string} name
   * @returns {any} what was kept; `null` where there is nothing, or nothing that makes sense
   */
  read(name) {
    const text = this.shelf.getItem(this.prefix + name);
    if (text === null) return null;
    try {
      return JSON.parse(text);
    } catch {
      return null;
    }
  }

  /**
   * @param {string} name
   * @param {unknown} value `null` or `undefined` removes it
   * @returns {boolean} false where the browser has no room left, or where everything here was removed
   */
  write(name, value) {
    if (this.over) return false;
    try {
      if (value === null || value === undefined) this.shelf.removeItem(this.prefix + name);
      else this.shelf.setItem(this.prefix + name, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  }

  /**
   * @param {string} start
   * @returns {string[]} names that start so
   */
  names(start) {
    return keysOf(this.shelf, this.prefix + start).map((key) => key.slice(this.prefix.length));
  }

  /**
   * The name under which a `storage` event's key was written here; `null` where it was not.
   * @param {string | null} key
   */
  nameOf(key) {
    return key?.startsWith(this.prefix) ? key.slice(this.prefix.length) : null;
  }

  /**
   * The part for everything of one user, and nothing else. Log-out removes it as a whole, so whatever is kept about a
   * user has to be kept there.
   * @param {string} userId
   */
  of(userId) {
    return new BrowserStorage(this.shelf, `${this.prefix}user.${userId}.`);
  }

  /** The users of whom something is kept here. @returns {string[]} their ids */
  users() {
    return [...new Set(this.names('user.').map((name) => name.split('.')[1] ?? ''))];
  }

  /** Removes everything here. A timer or a page that is being closed may come late, and is to leave nothing behind. */
  removeForGood() {
    this.over = true;
    for (const key of keysOf(this.shelf, this.prefix)) this.shelf.removeItem(key);
  }
}

/** What is kept of a user, in all tabs: brought there, and removed when the user logs out. */
export class Belongings {
  /**
   * @param {object} options
   * @param {BrowserStorage} options.storage of this browser
   * @param {BrowserStorage} options.tabStorage of this tab
   * @param {string} options.userId
   */
  constructor({ storage, tabStorage, userId }) {
    this.ofBrowser = storage.of(userId);
    this.ofTab = tabStorage.of(userId);
    bringOver(storage, tabStorage, userId, this);
    this.ofBrowser.write(HERE, true);
  }

  /** The user logs out: everything goes. */
  remove() {
    this.ofBrowser.removeForGood();
    this.ofTab.removeForGood();
  }

  /**
   * The session is over. In another tab the user may have logged out; else what was written stays for the next log-in.
   */
  sessionOver() {
    if (!this.ofBrowser.read(HERE)) return this.remove();
    for (const name of this.ofBrowser.names(KNOWN)) this.ofBrowser.write(name, null);
  }
}

/**
 * A tab that is restored brings what it kept, also of somebody who has logged out since.
 * @param {BrowserStorage} storage
 * @param {BrowserStorage} tabStorage
 */
export function dropLeftovers(storage, tabStorage) {
  for (const userId of tabStorage.users()) {
    if (!storage.of(userId).read(HERE)) tabStorage.of(userId).removeForGood();
  }
}

/**
 * Where older versions of this client kept things.
 * @param {BrowserStorage} storage @param {BrowserStorage} tabStorage @param {string} userId @param {Belongings} to
 */
function bringOver(storage, tabStorage, userId, to) {
  for (const [old, name] of [['read', 'read'], ['draft', 'draft'], ['outbox', 'outbox'], ['callsSeen', 'callsSeen']]) {
    for (const from of storage.names(`${old}.${userId}`)) {
      const next = name + from.slice(`${old}.${userId}`.length);
      if (to.ofBrowser.read(next) === null) to.ofBrowser.write(next, storage.read(from));
      storage.write(from, null);
    }
  }
  if (tabStorage.read('call')) to.ofTab.write('call', tabStorage.read('call'));
  for (const shelf of [storage, tabStorage]) shelf.write('call', null);
}

/** @param {Shelf} shelf @param {string} start @returns {string[]} keys that start so */
function keysOf(shelf, start) {
  const keys = [];
  for (let index = 0; index < shelf.length; index += 1) {
    const key = shelf.key(index);
    if (key?.startsWith(start)) keys.push(key);
  }
  return keys;
}

/** A shelf in memory: for tests, and where the browser refuses its own. @returns {Shelf} */
export function memoryShelf() {
  /** @type {Map<string, string>} */
  const items = new Map();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, String(value)),
    removeItem: (key) => void items.delete(key),
    key: (index) => [...items.keys()][index] ?? null,
    get length() {
      return items.size;
    },
  };
}
