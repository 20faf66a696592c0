/** The accounts as an administrator sees them: found by words, in pages, changed one at a time. */

import { asRequestError } from '../protocol/errors.js';
import { Store } from './store.js';
import { inWords } from './words.js';

/** @typedef {import('../protocol/types.js').Account} Account */

const PAGE = 50;

export class Accounts extends Store {
  /**
   * @param {{rest: Pick<import('../protocol/rest.js').Rest, 'accounts' | 'changeAccount' | 'removeAccount'>}} options
   */
  constructor({ rest }) {
    super();
    this.rest = rest;
    this.words = '';
    /** @type {Account[]} by name */
    this.list = [];
    /** @type {string | null} the place from which there are more */
    this.next = null;
    this.loaded = false;
    this.busy = false;
    this.problem = '';
  }

  /** Begins anew, with those of these words. @param {string} words */
  search(words) {
    this.words = words.trim();
    return this.ask(undefined, ({ accounts }) => {
      this.list = accounts;
      this.loaded = true;
    });
  }

  more() {
    if (this.next === null || this.busy) return Promise.resolve();
    return this.ask(this.next, ({ accounts }) => {
      const here = new Set(this.list.map((one) => one.id));
      this.list = [...this.list, ...accounts.filter((one) => !here.has(one.id))];
    });
  }

  /**
   * @param {string | undefined} after
   * @param {(page: {accounts: Account[]}) => void} use not called when other words were asked for meanwhile
   */
  async ask(after, use) {
    const { words } = this;
    this.busy = true;
    this.changed();
    try {
      const page = await this.rest.accounts({ search: words, limit: PAGE, after });
      if (words !== this.words) return;
      use(page);
      this.next = page.next;
      this.problem = '';
    } catch (error) {
      if (words === this.words) this.problem = inWords(asRequestError(error));
    } finally {
      if (words === this.words) this.busy = false;
      this.changed();
    }
  }

  /** @param {string} id @param {{role?: import('../protocol/types.js').Role, disabled?: boolean}} change */
  async change(id, change) {
    const account = await this.rest.changeAccount(id, change);
    this.list = this.list.map((one) => (one.id === id ? account : one));
    this.changed();
  }

  /** @param {string} id */
  async remove(id) {
    await this.rest.removeAccount(id);
    this.list = this.list.filter((one) => one.id !== id);
    this.changed();
  }
}
