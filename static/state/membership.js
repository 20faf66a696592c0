/** Who is in which room: coming and leaving, rooms for a few, the room of two, adding others and taking them out. */

import { isOpen } from './kinds.js';

/** @typedef {import('../protocol/types.js').Room} Room */

export class Membership {
  /**
   * @param {object} options
   * @param {import('../protocol/rest.js').Rest} options.rest
   * @param {import('../protocol/connection.js').Connection} options.connection
   * @param {import('./rooms.js').Rooms} options.rooms
   * @param {import('./sync.js').Sync} options.sync
   * @param {import('./reader.js').Reader} options.reader
   * @param {string} options.me
   * @param {(roomId: string) => void} options.forget a room is not there any more
   * @param {() => void} options.changed
   */
  constructor({ rest, connection, rooms, sync, reader, me, forget, changed }) {
    this.rest = rest;
    this.connection = connection;
    this.rooms = rooms;
    this.sync = sync;
    this.reader = reader;
    this.me = me;
    this.forget = forget;
    this.changed = changed;
    /** @type {Set<string>} rooms that this tab leaves: of these nobody needs to be told */
    this.leaving = new Set();
    /** @type {((name: string) => void) | null} told of a room that somebody took one out of */
    this.onRemoved = null;
  }

  /** Becomes a participant. @param {string} roomId */
  async join(roomId) {
    await this.sync.enter(roomId);
    // What was written before one came is no news.
    this.reader.saw(roomId, this.rooms.byId.get(roomId)?.lastSeq ?? 0);
  }

  /** Participates no more, in any tab. @param {string} roomId */
  async leave(roomId) {
    const room = this.rooms.byId.get(roomId);
    if (room && !isOpen(room)) return this.leavePrivate(roomId);
    await this.connection.request('leave-room', { roomId, all: true });
    this.left(roomId);
    this.rooms.put({ ...(await this.rest.room(roomId)), joined: false });
    this.changed();
  }

  /** @param {string} roomId */
  left(roomId) {
    this.sync.leave(roomId);
    this.rooms.setJoined(roomId, false);
    this.changed();
  }

  /** The room with one other, found or made. @param {string} userId @returns {Promise<Room>} */
  async direct(userId) {
    const room = await this.rest.direct(userId);
    this.rooms.put({ ...room, joined: true });
    this.rooms.show(room.id);
    this.sync.follow(room.id);
    this.changed();
    return room;
  }

  /** @param {string} roomId @param {string} userId */
  async add(roomId, userId) {
    this.rooms.put(await this.rest.addMember(roomId, userId));
    this.changed();
  }

  /** Takes somebody else out of a private room. @param {string} roomId @param {string} userId */
  async remove(roomId, userId) {
    await this.rest.removeMember(roomId, userId);
    this.rooms.depart({ roomId, userId, username: '', reason: 'left' });
    this.changed();
  }

  /** Out of a room that is not there any more for those who are not in it. @param {string} roomId */
  async leavePrivate(roomId) {
    this.leaving.add(roomId);
    try {
      await this.rest.removeMember(roomId, this.me);
      this.gone(roomId);
    } finally {
      this.leaving.delete(roomId);
    }
  }

  /** There is a room that was not there before. @param {Room} room */
  created(room) {
    if (!isOpen(room)) this.sync.follow(room.id);
  }

  /**
   * The server says that a room is gone.
   * @param {{roomId: string, reason?: string}} event
   * @param {string | undefined} name which it had
   */
  deleted({ roomId, reason }, name) {
    if (reason === 'removed' && name && !this.leaving.has(roomId)) this.onRemoved?.(name);
    this.forget(roomId);
  }

  /** @param {string} roomId */
  gone(roomId) {
    this.rooms.apply('room-deleted', { roomId });
    this.forget(roomId);
    this.changed();
  }
}
