/**
 * What this browser keeps of the rooms, so that the page opens with it where the server is slow or away. Within a
 * bound.
 */

import { isDirect } from './kinds.js';
import { KNOWN } from './storage.js';

/** @typedef {import('../protocol/types.js').Room} Room */
/** @typedef {import('../protocol/types.js').Message} Message */
/**
 * @typedef {{looked: number, size: number}} Page when its room was looked at last, in milliseconds since 1970; its
 *   length as text
 */
/** @typedef {{version: number, at: number, rooms: Room[], pages: Record<string, Page>}} Index */

/** Of the shape in which things are kept. What has another is passed over. */
const VERSION = 1;
const SAVE_MS = 5_000;
/** Each room's messages are an entry of their own: what did not change is not written again. */
const PAGE = `${KNOWN}.`;
const MOST_ROOMS_WITH_MESSAGES = 20;
const MOST_MESSAGES = 50;
/** Most characters of all that is kept: 1 MB, as a browser may need two bytes for each. */
export const BOUND = 500_000;
const ROOMS_BOUND = BOUND * 0.4;
const PAGES_BOUND = BOUND * 0.5;
/** Of one room: long messages of it do not push out all others. */
const PAGE_BOUND = PAGES_BOUND / 3;
/** The list shows one line of the last message. */
const PREVIEW = 200;

export class Known {
  /**
   * @param {object} options
   * @param {import('./storage.js').BrowserStorage} options.storage the user's own part
   * @param {() => number} [options.now]
   * @param {{setTimeout: Function, clearTimeout: Function}} [options.timers]
   */
  constructor({ storage, now = Date.now, timers = globalThis }) {
    this.storage = storage;
    this.now = now;
    this.timers = timers;
    const index = readIndex(storage);
    /** @type {Room[]} as they were when the page was opened */
    this.rooms = index?.rooms ?? [];
    /** What is known was true then, in milliseconds since 1970; 0 where nothing is known. */
    this.at = index?.at ?? 0;
    /** @type {Map<string, number>} rooms looked at in this tab, and when */
    this.looks = new Map();
    /** @type {Map<string, string>} by room: first and last of the messages that this tab wrote last */
    this.written = new Map();
    /** @type {any} */
    this.timer = undefined;
  }

  /** The messages kept of a room, oldest first. @param {string} roomId @returns {Message[] | null} */
  page(roomId) {
    const kept = readIndex(this.storage)?.pages[roomId] ? this.storage.read(PAGE + roomId) : null;
    return isPage(kept) ? kept.map((message) => ({ ...message, _id: message.id, room: roomId })) : null;
  }

  /** @param {string} roomId */
  look(roomId) {
    this.looks.set(roomId, this.now());
  }

  /** Something changed: it is saved soon, together with what changes until then. @param {() => void} save */
  soon(save) {
    if (this.timer !== undefined) return;
    this.timer = this.timers.setTimeout(() => {
      this.timer = undefined;
      save();
    }, SAVE_MS);
  }

  /** Nothing is saved any more by itself. */
  stop() {
    this.timers.clearTimeout(this.timer);
    this.timer = undefined;
  }

  /**
   * @param {Map<string, Room>} rooms all there are
   * @param {(roomId: string) => import('./timeline.js').Timeline | undefined} timelineOf
   */
  save(rooms, timelineOf) {
    const before = readIndex(this.storage);
    // Another tab heard from the server later than this one.
    if (before && before.at > this.at) return;
    /** @type {Record<string, Page>} */
    const pages = {};
    let left = PAGES_BOUND;
    for (const [roomId, looked] of this.lastLooked(before, rooms)) {
      const size = this.savePage(roomId, timelineOf(roomId), before?.pages[roomId]?.size ?? 0, left);
      if (size === 0) continue;
      pages[roomId] = { looked, size };
      left -= size;
    }
    for (const name of this.storage.names(PAGE)) {
      if (!pages[name.slice(PAGE.length)]) this.drop(name.slice(PAGE.length));
    }
    this.storage.write(KNOWN, { version: VERSION, at: this.at, rooms: roomsToKeep([...rooms.values()]), pages });
  }

  /**
   * Rooms that are still there, the one looked at last first, in whichever tab that was.
   * @param {Index | null} before @param {Map<string, Room>} rooms
   */
  lastLooked(before, rooms) {
    const looks = new Map(Object.entries(before?.pages ?? {}).map(([roomId, { looked }]) => [roomId, looked]));
    for (const [roomId, looked] of this.looks) looks.set(roomId, Math.max(looked, looks.get(roomId) ?? 0));
    const there = [...looks].filter(([roomId]) => rooms.has(roomId));
    return there.sort((a, b) => b[1] - a[1]).slice(0, MOST_ROOMS_WITH_MESSAGES);
  }

  /**
   * @param {string} roomId
   * @param {import('./timeline.js').Timeline | undefined} timeline
   * @param {number} before the size of what is kept already
   * @param {number} left so much may be kept
   * @returns {number} the size of what is kept now; 0 for nothing
   */
  savePage(roomId, timeline, before, left) {
    // Far from the end one reads what is old; the newest that was known is worth more, where there is any.
    const isWorth = timeline?.loaded && (timeline.attached || before === 0);
    const stays = before <= left ? before : 0;
    if (!isWorth) return stays;
    const page = messagesToKeep(timeline.messages, Math.min(left, PAGE_BOUND));
    const ends = `${page[0]?.id} ${page.at(-1)?.id}`;
    if (stays && this.written.get(roomId) === ends) return stays;
    const tooLong = page.length === 0 && timeline.messages.length > 0;
    if (tooLong || !this.storage.write(PAGE + roomId, page)) return 0;
    this.written.set(roomId, ends);
    return JSON.stringify(page).length;
  }

  /** @param {string} roomId */
  drop(roomId) {
    this.written.delete(roomId);
    this.storage.write(PAGE + roomId, null);
  }
}

/** @param {import('./storage.js').BrowserStorage} storage @returns {Index | null} */
function readIndex(storage) {
  const index = storage.read(KNOWN);
  const fits = index?.version === VERSION && index.at > 0 && Array.isArray(index.rooms) && index.pages;
  return fits &&
    index.rooms.every((/** @type {any} */ room) => typeof room?.id === 'string' && typeof room.name === 'string')
    ? index
    : null;
}

/** @param {any} page @returns {page is Message[]} */
function isPage(page) {
  return Array.isArray(page) && page.every((message) => message?.seq > 0 && typeof message.content === 'string');
}

/**
 * Rooms as they are shown in the list: one's own first where there are too many. Calls are over by then, as far as
 * anybody can tell.
 * @param {Room[]} rooms
 */
function roomsToKeep(rooms) {
  const when = (/** @type {Room} */ room) => room.lastMessageAt ?? room.createdAt;
  const order = rooms.sort(
    (a, b) => Number(b.joined ?? false) - Number(a.joined ?? false) || when(b).localeCompare(when(a)),
  );
  return asMuchAs(ROOMS_BOUND, order, (room) => {
    const last = room.lastMessage;
    // Of two, the other is who the room is about.
    const participants = isDirect(room) ? room.participants : [];
    return {
      ...room,
      participants,
      call: null,
      lastMessage: last && { ...last, content: last.content.slice(0, PREVIEW) },
    };
  });
}

/**
 * The newest messages, without what can be told from where they lie.
 * @param {Message[]} messages
 * @param {number} bound
 */
function messagesToKeep(messages, bound) {
  const newestFirst = messages.slice(-MOST_MESSAGES).reverse();
  return asMuchAs(bound, newestFirst, ({ _id, room, clientId, ...message }) => message).reverse();
}

/**
 * The first of the items, as many as fit into so many characters of JSON.
 * @template T, U
 * @param {number} bound @param {T[]} items @param {(item: T) => U} pack
 * @returns {U[]}
 */
function asMuchAs(bound, items, pack) {
  const kept = [];
  let left = bound - 2;
  for (const item of items) {
    const packed = pack(item);
    left -= JSON.stringify(packed).length + 1;
    if (left < 0) break;
    kept.push(packed);
  }
  return kept;
}
