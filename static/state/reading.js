/**
 * How far one has read, told to the server, which knows it for all devices; and heard from it what was read elsewhere.
 */

import { asRequestError } from '../protocol/errors.js';

/** Reading moves on many times a second. The server is told this often. */
const TELL_MS = 1_000;
/** The server takes twenty such events a second. */
const MOST_AT_ONCE = 15;

export class Reading {
  /**
   * @param {object} options
   * @param {Pick<import('../protocol/connection.js').Connection, 'request' | 'status'>} options.connection
   * @param {import('./rooms.js').Rooms} options.rooms
   * @param {import('./marks.js').Marks} options.marks
   * @param {() => void} options.changed
   * @param {{setTimeout: Function, clearTimeout: Function}} [options.timers]
   */
  constructor({ connection, rooms, marks, changed, timers = globalThis }) {
    this.connection = connection;
    this.rooms = rooms;
    this.marks = marks;
    this.changed = changed;
    this.timers = timers;
    /** @type {Set<string>} rooms of which the server is to be told */
    this.due = new Set();
    /** @type {Map<string, number>} by room: up to where it was read on another device, as far as that is news here */
    this.elsewhere = new Map();
    /** @type {any} */
    this.timer = undefined;
  }

  /** @param {string} roomId @param {number} seq read up to here @returns {boolean} whether that is news */
  advance(roomId, seq) {
    if (!this.marks.advance(roomId, seq)) return false;
    this.rooms.readTo(roomId, seq);
    this.tell(roomId);
    return true;
  }

  /**
   * What the server knows of these rooms, and what this browser has read of them since.
   * @param {import('../protocol/types.js').Room[]} rooms
   */
  meet(rooms) {
    for (const room of rooms) {
      const before = this.marks.read[room.id];
      this.marks.meet(room);
      const read = this.marks.read[room.id] ?? 0;
      if (!room.joined || room.readSeq === undefined) continue;
      if (before !== undefined && read > before) this.elsewhere.set(room.id, read);
      if (read <= room.readSeq) continue;
      this.rooms.readTo(room.id, read);
      this.tell(room.id);
    }
  }

  /** Read on another device. @param {{roomId: string, readSeq: number}} told */
  heard({ roomId, readSeq }) {
    if (this.marks.advance(roomId, readSeq)) this.elsewhere.set(roomId, readSeq);
  }

  /** Soon, or with the next that is told. @param {string} roomId */
  tell(roomId) {
    // An older server knows nothing of it.
    if (this.rooms.byId.get(roomId)?.readSeq === undefined) return;
    this.due.add(roomId);
    if (this.timer === undefined) this.flush();
  }

  /** Tells the server now; what moves during the next second is told after it. To be called before the page may end. */
  flush() {
    this.timers.clearTimeout(this.timer);
    this.timer = undefined;
    // Whoever comes back compares anyway.
    if (!this.due.size || this.connection.status !== 'online') return;
    for (const roomId of [...this.due].slice(0, MOST_AT_ONCE)) {
      this.due.delete(roomId);
      void this.send(roomId);
    }
    this.timer = this.timers.setTimeout(() => this.flush(), TELL_MS);
  }

  /** @param {string} roomId */
  async send(roomId) {
    const seq = this.marks.read[roomId] ?? 0;
    try {
      const told = await this.connection.request('mark-read', { roomId, seq });
      // Read on meanwhile: what was counted for this is old.
      if ((this.marks.read[roomId] ?? 0) > told.readSeq) return;
      this.rooms.apply('room-read', { roomId, readSeq: told.readSeq, unread: told.unread, mentions: told.mentions });
      this.changed();
    } catch (thrown) {
      const error = asRequestError(thrown);
      if (error.mayPass && error.code !== 'offline') this.due.add(roomId);
    }
  }

  close() {
    this.timers.clearTimeout(this.timer);
    this.due.clear();
  }
}
