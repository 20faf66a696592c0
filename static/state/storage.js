/** What this browser keeps: JSON values by name, in whatever looks like `localStorage`. */

/** @typedef {Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>} Shelf */
/** @typedef {ReturnType<typeof createStorage>} BrowserStorage */

const PREFIX = 'tincan.';

/**
 * @param {Shelf} shelf
 */
export function createStorage(shelf) {
  return {
    /**
     * @param {string} name
     * @returns {any} what was kept; `null` where there is nothing, or nothing that makes sense
     */
    read(name) {
      const text = shelf.getItem(PREFIX + name);
      if (text === null) return null;
      try {
        return JSON.parse(text);
      } catch {
        return null;
      }
    },

    /**
     * @param {string} name
     * @param {unknown} value `null` or `undefined` removes it
     * @returns {boolean} false where the browser has no room left
     */
    write(name, value) {
      try {
        if (value === null || value === undefined) shelf.removeItem(PREFIX + name);
        else shelf.setItem(PREFIX + name, JSON.stringify(value));
        return true;
      } catch {
        return false;
      }
    },

    /**
     * @param {string} start
     * @returns {string[]} names that start so
     */
    names(start) {
      const names = [];
      for (let index = 0; index < shelf.length; index += 1) {
        const key = shelf.key(index);
        if (key?.startsWith(PREFIX + start)) names.push(key.slice(PREFIX.length));
      }
      return names;
    },

    /**
     * The name under which a `storage` event's key was written here; `null` where it was not.
     * @param {string | null} key
     */
    nameOf: (key) => (key?.startsWith(PREFIX) ? key.slice(PREFIX.length) : null),
  };
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
