/** Rooms and messages of one user in this tab: what is known, what is on its way, and how both stay true over a loss. */

import { asRequestError } from '../protocol/errors.js';
import { History } from './history.js';
import { Marks } from './marks.js';
import { Outbox } from './outbox.js';
import { ROOM_EVENTS, Rooms } from './rooms.js';
import { Sender } from './sender.js';
import { Store } from './store.js';
import { TOO_MANY_MISSED } from './timeline.js';
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
    /** The end of the open room is in view of somebody. */
    this.watching = false;
    /** The server said that it is about to restart. */
    this.restarting = false;
    /** @type {((message: import('../protocol/types.js').Message) => void) | null} told of messages of others */
    this.onMessage = null;
    this.round = 0;
    this.stops = this.listen();
  }

  listen() {
    const { connection } = this;
    return [
      connection.on('status', (status) => {
        this.round += 1;
        this.live.clear();
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
      if (this.marks.read[roomId] === seq - 1) this.marks.setRead(roomId, seq);
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
    if (open && !this.live.has(open)) await this.history.open(open).then(() => this.history.fill(open));
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
    const timeline = this.history.of(roomId);
    const end = this.rooms.byId.get(roomId)?.lastSeq ?? 0;
    if (timeline?.loaded && end - timeline.newest > TOO_MANY_MISSED) timeline.clear();
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
      else timeline.append(after, reply.messages ?? []);
      if (reply.more) await this.history.fill(roomId);
    }
    if (timeline && !timeline.loaded) await this.history.open(roomId);
    if (round !== this.round) return;
    this.live.add(roomId);
    this.readOn();
    this.changed();
    void this.sender.flush(roomId);
  }

  /** Shows a room from now on; `null` for none. @param {string | null} roomId */
  open(roomId) {
    if (this.openId === roomId) return;
    const before = this.openId && this.history.of(this.openId);
    if (before) before.trim(KEEP);
    this.openId = roomId;
    this.watching = false;
    if (roomId) void this.history.open(roomId);
    this.changed();
  }

  /** @param {boolean} watching the end of the open room is in view */
  watch(watching) {
    if (this.watching === watching) return;
    this.watching = watching;
    this.readOn();
    this.changed();
  }

  readOn() {
    if (!this.watching || !this.openId) return;
    const newest = this.history.of(this.openId)?.newest ?? 0;
    if (this.marks.advance(this.openId, newest)) this.changed();
  }

  /** @param {string} roomId @param {string} content */
  send(roomId, content) {
    this.outbox.add(roomId, content);
    this.marks.setDraft(roomId, '');
    this.typing.wrote(roomId, false);
    this.changed();
    void this.sender.flush(roomId);
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

  /** @param {string} roomId @param {{name: string, description: string}} about */
  async rename(roomId, about) {
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
  }

  /** All that is unread, in all rooms. */
  get unread() {
    let sum = 0;
    for (const room of this.rooms.byId.values()) sum += this.marks.unread(room);
    return sum;
  }
}

/** @param {number} ms @returns {Promise<void>} */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
