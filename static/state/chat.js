/** Rooms and messages of one user in this tab: what is known, what is on its way, and how both stay true over a loss. */

import { asRequestError } from '../protocol/errors.js';
import { History } from './history.js';
import { Marks } from './marks.js';
import { Outbox } from './outbox.js';
import { ROOM_EVENTS, Rooms } from './rooms.js';
import { Sender } from './sender.js';
import { Sounds } from './sounds.js';
import { Store } from './store.js';
import { WINDOW } from './timeline.js';
import { Typing } from './typing.js';

/** @typedef {import('../protocol/types.js').Room} Room */
/** @typedef {import('../protocol/types.js').JoinReply} JoinReply */

const RETRY_MS = 2_000;
/** How many messages of a room stay in memory once its end is in view again. */
const KEEP = 200;

export class Chat extends Store {
  /**
   * @param {object} options
   * @param {import('../protocol/rest.js').Rest} options.rest
   * @param {import('../protocol/connection.js').Connection} options.connection
   * @param {import('./storage.js').BrowserStorage} options.storage the user's own part
   * @param {{id: string, username: string}} options.user
   * @param {(ms: number) => Promise<void>} [options.wait]
   */
  constructor({ rest, connection, storage, user, wait = pause }) {
    super();
    const changed = () => this.changed();
    this.rest = rest;
    this.connection = connection;
    this.user = user;
    this.wait = wait;
    this.rooms = new Rooms(user.id);
    this.marks = new Marks({ storage });
    this.sounds = new Sounds({ storage });
    this.history = new History({ rest, changed });
    this.outbox = new Outbox({ storage });
    this.sender = new Sender({
      outbox: this.outbox,
      connection,
      changed,
      wait,
      ready: (roomId) => this.live.has(roomId),
      stored: (message) => this.messageCame(message),
    });
    this.typing = new Typing({
      changed,
      // Whether others see that somebody writes is not worth a word when it fails.
      send: (roomId, typing) => void connection.request('typing', { roomId, typing }).catch(() => undefined),
    });
    /** @type {Set<string>} rooms that this connection is in and has caught up with */
    this.live = new Set();
    /** @type {string | null} the room in view */
    this.openId = null;
    /** Somebody looks at the end of the open room, as it grows. */
    this.watching = false;
    /** The server said that it is about to restart. */
    this.restarting = false;
    /** @type {((message: import('../protocol/types.js').Message) => void) | null} told of messages of others */
    this.onMessage = null;
    this.round = 0;
    /** The sum of what is unread, and of which state of rooms and marks it was taken. */
    this.counted = { rooms: -1, marks: -1, sum: 0 };
    this.stops = this.listen();
  }

  listen() {
    const { connection } = this;
    return [
      connection.on('status', (status) => {
        this.round += 1;
        this.live.clear();
        // What is missed now comes all at once, and nobody has seen it by having been at the end.
        this.watching = false;
        if (status === 'online') void this.synchronise(this.round);
        this.changed();
      }),
      connection.on('server-shutdown', () => {
        this.restarting = true;
        this.changed();
      }),
      connection.on('typing', (sign) => this.typing.heard(sign)),
      ...ROOM_EVENTS.map((event) => connection.on(event, (payload) => this.roomEvent(event, payload))),
    ];
  }

  /** Ends all listening. */
  close() {
    for (const stop of this.stops) stop();
    this.round += 1;
    this.marks.close();
  }

  /** @param {string} event @param {any} payload */
  roomEvent(event, payload) {
    this.rooms.apply(event, payload);
    if (event === 'new-message') return this.messageCame(payload);
    if (event === 'room-created') this.marks.meet(payload);
    if (event === 'room-deleted') this.forget(payload.roomId);
    if (event === 'user-left') {
      this.typing.forget(payload.roomId, payload.userId);
      // Another tab or device left the room for all of them.
      if (payload.userId === this.user.id && payload.reason === 'left') this.left(payload.roomId);
    }
    this.changed();
  }

  /** @param {import('../protocol/types.js').Message} message */
  messageCame(message) {
    const { room: roomId, seq, sender } = message;
    this.rooms.message(message);
    this.history.add(message);
    this.typing.forget(roomId, sender);
    if (sender === this.user.id) {
      this.outbox.remove(message.clientId);
      // Who answers has read what stands before.
      this.marks.advance(roomId, seq);
    } else {
      this.onMessage?.(message);
    }
    this.readOn();
    this.changed();
  }

  /** After each connect: the list of rooms, then all joined ones with what was missed, then what waits to be sent. @param {number} round */
  async synchronise(round) {
    this.restarting = false;
    this.rooms.beginFetch();
    const rooms = await this.insist(round, () => this.rest.rooms());
    if (!rooms) return;
    this.rooms.finishFetch(rooms);
    for (const room of rooms) this.marks.meet(room);
    this.changed();
    // The room in view comes first.
    const joined = rooms.filter((room) => room.joined).sort((a) => (a.id === this.openId ? -1 : 0));
    await Promise.all(joined.map((room) => this.insist(round, () => this.enter(room.id))));
    const open = this.openId;
    if (open && !this.live.has(open)) {
      await this.history.open(open);
      // From outside there is no telling what was read: one looks at the newest.
      await this.history.newest(open);
      await this.history.fill(open);
    }
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
    this.changed();
    void this.sender.flush(roomId);
  }

  /**
   * What is held of a room, where that is worth more than a fresh page. Where more was missed than a window holds, the
   * open room stays where it is, and is read on from there.
   * @param {string} roomId @param {number} end its newest number
   */
  kept(roomId, end) {
    const timeline = this.history.of(roomId);
    if (!timeline?.loaded || end - timeline.newest <= WINDOW) return timeline;
    if (roomId === this.openId) timeline.detach();
    else this.history.forget(roomId);
    return this.history.of(roomId);
  }

  /** Shows a room from now on; `null` for none. @param {string | null} roomId */
  open(roomId) {
    if (this.openId === roomId) return;
    if (this.openId) this.putAway(this.openId);
    this.openId = roomId;
    this.watching = false;
    if (roomId) this.bring(roomId);
    this.changed();
  }

  /** The room is not looked at any more: its end stays, so that it is there at once the next time. @param {string} roomId */
  putAway(roomId) {
    const timeline = this.history.of(roomId);
    if (!timeline?.attached) return this.history.forget(roomId);
    timeline.following = true;
    timeline.trim('oldest', KEEP);
  }

  /** The room is there where one left off: at the first message that was not read. @param {string} roomId */
  bring(roomId) {
    // Before the list of rooms has come, one is taken to be in it.
    const joined = this.rooms.byId.get(roomId)?.joined ?? true;
    const read = joined ? this.marks.read[roomId] : undefined;
    const timeline = this.history.of(roomId);
    if (read !== undefined && timeline?.loaded && timeline.oldest > read + 1) this.history.forget(roomId);
    void this.history.open(roomId, read);
  }

  /** @param {boolean} watching somebody looks at the end of the open room, as it grows */
  watch(watching) {
    if (this.watching === watching) return;
    this.watching = watching;
    this.changed();
  }

  /** What came to the end that somebody looks at is read. */
  readOn() {
    if (this.watching && this.openId) this.saw(this.openId, this.history.of(this.openId)?.newest ?? 0);
  }

  /** Somebody has seen the messages of a room up to this one. @param {string} roomId @param {number} seq */
  saw(roomId, seq) {
    if (this.rooms.byId.get(roomId)?.joined && this.marks.advance(roomId, seq)) this.changed();
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
      this.forget(roomId);
      this.changed();
    }
  }

  /** @param {string} roomId @param {string} content */
  send(roomId, content) {
    this.outbox.add(roomId, content);
    // What one writes stands at the end, and that is where one looks then.
    this.toNewest(roomId);
    this.marks.setDraft(roomId, '');
    this.typing.wrote(roomId, false);
    this.changed();
    void this.sender.flush(roomId);
  }

  /** The end of a room is shown, and followed as it grows. @param {string} roomId */
  toNewest(roomId) {
    const timeline = this.history.of(roomId);
    if (timeline) timeline.following = true;
    void this.history.newest(roomId);
    this.changed();
  }

  /** @param {string} clientId */
  retry(clientId) {
    const item = this.outbox.retry(clientId);
    this.changed();
    if (item) void this.sender.flush(item.roomId);
  }

  /** @param {string} clientId */
  discard(clientId) {
    this.outbox.remove(clientId);
    this.changed();
  }

  /** Becomes a participant. @param {string} roomId */
  async join(roomId) {
    await this.enter(roomId);
    // What was written before one came is no news.
    this.saw(roomId, this.rooms.byId.get(roomId)?.lastSeq ?? 0);
  }

  /** Participates no more, in any tab. @param {string} roomId */
  async leave(roomId) {
    await this.connection.request('leave-room', { roomId, all: true });
    this.left(roomId);
    this.rooms.put({ ...(await this.rest.room(roomId)), joined: false });
    this.changed();
  }

  /** @param {string} roomId */
  left(roomId) {
    this.live.delete(roomId);
    this.rooms.setJoined(roomId, false);
    this.changed();
  }

  /** @param {{name: string, description?: string}} about @returns {Promise<Room>} */
  async create(about) {
    const room = await this.rest.createRoom(about);
    this.rooms.put(room);
    await this.join(room.id);
    return room;
  }

  /** @param {string} roomId @param {{name?: string, description?: string}} about what is to be changed, and nothing else */
  async changeRoom(roomId, about) {
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

  /** @param {string} roomId */
  forget(roomId) {
    this.live.delete(roomId);
    this.history.forget(roomId);
    this.outbox.removeRoom(roomId);
    this.marks.forget(roomId);
    this.sounds.forget(roomId);
  }

  /** All that is unread, in all rooms. */
  get unread() {
    const { rooms, marks, counted } = this;
    if (counted.rooms !== rooms.version || counted.marks !== marks.version) {
      let sum = 0;
      for (const room of rooms.byId.values()) sum += marks.unread(room);
      this.counted = { rooms: rooms.version, marks: marks.version, sum };
    }
    return this.counted.sum;
  }

  /** What is unread elsewhere. @param {Room} room one looks at this one */
  unreadBeside(room) {
    return this.unread - this.marks.unread(room);
  }
}

/** @param {number} ms @returns {Promise<void>} */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
