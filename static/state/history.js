/** Brings the messages of rooms here: the newest page, older ones, and whatever was missed. */

import { asRequestError } from '../protocol/errors.js';
import { inWords } from './words.js';
import { Timeline } from './timeline.js';

/** @typedef {import('../protocol/types.js').Message} Message */

const PAGE = 50;
/** The most that the server gives at once. */
const FILL_PAGE = 200;

export class History {
  /**
   * @param {object} options
   * @param {Pick<import('../protocol/rest.js').Rest, 'messages'>} options.rest
   * @param {() => void} options.changed
   */
  constructor({ rest, changed }) {
    this.rest = rest;
    this.changed = changed;
    /** @type {Map<string, Timeline>} */
    this.timelines = new Map();
    /** @type {Map<string, string>} by room: why its messages could not be read, in words */
    this.problems = new Map();
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
    this.problems.delete(roomId);
  }

  /** Begins to hold the messages of a room, from its newest page. @param {string} roomId */
  open(roomId) {
    const timeline = this.timelines.get(roomId) ?? new Timeline();
    this.timelines.set(roomId, timeline);
    if (timeline.loaded) return Promise.resolve();
    return this.once(`open ${roomId}`, roomId, async () => {
      timeline.start(await this.rest.messages(roomId, { limit: PAGE }));
      if (timeline.hasGap) void this.fill(roomId);
    });
  }

  /** A page of what was before. @param {string} roomId */
  older(roomId) {
    const timeline = this.timelines.get(roomId);
    if (!timeline?.loaded || timeline.complete) return Promise.resolve();
    return this.once(`older ${roomId}`, roomId, async () => {
      const before = timeline.oldest;
      timeline.prepend(before, await this.rest.messages(roomId, { limit: PAGE, before }));
    });
  }

  /** What is missing up to the newest. @param {string} roomId */
  fill(roomId) {
    const timeline = this.timelines.get(roomId);
    if (!timeline?.loaded) return Promise.resolve();
    return this.once(`fill ${roomId}`, roomId, async () => {
      for (;;) {
        const { last, newest: after } = timeline;
        // The last message held is asked for again with those after it.
        const page = await this.rest.messages(roomId, { limit: FILL_PAGE, after: Math.max(0, after - 1) });
        // Begun afresh meanwhile: the newest page is what counts.
        if (!timeline.loaded || timeline.newest < after) return;
        if (last && page[0]?.id !== last.id) {
          // The store was put back to an older state: what is held is void.
          timeline.clear();
          void this.open(roomId);
          return;
        }
        timeline.append(after, page);
        this.changed();
        if (page.length === FILL_PAGE) continue;
        if (!timeline.hasGap) return;
        // Less than a full page is all there is: what is skipped does not exist.
        timeline.joinUp();
        return;
      }
    });
  }

  /** @param {Message} message came live */
  add(message) {
    const timeline = this.timelines.get(message.room);
    timeline?.add(message);
    if (timeline?.loaded && timeline.hasGap) void this.fill(message.room);
  }

  /** @param {string} roomId */
  isBusy(roomId) {
    return this.running.has(`older ${roomId}`) || this.running.has(`open ${roomId}`);
  }

  /**
   * @param {string} key
   * @param {string} roomId
   * @param {() => Promise<void>} work
   * @returns {Promise<void>} never fails: what goes wrong stands in `problems`
   */
  once(key, roomId, work) {
    const running = this.running.get(key);
    if (running) return running;
    const run = work()
      .then(() => void this.problems.delete(roomId))
      .catch((error) => void this.problems.set(roomId, inWords(asRequestError(error))))
      .finally(() => {
        this.running.delete(key);
        this.changed();
      });
    this.running.set(key, run);
    this.changed();
    return run;
  }
}
