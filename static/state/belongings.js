/** What this browser keeps of a user, in all tabs: brought there, and removed when the user logs out. */

/** @typedef {import('./storage.js').BrowserStorage} BrowserStorage */

/** Lies among a user's things from log-in to log-out: where it is gone, the user wanted everything to go. */
const HERE = 'here';
/** How all names begin under which content of rooms is kept, which the server has too. It does not outlast a session. */
export const KNOWN = 'known';

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

  /** The session is over. In another tab the user may have logged out; else what was written stays for the next log-in. */
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
