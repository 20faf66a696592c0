/** The list of rooms, as events change it. Pure: what it holds depends on what it was told, in that order. */

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
];

export class Rooms {
  /** @param {string} userId the one who looks */
  constructor(userId) {
    this.userId = userId;
    /** @type {Map<string, Room>} */
    this.byId = new Map();
    /** @type {Map<string, Map<string, Participant>>} whole lists of rooms that this tab is in */
    this.people = new Map();
    /** There are rooms to show, be it those of an earlier visit. */
    this.loaded = false;
    /** The server has said which there are. */
    this.fetched = false;
    /** @type {RoomEvent[] | null} what came while the list is being fetched */
    this.meanwhile = null;
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
    for (const id of [...this.people.keys()]) if (!this.byId.get(id)?.joined) this.people.delete(id);
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
        this.byId.delete(payload.roomId);
        this.people.delete(payload.roomId);
        return;
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
    }
  }

  /**
   * A room as the server sees it now. An event to everyone does not say whether this user is in it, and does not take
   * back a message that is newer.
   * @param {Room} room
   */
  put(room) {
    const known = this.byId.get(room.id);
    const joined = room.joined ?? known?.joined ?? false;
    const newer = known && known.lastSeq > room.lastSeq;
    const last = newer
      ? { lastSeq: known.lastSeq, lastMessage: known.lastMessage, lastMessageAt: known.lastMessageAt }
      : {};
    this.byId.set(room.id, { ...room, ...last, joined });
  }

  /** @param {string} id @param {boolean} joined */
  setJoined(id, joined) {
    this.alter(id, { joined });
    if (!joined) this.people.delete(id);
  }

  /** @param {string} id @param {Participant[]} participants */
  setPeople(id, participants) {
    this.people.set(id, new Map(participants.map((one) => [one.userId, one])));
    this.count(id);
  }

  /** @param {{roomId: string, userId: string, username: string, socketId: string}} who */
  arrive({ roomId, userId, username, socketId }) {
    this.people.get(roomId)?.set(userId, { userId, username, online: true, socketIds: [socketId] });
    this.count(roomId);
  }

  /** @param {{roomId: string, userId: string, username: string, reason: string}} who */
  depart({ roomId, userId, username, reason }) {
    const people = this.people.get(roomId);
    if (reason === 'left') people?.delete(userId);
    else people?.set(userId, { userId, username, online: false, socketIds: [] });
    this.count(roomId);
  }

  /** @param {import('../protocol/types.js').Message} message */
  message(message) {
    const room = this.byId.get(message.room);
    if (!room || message.seq <= room.lastSeq) return;
    this.alter(message.room, { lastSeq: message.seq, lastMessage: message, lastMessageAt: message.timestamp });
  }

  /** @param {string} id */
  count(id) {
    const people = this.people.get(id);
    if (!people) return;
    const online = [...people.values()].filter((one) => one.online).length;
    this.alter(id, { participantCount: people.size, onlineCount: online });
  }

  /** @param {string} id @param {Partial<Room>} part */
  alter(id, part) {
    const room = this.byId.get(id);
    if (room) this.byId.set(id, { ...room, ...part });
  }

  /** Those in a room, present ones first, then by name. @param {string} id @returns {Participant[]} */
  peopleIn(id) {
    const people = [...(this.people.get(id)?.values() ?? [])];
    return people.sort((a, b) => Number(b.online) - Number(a.online) || a.username.localeCompare(b.username));
  }

  /**
   * Rooms whose name or description holds the words, the one with the latest message first.
   * @param {string} [words]
   * @returns {Room[]}
   */
  list(words = '') {
    const wanted = words.trim().toLowerCase().split(/\s+/);
    const when = (/** @type {Room} */ room) => room.lastMessageAt ?? room.createdAt;
    return [...this.byId.values()]
      .filter((room) => {
        const text = `${room.name} ${room.description}`.toLowerCase();
        return wanted.every((word) => text.includes(word));
      })
      .sort((a, b) => when(b).localeCompare(when(a)) || a.name.localeCompare(b.name));
  }
}
