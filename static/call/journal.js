/** The history of calls: pages of it, which were missed, and which of those were looked at. */

import { asRequestError } from '../protocol/errors.js';
import { inWords } from '../state/words.js';
import { recordWords } from './reasons.js';

/** @typedef {import('../protocol/types.js').CallRecord} CallRecord */

const PAGE = 50;
const SEEN = 'callsSeen';

export class Journal {
  /**
   * @param {object} options
   * @param {Pick<import('../protocol/rest.js').Rest, 'calls'>} options.rest
   * @param {import('../state/storage.js').BrowserStorage} options.storage the user's own part
   * @param {string} options.me
   * @param {(roomId: string | undefined) => boolean} [options.isGroup] a call there is one of all in the room
   * @param {() => void} options.changed
   */
  constructor({ rest, storage, me, isGroup = Boolean, changed }) {
    this.isGroup = isGroup;
    this.rest = rest;
    this.storage = storage;
    this.me = me;
    this.changed = changed;
    /** @type {string} the newest call that was looked at; ids grow with time */
    this.seen = storage.read(SEEN) ?? '';
    /** @type {CallRecord[]} newest first */
    this.calls = [];
    this.loaded = false;
    this.complete = false;
    this.problem = '';
    this.busy = false;
  }

  /** The newest page again; older ones that are here stay. */
  refresh() {
    return this.load(async () => {
      const page = await this.rest.calls({ limit: PAGE });
      const last = page.at(-1)?.id ?? '';
      const older = page.length === PAGE ? this.calls.filter((call) => call.id < last) : [];
      this.calls = [...page, ...older];
      this.complete = older.length ? this.complete : page.length < PAGE;
      this.loaded = true;
    });
  }

  more() {
    const before = this.calls.at(-1)?.id;
    if (this.complete || !before) return Promise.resolve();
    return this.load(async () => {
      const page = await this.rest.calls({ limit: PAGE, before });
      this.calls = [...this.calls, ...page];
      this.complete = page.length < PAGE;
    });
  }

  /** @param {() => Promise<void>} work */
  async load(work) {
    this.busy = true;
    this.changed();
    try {
      await work();
      this.problem = '';
    } catch (error) {
      this.problem = inWords(asRequestError(error));
    }
    this.busy = false;
    this.changed();
  }

  /** @param {CallRecord} call */
  wordsOf(call) {
    return recordWords(call, this.me, this.isGroup(call.room));
  }

  /** Missed since one last looked. */
  get missed() {
    return this.calls.filter((call) => call.id > this.seen && this.wordsOf(call).kind === 'missed').length;
  }

  /** Somebody looks at the history. */
  look() {
    const newest = this.calls[0]?.id ?? '';
    if (newest <= this.seen) return;
    this.seen = newest;
    this.storage.write(SEEN, newest);
    this.changed();
  }
}
