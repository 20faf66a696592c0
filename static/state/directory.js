/** The directory of accounts: those online first, in pages, found by words; kept true while somebody looks at it. */

import { asRequestError } from '../protocol/errors.js';
import { Store } from './store.js';
import { inWords } from './words.js';

/** @typedef {import('../protocol/types.js').UserEntry} UserEntry */
/**
 * A stretch of the list as it was loaded. A new one takes its place when anything in it changes.
 * @typedef {{after: string | undefined, users: UserEntry[]}} Page
 */

const PAGE = 50;

/**
 * A page whose people are as a later answer about the same stretch has them; the order stays.
 * Who stood in the stretch and is no more in it has come or gone: those online have a stretch of their own.
 * @param {Page} page @param {UserEntry[]} answer @param {boolean} same the answer is about this stretch
 * @returns {Page}
 */
function freshened(page, answer, same) {
  const known = new Map(answer.map((user) => [user.id, user]));
  // Behind the last one found, the answer may just have been full.
  const end = same ? page.users.findLastIndex((user) => known.has(user.id)) : -1;
  const users = page.users.map((user, index) => {
    const online = known.get(user.id)?.online ?? (index < end ? !user.online : user.online);
    return online === user.online ? user : { ...user, online };
  });
  return users.every((user, index) => user === page.users[index]) ? page : { ...page, users };
}

export class Directory extends Store {
  /** @param {{rest: Pick<import('../protocol/rest.js').Rest, 'users'>}} options */
  constructor({ rest }) {
    super();
    this.rest = rest;
    this.words = '';
    /** @type {Page[]} */
    this.pages = [];
    /** @type {string | null} the place from which there are more */
    this.next = null;
    this.loaded = false;
    this.problem = '';
    this.busy = false;
  }

  /** Begins anew, with those of these words. @param {string} words */
  async search(words) {
    this.words = words.trim();
    await this.settle();
  }

  /** The list from its beginning, in the order of now. */
  async settle() {
    await this.ask(undefined, ({ users, next }) => {
      this.pages = [{ after: undefined, users }];
      this.next = next;
      this.loaded = true;
    });
  }

  async more() {
    if (this.busy || this.next === null) return;
    const after = this.next;
    this.busy = true;
    this.changed();
    await this.ask(after, ({ users, next }) => {
      if (this.next !== after) return;
      this.hear(users, null);
      // Who has come or gone meanwhile may stand further up already.
      const here = new Set(this.pages.flatMap((page) => page.users.map((user) => user.id)));
      this.pages = [...this.pages, { after, users: users.filter((user) => !here.has(user.id)) }];
      this.next = next;
    });
    this.busy = false;
    this.changed();
  }

  /** Who of these pages is online now. Nobody changes places. @param {number[]} indexes */
  async refresh(indexes) {
    for (const index of indexes) {
      const page = this.pages[index];
      if (page) await this.ask(page.after, ({ users }) => this.hear(users, page.after));
    }
  }

  /**
   * @param {UserEntry[]} users
   * @param {string | null | undefined} from where their stretch begins; null: it is none of these
   */
  hear(users, from) {
    this.pages = this.pages.map((page) => freshened(page, users, page.after === from));
  }

  /**
   * @param {string | undefined} after
   * @param {(answer: {users: UserEntry[], next: string | null}) => void} use not called when other words were asked for
   *   meanwhile
   */
  async ask(after, use) {
    const { words } = this;
    try {
      const answer = await this.rest.users({ search: words, sort: 'online', limit: PAGE, after });
      if (words !== this.words) return;
      this.problem = '';
      use(answer);
    } catch (error) {
      if (words !== this.words) return;
      this.problem = inWords(asRequestError(error));
    }
    this.changed();
  }
}
