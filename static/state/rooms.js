/** The list of rooms, as events change it. Pure: what it holds depends on what it was told, in that order. */

import { countedFrom, countedWith } from './counting.js';
import { isDirect, isOpen, otherOf } from './kinds.js';
import { RoomOrder } from './room-order.js';
import { RoomPeople } from './room-people.js';

/** @typedef {import('../protocol/types.js').Room} Room */
/** @typedef {import('../protocol/types.js').Participant} Participant */
/** @typedef {{event: string, payload: any}} RoomEvent */

/** Events that say something about rooms. */
export const ROOM_EVENTS = [
  'room-created',
  'room-updated',
  'room-deleted',
  'room-call',
  'room-participants',
  'user-joined',
  'user-left',
  'new-message',
  'room-read',
  'room-unread',
];

export class Rooms {
  /** @param {string} userId the one who looks */
  constructor(userId) {
    this.userId = userId;
    /** @type {Map<string, Room>} */
    this.byId = new Map();
    this.people = new RoomPeople();
    /** There are rooms to show, be it those of an earlier visit. */
    this.loaded = false;
    /** The server has said which there are. */
    this.fetched = false;
    /** @type {RoomEvent[] | null} what came while the list is being fetched */
    this.meanwhile = null;
    /** Grows whenever a room changes: what was made of all rooms stays good as long as this is the same. */
    this.version = 0;
    this.order = new RoomOrder();
    /** @type {Set<string>} rooms of two that were opened here: they show before anything is said */
    this.opened = new Set();
  }

  /** The rooms of an earlier visit, until the server says which there are. @param {Room[]} rooms */
  restore(rooms) {
    if (this.fetched || rooms.length === 0) return;
    for (const room of rooms) this.put(room);
    this.loaded = true;
  }

  /** A list is being fetched: events from here on are newer than it may be. */
  beginFetch() {
    this.meanwhile = [];
  }

  /**
   * The list that was fetched, with the events that came meanwhile on top.
   * @param {Room[]} rooms
   */
  finishFetch(rooms) {
    const later = this.meanwhile ?? [];
    this.meanwhile = null;
    this.byId = new Map(rooms.map((room) => [room.id, room]));
    this.order.beginAnew(this.byId.keys());
    this.version += 1;
    this.people.keep((id) => Boolean(this.byId.get(id)?.joined));
    this.loaded = true;
    this.fetched = true;
    for (const { event, payload } of later) this.change(event, payload);
  }

  /**
   * @param {string} event
   * @param {any} payload
   */
  apply(event, payload) {
    this.meanwhile?.push({ event, payload });
    this.change(event, payload);
  }

  /** @param {string} event @param {any} payload */
  change(event, payload) {
    switch (event) {
      case 'room-created':
      case 'room-updated':
        return this.put(payload);
      case 'room-deleted':
        return this.remove(payload.roomId);
      case 'room-call':
        return this.alter(payload.roomId, { call: payload.call });
      case 'room-participants':
        return this.setPeople(payload.roomId, payload.participants);
      case 'user-joined':
        return this.arrive(payload);
      case 'user-left':
        return this.depart(payload);
      case 'new-message':
        return this.message(payload);
      case 'room-read':
        return this.read(payload);
      case 'room-unread':
        return this.unread(payload);
    }
  }

  /**
   * A room as the server sees it now. An event to everyone does not say whether this user is in it, nor what was read,
   * and does not take back a message that is newer. Who hears of a room that is not open is in it.
   * @param {Room} room
   */
  put(room) {
    const known = this.byId.get(room.id);
    const joined = isOpen(room) ? (room.joined ?? known?.joined ?? false) : true;
    const newer = known && known.lastSeq > room.lastSeq;
    const last = newer
      ? { lastSeq: known.lastSeq, lastMessage: known.lastMessage, lastMessageAt: known.lastMessageAt }
      : {};
    const keeps = known?.joined && joined && known.readSeq !== undefined && (newer || room.readSeq === undefined);
    const { readSeq, unread, mentions } = keeps ? known : room;
    this.set({ ...room, ...last, joined, ...(readSeq === undefined ? {} : { readSeq, unread, mentions }) });
  }

  /** @param {Room} room */
  set(room) {
    this.byId.set(room.id, room);
    this.order.fresh.add(room.id);
    this.version += 1;
  }

  /** @param {string} id */
  remove(id) {
    this.byId.delete(id);
    this.people.forget(id);
    this.order.fresh.add(id);
    this.version += 1;
  }

  /** @param {string} id @param {boolean} joined */
  setJoined(id, joined) {
    this.alter(id, { joined });
    if (!joined) this.people.forget(id);
  }

  /** @param {string} id @param {Participant[]} participants */
  setPeople(id, participants) {
    this.alter(id, this.people.set(id, participants));
  }

  /** @param {{roomId: string, userId: string, username: string, socketId: string}} who */
  arrive({ roomId, userId, username, socketId }) {
    this.alter(roomId, this.people.put(roomId, { userId, username, online: true, socketIds: [socketId] }));
  }

  /** @param {{roomId: string, userId: string, username: string, reason: string}} who */
  depart({ roomId, userId, username, reason }) {
    const gone = { userId, username, online: false, socketIds: [] };
    this.alter(roomId, reason === 'left' ? this.people.remove(roomId, userId) : this.people.put(roomId, gone));
  }

  /** @param {import('../protocol/types.js').Message} message */
  message(message) {
    const room = this.byId.get(message.room);
    if (!room || message.seq <= room.lastSeq) return;
    const last = { lastSeq: message.seq, lastMessage: message, lastMessageAt: message.timestamp };
    this.alter(message.room, { ...last, ...countedWith(message, room, this.userId) });
  }

  /** The server says what is unread. @param {{roomId: string} & import('../protocol/types.js').Reading} told */
  read({ roomId, readSeq, unread, mentions }) {
    const room = this.byId.get(roomId);
    if (room && readSeq >= (room.readSeq ?? 0)) this.alter(roomId, { readSeq, unread, mentions });
  }

  /** Something was said in a room of this user's that this tab does not follow. @param {any} told */
  unread({ roomId, lastSeq, lastMessage, unread, mentions }) {
    const room = this.byId.get(roomId);
    if (!room) return;
    const isNews = lastMessage && lastSeq > room.lastSeq;
    const last = isNews ? { lastSeq, lastMessage, lastMessageAt: lastMessage.timestamp } : {};
    this.alter(roomId, { ...last, joined: true, unread, mentions });
  }

  /**
   * Read up to here, in this tab: what is left is known for sure once the server has said it.
   * @param {string} id
   * @param {number} seq
   */
  readTo(id, seq) {
    const room = this.byId.get(id);
    if (room) this.alter(id, countedFrom(seq, room));
  }

  /** Whether the other of a room of two is there, as far as this tab can tell. @param {Room} room */
  otherIsOnline(room) {
    const other = otherOf(room, this.userId);
    return Boolean(other && (this.people.isOnline(room.id, other.id) ?? room.onlineCount > 1));
  }

  /** @param {string} id */
  isDirect(id) {
    return isDirect(this.byId.get(id));
  }

  /** The room with one other, where there is one. @param {string} userId */
  directWith(userId) {
    return [...this.byId.values()].find((room) => otherOf(room, this.userId)?.id === userId);
  }

  /** A room of two shows from now on, also where nothing was said in it. @param {string} id */
  show(id) {
    if (this.opened.has(id) || !isDirect(this.byId.get(id))) return;
    this.opened.add(id);
    this.order.fresh.add(id);
    this.version += 1;
  }

  /** One that nobody has written in is there for whoever opened it. @param {Room} room */
  shows(room) {
    return !isDirect(room) || room.lastSeq > 0 || room.createdBy?.id === this.userId || this.opened.has(room.id);
  }

  /** A room that stays as it was also stays the same object. @param {string} id @param {Partial<Room>} part */
  alter(id, part) {
    const room = this.byId.get(id);
    if (!room) return;
    const same = Object.entries(part).every(([name, value]) => room[/** @type {keyof Room} */ (name)] === value);
    if (!same) this.set({ ...room, ...part });
  }

  /** All rooms, the one with the latest message first. @returns {Room[]} the same array until a room changes */
  inOrder() {
    return this.order.all(this);
  }

  /**
   * Rooms whose name or description holds the words, the one with the latest message first.
   * @param {string} [words]
   * @returns {import('./room-order.js').Groups} the same until a room or the words change
   */
  list(words = '') {
    return this.order.list(this, words);
  }
}
