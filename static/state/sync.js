/** Brings this tab up to date with the server: all rooms after each connect, one room as it is joined or looked into. */

import { asRequestError } from '../protocol/errors.js';
import { WINDOW } from './timeline.js';

/** @typedef {import('../protocol/types.js').JoinReply} JoinReply */

const RETRY_MS = 2_000;

export class Sync {
  /**
   * @param {object} options
   * @param {import('../protocol/rest.js').Rest} options.rest
   * @param {import('../protocol/connection.js').Connection} options.connection
   * @param {import('./rooms.js').Rooms} options.rooms
   * @param {import('./marks.js').Marks} options.marks
   * @param {import('./history.js').History} options.history
   * @param {import('./reader.js').Reader} options.reader
   * @param {() => void} options.changed
   * @param {(roomId: string) => void} options.caughtUp a room is live now
   * @param {(roomId: string) => void} options.gone a room is not there any more
   * @param {(ms: number) => Promise<void>} options.wait
   */
  constructor({ rest, connection, rooms, marks, history, reader, changed, caughtUp, gone, wait }) {
    this.rest = rest;
    this.connection = connection;
    this.rooms = rooms;
    this.marks = marks;
    this.history = history;
    this.reader = reader;
    this.changed = changed;
    this.caughtUp = caughtUp;
    this.gone = gone;
    this.wait = wait;
    /** @type {Set<string>} rooms that this connection is in and has caught up with */
    this.live = new Set();
    /** The list of rooms was fetched on this connection, and events tell of whatever changes. */
    this.isCurrent = false;
    /** Grows with each change of the connection: an answer that was asked for before is void. */
    this.round = 0;
  }

  /** The connection is another one, or none: what is on its way for the one before is void. */
  interrupt() {
    this.round += 1;
    this.live.clear();
    this.isCurrent = false;
  }

  /** After each connect: the list of rooms, then all joined ones with what was missed, then what waits to be sent. */
  async start() {
    const { round } = this;
    this.rooms.beginFetch();
    const rooms = await this.insist(round, () => this.rest.rooms());
    if (!rooms) return;
    const before = [...this.rooms.byId.keys()];
    this.rooms.finishFetch(rooms);
    this.isCurrent = true;
    for (const roomId of before) if (!this.rooms.byId.has(roomId)) this.gone(roomId);
    for (const room of rooms) this.marks.meet(room);
    this.changed();
    // The room in view comes first.
    const joined = rooms.filter((room) => room.joined).sort((a) => (a.id === this.reader.openId ? -1 : 0));
    await Promise.all(joined.map((room) => this.insist(round, () => this.enter(room.id))));
    const open = this.reader.openId;
    if (open && this.rooms.byId.has(open) && !this.live.has(open)) await this.lookOn(open);
  }

  /**
   * Does something until it succeeds, is refused for good, or the connection is another one.
   * @template T
   * @param {number} round
   * @param {() => Promise<T>} work
   * @returns {Promise<T | undefined>}
   */
  async insist(round, work) {
    while (round === this.round) {
      try {
        const result = await work();
        return round === this.round ? result : undefined;
      } catch (thrown) {
        const error = asRequestError(thrown);
        const mayPass = error.isAbsence || ['rate_limited', 'storage', 'overloaded', 'internal'].includes(error.code);
        if (!mayPass || error.code === 'offline') return undefined;
        await this.wait(error.retryAfterMs ?? RETRY_MS);
      }
    }
    return undefined;
  }

  /** Joins a room on this connection and catches up with it. @param {string} roomId */
  async enter(roomId) {
    const { round } = this;
    const end = this.rooms.byId.get(roomId)?.lastSeq ?? 0;
    const timeline = this.kept(roomId, end);
    const after = timeline?.loaded ? timeline.newest : undefined;
    // By its id the server tells a store that was put back to an older state and has grown past this number again.
    const afterId = timeline?.loaded ? timeline.last?.id : undefined;
    /** @type {JoinReply} */
    const reply = await this.connection.request('join-room', { roomId, after, afterId });
    if (round !== this.round) return;
    this.rooms.put({ ...reply.room, joined: true });
    this.rooms.setPeople(roomId, reply.participants);
    this.marks.meet(reply.room);
    if (timeline && after !== undefined) {
      if (reply.reset) timeline.clear();
      else if (timeline.attached) timeline.append(after, reply.messages ?? []);
      if (reply.more) await this.history.fill(roomId);
    }
    if (timeline && !timeline.loaded) await this.history.open(roomId, this.marks.read[roomId]);
    if (round !== this.round) return;
    this.live.add(roomId);
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

  /** What an earlier visit left does not hold the place where one left off. @param {string} roomId @param {import('./timeline.js').Timeline} timeline */
  skipsUnread(roomId, timeline) {
    const read = this.marks.read[roomId];
    return read !== undefined && (timeline.oldest > read + 1 || timeline.newest < read);
  }

  /** A room in view that one is not in. From outside there is no telling what was read: one looks at the newest. @param {string} roomId */
  async lookOn(roomId) {
    const timeline = this.history.of(roomId);
    if (timeline?.loaded && (this.rooms.byId.get(roomId)?.lastSeq ?? 0) - timeline.newest > WINDOW) timeline.detach();
    await this.history.open(roomId);
    await this.history.newest(roomId);
    await this.history.fill(roomId);
    this.history.confirm(roomId);
  }

  /**
   * What is new in a room that one looks at without being in it, of which no event tells. A failure is quiet: the next
   * look comes soon.
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
      // Joined elsewhere meanwhile.
      if (room.joined) await this.enter(roomId);
    } catch (thrown) {
      if (asRequestError(thrown).code !== 'room_not_found') return;
      this.rooms.apply('room-deleted', { roomId });
      this.gone(roomId);
      this.changed();
    }
  }
}
