/** What this browser keeps: JSON values by name, in whatever looks like `localStorage`. What belongs to a user lies apart. */

/** @typedef {Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>} Shelf */

const PREFIX = 'tincan.';

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
