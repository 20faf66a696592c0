/** The list of rooms, as events change it. Pure: what it holds depends on what it was told, in that order. */

/** @typedef {import('../protocol/types.js').Room} Room */
/** @typedef {import('../protocol/types.js').Participant} Participant */
/** @typedef {{event: string, payload: any}} RoomEvent */
/** @typedef {{mine: Room[], others: Room[]}} Groups rooms that one is in, and the rest */

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
    /** Grows whenever a room changes: what was made of all rooms stays good as long as this is the same. */
    this.version = 0;
    /** @type {{version: number, rooms: Room[]}} all rooms in order, as of a version */
    this.sorted = { version: -1, rooms: [] };
    /** @type {{of: Room[] | null, words: string, groups: Groups}} the list that was asked for last */
    this.listed = { of: null, words: '', groups: { mine: [], others: [] } };
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
    this.version += 1;
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
    this.set({ ...room, ...last, joined });
  }

  /** @param {Room} room */
  set(room) {
    this.byId.set(room.id, room);
    this.version += 1;
  }

  /** @param {string} id */
  remove(id) {
    this.byId.delete(id);
    this.people.delete(id);
    this.version += 1;
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

  /** A room that stays as it was also stays the same object. @param {string} id @param {Partial<Room>} part */
  alter(id, part) {
    const room = this.byId.get(id);
    if (!room) return;
    const same = Object.entries(part).every(([name, value]) => room[/** @type {keyof Room} */ (name)] === value);
    if (!same) this.set({ ...room, ...part });
  }

  /** Those in a room, present ones first, then by name. @param {string} id @returns {Participant[]} */
  peopleIn(id) {
    const people = [...(this.people.get(id)?.values() ?? [])];
    return people.sort((a, b) => Number(b.online) - Number(a.online) || a.username.localeCompare(b.username));
  }

  /** All rooms, the one with the latest message first. @returns {Room[]} the same array until a room changes */
  inOrder() {
    if (this.sorted.version !== this.version) {
      // From the order of before, where little has moved: that sorts in a few comparisons a room.
      const known = this.sorted.rooms.flatMap(({ id }) => this.byId.get(id) ?? []);
      const before = new Set(known);
      const fresh = known.length === this.byId.size ? [] : [...this.byId.values()].filter((room) => !before.has(room));
      this.sorted = { version: this.version, rooms: [...fresh, ...known].sort(latestFirst) };
    }
    return this.sorted.rooms;
  }

  /**
   * Rooms whose name or description holds the words, the one with the latest message first.
   * @param {string} [words]
   * @returns {Groups} the same until a room or the words change
   */
  list(words = '') {
    const rooms = this.inOrder();
    if (this.listed.of !== rooms || this.listed.words !== words) {
      const found = rooms.filter(holds(words));
      const groups = { mine: found.filter((room) => room.joined), others: found.filter((room) => !room.joined) };
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

/** @param {string} words @returns {(room: Room) => boolean} */
function holds(words) {
  const wanted = words.trim().toLowerCase().split(/\s+/);
  return (room) => {
    const text = `${room.name} ${room.description}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  };
}
