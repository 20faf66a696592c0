/** Brings the messages of rooms here: where one left off, older and newer ones, the newest, and whatever was missed. */

import { asRequestError } from '../protocol/errors.js';
import { inWords } from './words.js';
import { Timeline } from './timeline.js';

/** @typedef {import('../protocol/types.js').Message} Message */
/** @typedef {{words: string, retry: () => void}} Problem */

const PAGE = 50;
/** A first page has so many messages that were read, for the context, and as many that were not. */
const READ_BEFORE = 50;
/** The most that the server gives at once. */
const FILL_PAGE = 200;

export class History {
  /**
   * @param {object} options
   * @param {Pick<import('../protocol/rest.js').Rest, 'messages'>} options.rest
   * @param {() => void} options.changed
   * @param {(roomId: string) => Message[] | null} [options.seed] what an earlier visit left of a room, where the server
   *   cannot be asked now
   */
  constructor({ rest, changed, seed = () => null }) {
    this.rest = rest;
    this.changed = changed;
    this.seed = seed;
    /** @type {Map<string, Timeline>} */
    this.timelines = new Map();
    /** @type {Map<string, Problem>} by room: why its messages could not be read */
    this.problems = new Map();
    /** @type {Set<string>} rooms of which what an earlier visit left is held, and the server has not been asked yet */
    this.seeded = new Set();
    /** @type {Map<string, Promise<void>>} what is on its way, by what and where */
    this.running = new Map();
  }

  /** @param {string} roomId */
  of(roomId) {
    return this.timelines.get(roomId);
  }

  /** @param {string} roomId */
  forget(roomId) {
    this.timelines.delete(roomId);
    this.confirm(roomId);
  }

  /**
   * What is held of a room is as the server has it, and can be asked for again where that failed.
   * @param {string} roomId
   */
  confirm(roomId) {
    this.seeded.delete(roomId);
    this.problems.delete(roomId);
  }

  /**
   * Begins to hold the messages of a room.
   * @param {string} roomId
   * @param {number} [read] read up to here: the window begins around it. Where that is not known, at the newest.
   * @returns {Promise<void>}
   */
  open(roomId, read) {
    const timeline = this.timelines.get(roomId) ?? new Timeline();
    this.timelines.set(roomId, timeline);
    if (timeline.loaded) return Promise.resolve();
    const left = this.seed(roomId);
    if (left) {
      timeline.start(left);
      this.seeded.add(roomId);
      return Promise.resolve();
    }
    const again = () => void this.open(roomId, read);
    return this.once(`open ${roomId}`, roomId, again, async () => {
      const page = read !== undefined ? await this.pageAround(roomId, read) : await this.newestPage(roomId);
      if (timeline.loaded) return;
      timeline.start(page.messages, page.reachesEnd);
      this.close(roomId, timeline);
    });
  }

  /** The newest page instead of what is held. @param {string} roomId @returns {Promise<void>} */
  newest(roomId) {
    const timeline = this.timelines.get(roomId);
    if (!timeline?.loaded || timeline.attached) return Promise.resolve();
    const again = () => void this.newest(roomId);
    return this.once(`newest ${roomId}`, roomId, again, async () => {
      const page = await this.newestPage(roomId);
      if (!timeline.loaded) return;
      timeline.following = true;
      timeline.start(page.messages);
      this.close(roomId, timeline);
    });
  }

  /** A page of what was before. @param {string} roomId @returns {Promise<void>} */
  older(roomId) {
    const timeline = this.timelines.get(roomId);
    if (!timeline?.loaded || timeline.complete) return Promise.resolve();
    const again = () => void this.older(roomId);
    return this.once(`older ${roomId}`, roomId, again, async () => {
      const { oldest: before, generation } = timeline;
      const page = await this.rest.messages(roomId, { limit: PAGE, before });
      if (generation === timeline.generation) timeline.prepend(before, page);
    });
  }

  /**
   * A page of what comes after, where the window ends before the room does.
   * @param {string} roomId
   * @returns {Promise<void>}
   */
  newer(roomId) {
    const timeline = this.timelines.get(roomId);
    if (!timeline?.loaded || timeline.attached) return Promise.resolve();
    const again = () => void this.newer(roomId);
    return this.once(`newer ${roomId}`, roomId, again, async () => {
      const { newest: after, generation } = timeline;
      const page = await this.rest.messages(roomId, { limit: PAGE, after });
      if (generation !== timeline.generation) return;
      timeline.append(after, page, { reachesEnd: page.length < PAGE, dropping: 'oldest' });
      this.close(roomId, timeline);
    });
  }

  /** What is missing up to the end, where the window ends there. @param {string} roomId @returns {Promise<void>} */
  fill(roomId) {
    const timeline = this.timelines.get(roomId);
    if (!timeline?.loaded || !timeline.attached) return Promise.resolve();
    const again = () => void this.fill(roomId);
    return this.once(`fill ${roomId}`, roomId, again, () => this.fillUp(roomId, timeline));
  }

  /** @param {string} roomId @param {Timeline} timeline */
  async fillUp(roomId, timeline) {
    for (;;) {
      const { last, newest: after, generation } = timeline;
      // The last message held is asked for again with those after it.
      const page = await this.rest.messages(roomId, { limit: FILL_PAGE, after: Math.max(0, after - 1) });
      // Begun afresh, or cut off from the end meanwhile.
      if (generation !== timeline.generation || timeline.newest < after) return;
      if (last && page[0]?.id !== last.id) {
        // The store was put back to an older state: what is held is void.
        timeline.clear();
        void this.open(roomId);
        return;
      }
      timeline.append(after, page);
      this.changed();
      if (!timeline.attached) return;
      if (page.length === FILL_PAGE) continue;
      // Less than a full page is all there is: what is skipped does not exist.
      if (timeline.hasGap) timeline.joinUp();
      return;
    }
  }

  /** @param {Message} message came live */
  add(message) {
    const timeline = this.timelines.get(message.room);
    if (!timeline) return;
    timeline.add(message);
    this.close(message.room, timeline);
  }

  /** The room goes on up to this number, as the server says. @param {string} roomId @param {number} seq */
  knowEnd(roomId, seq) {
    const timeline = this.timelines.get(roomId);
    if (!timeline) return;
    timeline.knowEnd(seq);
    this.close(roomId, timeline);
  }

  /** Fetches what is known to be missing. @param {string} roomId @param {Timeline} timeline */
  close(roomId, timeline) {
    if (timeline.loaded && timeline.hasGap) void this.fill(roomId);
  }

  /** A page is on its way. @param {string} roomId @param {'open' | 'newest' | 'older' | 'newer'} what */
  isBusy(roomId, what) {
    return this.running.has(`${what} ${roomId}`);
  }

  /** @param {string} roomId */
  async newestPage(roomId) {
    return { messages: await this.rest.messages(roomId, { limit: PAGE }), reachesEnd: true };
  }

  /** Messages on both sides of the last one that was read. @param {string} roomId @param {number} read */
  async pageAround(roomId, read) {
    const limit = READ_BEFORE + PAGE;
    const messages = await this.rest.messages(roomId, { limit, after: Math.max(0, read - READ_BEFORE) });
    // Nothing there: what was read is of a store that has been put back to an older state.
    if (messages.length === 0 && read > 0) return this.newestPage(roomId);
    return { messages, reachesEnd: messages.length < limit };
  }

  /**
   * @param {string} key
   * @param {string} roomId
   * @param {() => void} retry does the same again
   * @param {() => Promise<void>} work
   * @returns {Promise<void>} never fails: what goes wrong stands in `problems`
   */
  once(key, roomId, retry, work) {
    const running = this.running.get(key);
    if (running) return running;
    const run = work()
      .then(() => void this.problems.delete(roomId))
      .catch((error) => void this.problems.set(roomId, { words: inWords(asRequestError(error)), retry }))
      .finally(() => {
        this.running.delete(key);
        this.changed();
      });
    this.running.set(key, run);
    this.changed();
    return run;
  }
}
