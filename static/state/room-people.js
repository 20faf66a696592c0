/** Who is in each room that this tab is in, as the server tells it. */

/** @typedef {import('../protocol/types.js').Participant} Participant */
/** @typedef {Partial<Pick<import('../protocol/types.js').Room, 'participantCount' | 'onlineCount'>>} Counts */

export class RoomPeople {
  constructor() {
    /** @type {Map<string, Map<string, Participant>>} by room and user */
    this.byRoom = new Map();
    /** @type {Map<string, Participant[]>} the same in order, as they were asked for last */
    this.ordered = new Map();
  }

  /** @param {string} roomId @param {Participant[]} participants all of them */
  set(roomId, participants) {
    this.byRoom.set(roomId, new Map(participants.map((one) => [one.userId, one])));
    return this.counts(roomId);
  }

  /** @param {string} roomId @param {Participant} one who came, or is otherwise now */
  put(roomId, one) {
    this.byRoom.get(roomId)?.set(one.userId, one);
    return this.counts(roomId);
  }

  /** @param {string} roomId @param {string} userId */
  remove(roomId, userId) {
    this.byRoom.get(roomId)?.delete(userId);
    return this.counts(roomId);
  }

  /** @param {string} roomId */
  forget(roomId) {
    this.byRoom.delete(roomId);
    this.ordered.delete(roomId);
  }

  /** Forgets all other rooms. @param {(roomId: string) => boolean} isKept */
  keep(isKept) {
    for (const roomId of [...this.byRoom.keys()]) if (!isKept(roomId)) this.forget(roomId);
  }

  /**
   * How many there are, after a change; nothing where the list is not known.
   * @param {string} roomId @returns {Counts}
   */
  counts(roomId) {
    const people = this.byRoom.get(roomId);
    this.ordered.delete(roomId);
    if (!people) return {};
    const online = [...people.values()].filter((one) => one.online).length;
    return { participantCount: people.size, onlineCount: online };
  }

  /** @param {string} roomId @param {string} userId */
  has(roomId, userId) {
    return this.byRoom.get(roomId)?.has(userId) ?? false;
  }

  /**
   * @param {string} roomId @param {string} userId
   * @returns {boolean | undefined} nothing where the list is not known
   */
  isOnline(roomId, userId) {
    const people = this.byRoom.get(roomId);
    return people && Boolean(people.get(userId)?.online);
  }

  /**
   * Present ones first, then by name.
   * @param {string} roomId @returns {Participant[]} the same array until one comes or goes
   */
  of(roomId) {
    const known = this.ordered.get(roomId);
    if (known) return known;
    const people = [...(this.byRoom.get(roomId)?.values() ?? [])];
    people.sort((a, b) => Number(b.online) - Number(a.online) || a.username.localeCompare(b.username));
    this.ordered.set(roomId, people);
    return people;
  }
}
