/**
 * Brings this tab up to date with the server: all rooms after each connect, one room as it is joined or looked into.
 */

import { asRequestError, insist } from '../protocol/errors.js';
import { WINDOW } from './timeline.js';

/** @typedef {import('../protocol/types.js').JoinReply} JoinReply */
/** @typedef {import('../protocol/types.js').Room} Room */

export class Sync {
  /**
   * @param {object} options
   * @param {import('../protocol/rest.js').Rest} options.rest
   * @param {import('../protocol/connection.js').Connection} options.connection
   * @param {import('./rooms.js').Rooms} options.rooms
   * @param {import('./marks.js').Marks} options.marks
   * @param {import('./reading.js').Reading} options.reading
   * @param {import('./history.js').History} options.history
   * @param {import('./reader.js').Reader} options.reader
   * @param {() => void} options.changed
   * @param {(roomId: string) => void} options.caughtUp a room is live now
   * @param {(roomId: string) => void} options.gone a room is not there any more
   * @param {(ms: number) => Promise<void>} options.wait
   */
  constructor({ rest, connection, rooms, marks, reading, history, reader, changed, caughtUp, gone, wait }) {
    this.rest = rest;
    this.connection = connection;
    this.rooms = rooms;
    this.marks = marks;
    this.reading = reading;
    this.history = history;
    this.reader = reader;
    this.changed = changed;
    this.caughtUp = caughtUp;
    this.gone = gone;
    this.wait = wait;
    /** @type {Set<string>} rooms that this connection is in and has caught up with */
    this.live = new Set();
    /** @type {Set<string>} rooms of this user that are one too many for this connection: no event tells of them */
    this.beyond = new Set();
    /** @type {Set<string>} rooms that are being followed */
    this.coming = new Set();
    /** The list of rooms was fetched on this connection, and events tell of whatever changes. */
    this.isCurrent = false;
    /** Grows with each change of the connection: an answer that was asked for before is void. */
    this.round = 0;
  }

  /** The connection is another one, or none: what is on its way for the one before is void. */
  interrupt() {
    this.round += 1;
    this.live.clear();
    this.beyond.clear();
    this.isCurrent = false;
  }

  /** After each connect: the list of rooms, then all joined ones with what was missed, then what waits to be sent. */
  async start() {
    const { round } = this;
    this.rooms.beginFetch();
    const rooms = await this.insist(round, () => this.rest.rooms()).catch(() => undefined);
    if (!rooms) return;
    const before = [...this.rooms.byId.keys()];
    this.rooms.finishFetch(rooms);
    this.isCurrent = true;
    for (const roomId of before) if (!this.rooms.byId.has(roomId)) this.gone(roomId);
    this.reading.meet(rooms);
    this.changed();
    await Promise.all(this.inOrder(rooms.filter((room) => room.joined)).map((room) => this.comeInto(round, room.id)));
    const open = this.reader.openId;
    if (open && this.rooms.byId.has(open) && !this.live.has(open)) await this.lookOn(open);
  }

  /**
   * The room in view comes first, then those where something was said last: a connection is in so many rooms at most.
   * @param {Room[]} rooms
   */
  inOrder(rooms) {
    const rank = (/** @type {Room} */ room) => (room.id === this.reader.openId ? '~' : (room.lastMessageAt ?? ''));
    return [...rooms].sort((a, b) => (rank(a) < rank(b) ? 1 : rank(a) > rank(b) ? -1 : 0));
  }

  /** A room of this user's, on a new connection. @param {number} round @param {string} roomId */
  async comeInto(round, roomId) {
    try {
      await this.insist(round, () => this.enter(roomId));
    } catch (thrown) {
      // Any other refusal: it is gone, of which an event tells, or the connection is, whose return begins anew.
      if (round !== this.round || asRequestError(thrown).code !== 'limit_reached') return;
      this.beyond.add(roomId);
      this.changed();
    }
  }

  /** A room that this user is in by other hands, or on another device. @param {string} roomId */
  follow(roomId) {
    if (!this.isCurrent || this.live.has(roomId) || this.beyond.has(roomId) || this.coming.has(roomId)) return;
    this.coming.add(roomId);
    void this.comeInto(this.round, roomId).finally(() => this.coming.delete(roomId));
  }

  /** Out of a room: one that was too many has its place. @param {string} roomId */
  leave(roomId) {
    this.beyond.delete(roomId);
    const [next] = this.live.delete(roomId) ? this.beyond : [];
    if (next) void this.comeInto(this.round, next);
  }

  /**
   * @template T
   * @param {number} round
   * @param {() => Promise<T>} work
   * @returns {Promise<T | undefined>} `undefined` where the connection is another one meanwhile
   */
  async insist(round, work) {
    const result = await insist(work, { wait: this.wait, goesOn: () => round === this.round });
    return round === this.round ? result : undefined;
  }

  /** Joins a room on this connection and catches up with it. @param {string} roomId */
  async enter(roomId) {
    const { round } = this;
    const end = this.rooms.byId.get(roomId)?.lastSeq ?? 0;
    const timeline = this.kept(roomId, end);
    const after = timeline?.loaded ? timeline.newest : undefined;
    // By its id the server tells a store that was put back to an older state and has grown past this number again.
    const afterId = timeline?.loaded ? timeline.last?.id : undefined;
    const people = this.rooms.people.byRoom.get(roomId);
    /** @type {JoinReply} */
    const reply = await this.connection.request('join-room', { roomId, after, afterId });
    if (round !== this.round) return;
    this.rooms.put({ ...reply.room, joined: true });
    // Where the same list came as an event, what has changed since came behind it.
    if (this.rooms.people.byRoom.get(roomId) === people) this.rooms.setPeople(roomId, reply.participants);
    this.reading.meet([{ ...reply.room, joined: true }]);
    if (timeline && after !== undefined) {
      if (reply.reset) timeline.clear();
      else if (timeline.attached) timeline.append(after, reply.messages ?? []);
      if (reply.more) await this.history.fill(roomId);
    }
    if (timeline && !timeline.loaded) await this.history.open(roomId, this.marks.read[roomId]);
    if (round !== this.round) return;
    this.live.add(roomId);
    this.beyond.delete(roomId);
    this.history.confirm(roomId);
    this.changed();
    this.caughtUp(roomId);
  }

  /**
   * What is held of a room, where that is worth more than a fresh page. Where more was missed than a window holds, the
   * open room stays where it is, and is read on from there.
   * @param {string} roomId @param {number} end its newest number
   */
  kept(roomId, end) {
    const timeline = this.history.of(roomId);
    if (!timeline?.loaded) return timeline;
    if (this.history.seeded.has(roomId) && this.skipsUnread(roomId, timeline)) timeline.clear();
    else if (end - timeline.newest > WINDOW) {
      if (roomId === this.reader.openId) timeline.detach();
      else this.history.forget(roomId);
    }
    return this.history.of(roomId);
  }

  /**
   * What an earlier visit left does not hold the place where one left off.
   * @param {string} roomId
   * @param {import('./timeline.js').Timeline} timeline
   */
  skipsUnread(roomId, timeline) {
    const read = this.marks.read[roomId];
    return read !== undefined && (timeline.oldest > read + 1 || timeline.newest < read);
  }

  /**
   * A room in view that one is not in. From outside there is no telling what was read: one looks at the newest.
   * @param {string} roomId
   */
  async lookOn(roomId) {
    const timeline = this.history.of(roomId);
    if (timeline?.loaded && (this.rooms.byId.get(roomId)?.lastSeq ?? 0) - timeline.newest > WINDOW) timeline.detach();
    await this.history.open(roomId);
    await this.history.newest(roomId);
    await this.history.fill(roomId);
    this.history.confirm(roomId);
  }

  /**
   * What is new in a room that one looks at without being in it, of which no event tells, or not on this connection. A
   * failure is quiet: the next look comes soon.
   * @param {string} roomId
   */
  async lookIn(roomId) {
    if (this.connection.status !== 'online') return;
    try {
      const room = await this.rest.room(roomId);
      if (this.live.has(roomId)) return;
      this.rooms.put(room);
      this.history.knowEnd(roomId, room.lastSeq);
      this.changed();
      // Joined elsewhere meanwhile, or another room was left, so that there is a place for this one.
      if (room.joined) await this.enter(roomId);
    } catch (thrown) {
      if (asRequestError(thrown).code !== 'room_not_found') return;
      this.rooms.apply('room-deleted', { roomId });
      this.gone(roomId);
      this.changed();
    }
  }
}
