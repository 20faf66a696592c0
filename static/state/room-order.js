/** Rooms in their order, the one with the latest message first, and which of them some words find. */

import { isDirect } from './kinds.js';

/** @typedef {import('../protocol/types.js').Room} Room */
/**
 * @typedef {{direct: Room[], mine: Room[], others: Room[]}} Groups those of two, others that one is in, and the rest
 */
/** @typedef {Pick<import('./rooms.js').Rooms, 'byId' | 'version' | 'shows'>} Source */

/** What was made of all rooms stays good as long as none changes: few do between one look and the next. */
export class RoomOrder {
  constructor() {
    /** @type {{version: number, rooms: Room[]}} all rooms in order, as of a version */
    this.sorted = { version: 0, rooms: [] };
    /** @type {Set<string>} rooms that came, changed or went since */
    this.fresh = new Set();
    /** @type {{of: Room[] | null, words: string, groups: Groups}} the list that was asked for last */
    this.listed = { of: null, words: '', groups: { direct: [], mine: [], others: [] } };
  }

  /** There are others now, all of them new. @param {Iterable<string>} ids */
  beginAnew(ids) {
    this.fresh = new Set(ids);
    this.sorted.rooms = [];
  }

  /** @param {Source} source @returns {Room[]} the same array until a room changes */
  all({ byId, version }) {
    if (this.sorted.version !== version) {
      // Those that did not change are in order already.
      const others = this.sorted.rooms.filter(({ id }) => !this.fresh.has(id));
      const changed = [...this.fresh].flatMap((id) => byId.get(id) ?? []).sort(latestFirst);
      this.sorted = { version, rooms: merged(others, changed) };
      this.fresh.clear();
    }
    return this.sorted.rooms;
  }

  /** @param {Source} source @param {string} words @returns {Groups} */
  list(source, words) {
    const rooms = this.all(source);
    if (this.listed.of !== rooms || this.listed.words !== words) {
      const found = (words.trim() ? rooms.filter(holds(words)) : rooms).filter((room) => source.shows(room));
      /** @type {Groups} */
      const groups = { direct: [], mine: [], others: [] };
      for (const room of found) groups[isDirect(room) ? 'direct' : room.joined ? 'mine' : 'others'].push(room);
      this.listed = { of: rooms, words, groups };
    }
    return this.listed.groups;
  }
}

/** Times are written alike, so they compare as text. @param {Room} a @param {Room} b */
function latestFirst(a, b) {
  const [at, than] = [a.lastMessageAt ?? a.createdAt, b.lastMessageAt ?? b.createdAt];
  if (at !== than) return at < than ? 1 : -1;
  return a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1);
}

/** Two lists that are in order, as one. @param {Room[]} many @param {Room[]} few */
function merged(many, few) {
  const all = [];
  let next = 0;
  for (const room of many) {
    for (let one = few[next]; one && latestFirst(one, room) < 0; one = few[next]) {
      all.push(one);
      next += 1;
    }
    all.push(room);
  }
  return [...all, ...few.slice(next)];
}

/** @param {string} words @returns {(room: Room) => boolean} */
function holds(words) {
  const wanted = words.trim().toLowerCase().split(/\s+/);
  return (room) => {
    const text = `${room.name} ${room.description}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  };
}
