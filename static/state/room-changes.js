/** Making rooms, changing what they are called, and deleting them. */

/** @typedef {import('../protocol/types.js').Room} Room */

export class RoomChanges {
  /**
   * @param {object} options
   * @param {import('../protocol/rest.js').Rest} options.rest
   * @param {import('./rooms.js').Rooms} options.rooms
   * @param {import('./membership.js').Membership} options.members
   * @param {(roomId: string) => void} options.forget a room is not there any more
   * @param {() => void} options.changed
   */
  constructor({ rest, rooms, members, forget, changed }) {
    this.rest = rest;
    this.rooms = rooms;
    this.members = members;
    this.forget = forget;
    this.changed = changed;
  }

  /**
   * @param {{name: string, description?: string, kind?: 'open' | 'private', members?: string[]}} about
   * @returns {Promise<Room>}
   */
  async create(about) {
    const room = await this.rest.createRoom(about);
    this.rooms.put(room);
    await this.members.join(room.id);
    return room;
  }

  /**
   * @param {string} roomId
   * @param {{name?: string, description?: string}} about what is to be changed, and nothing else
   */
  async change(roomId, about) {
    this.rooms.put(await this.rest.changeRoom(roomId, about));
    this.changed();
  }

  /** @param {string} roomId */
  async remove(roomId) {
    await this.rest.deleteRoom(roomId);
    this.rooms.apply('room-deleted', { roomId });
    this.forget(roomId);
    this.changed();
  }
}
