/**
 * Rooms and messages of one user in this tab: what is known, what is on its way, and how both stay true over a loss.
 */

import { pause } from '../protocol/errors.js';
import { History } from './history.js';
import { Known } from './known.js';
import { Marks, Sounds } from './marks.js';
import { Membership } from './membership.js';
import { Outbox, Sender } from './outbox.js';
import { Reader } from './reader.js';
import { Reading } from './reading.js';
import { RoomChanges } from './room-changes.js';
import { ROOM_EVENTS, Rooms } from './rooms.js';
import { Store } from './store.js';
import { Sync } from './sync.js';
import { Typing } from './typing.js';

/** @typedef {import('../protocol/types.js').Room} Room */

export class Chat extends Store {
  /**
   * @param {object} options
   * @param {import('../protocol/rest.js').Rest} options.rest
   * @param {import('../protocol/connection.js').Connection} options.connection
   * @param {import('./storage.js').BrowserStorage} options.storage the user's own part
   * @param {{id: string, username: string}} options.user
   * @param {(ms: number) => Promise<void>} [options.wait]
   * @param {{setTimeout: Function, clearTimeout: Function}} [options.timers]
   */
  constructor({ rest, connection, storage, user, wait = pause, timers = globalThis }) {
    super();
    const changed = () => this.changed();
    this.rest = rest;
    this.connection = connection;
    this.user = user;
    this.known = new Known({ storage, timers });
    this.rooms = new Rooms(user.id);
    this.rooms.restore(this.known.rooms);
    this.marks = new Marks({ storage });
    this.sounds = new Sounds({ storage });
    const seed = (/** @type {string} */ roomId) => (this.sync.isCurrent ? null : this.known.page(roomId));
    this.history = new History({ rest, changed, seed });
    const { rooms, marks, history } = this;
    const reading = new Reading({ connection, rooms, marks, changed, timers });
    this.reading = reading;
    this.reader = new Reader({ rooms, marks, reading, history, changed });
    this.outbox = new Outbox({ storage });
    this.sender = new Sender({
      outbox: this.outbox,
      connection,
      changed,
      wait,
      ready: (roomId) => this.sync.live.has(roomId),
      stored: (message) => this.messageCame(message),
    });
    this.sync = new Sync({
      ...{ rest, connection, rooms, marks, reading, history, reader: this.reader, changed, wait },
      caughtUp: (roomId) => void this.sender.flush(roomId),
      gone: (roomId) => this.forget(roomId),
    });
    const forget = (/** @type {string} */ roomId) => this.forget(roomId);
    const { sync, reader } = this;
    this.members = new Membership({ rest, connection, rooms, sync, reader, me: user.id, forget, changed });
    this.changes = new RoomChanges({ rest, rooms, members: this.members, forget, changed });
    this.typing = new Typing({
      changed,
      // Whether others see that somebody writes is not worth a word when it fails.
      send: (roomId, typing) => void connection.request('typing', { roomId, typing }).catch(() => undefined),
    });
    /** The server said that it is about to restart. */
    this.restarting = false;
    /** @type {((message: import('../protocol/types.js').Message) => void) | null} told of messages of others */
    this.onMessage = null;
    /** The sum of what is unread, and of which state of rooms and marks it was taken. */
    this.counted = { rooms: -1, marks: -1, sum: 0 };
    this.stops = this.listen();
    // The connection may have been there before.
    if (connection.status === 'online') this.statusCame('online');
  }

  listen() {
    const { connection } = this;
    return [
      connection.on('status', (status) => this.statusCame(status)),
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
    this.sync.interrupt();
    this.known.stop();
    this.reading.close();
    this.marks.close();
  }

  /** @param {import('../protocol/connection.js').Status} status */
  statusCame(status) {
    this.stillTrue();
    this.sync.interrupt();
    // What is missed now comes all at once, and nobody has seen it by having been at the end.
    this.reader.watching = false;
    if (status === 'online') {
      this.restarting = false;
      void this.sync.start();
    }
    this.changed();
  }

  /** @override */
  changed() {
    super.changed();
    if (this.rooms?.fetched) this.known.soon(() => this.remember());
  }

  /** What is known is true up to now, where the server has told of all that changed. */
  stillTrue() {
    if (this.sync.isCurrent) this.known.at = Date.now();
  }

  /** Keeps what is known for the next visit. */
  remember() {
    // Before the server has said anything, what was kept is all there is.
    if (!this.rooms.fetched) return;
    this.stillTrue();
    if (this.reader.openId) this.known.look(this.reader.openId);
    this.known.save(this.rooms.byId, (roomId) => this.history.of(roomId));
  }

  /** @param {string} event @param {any} payload */
  roomEvent(event, payload) {
    const before = this.rooms.byId.get(payload.roomId);
    this.rooms.apply(event, payload);
    if (event === 'new-message') return this.messageCame(payload);
    if (event === 'room-unread') return this.unreadCame(payload, before);
    if (event === 'room-read') this.reading.heard(payload);
    if (event === 'room-created') {
      this.marks.meet(payload);
      this.members.created(payload);
    }
    if (event === 'room-deleted') this.members.deleted(payload, before?.name);
    if (event === 'user-left') {
      this.typing.forget(payload.roomId, payload.userId);
      // Another tab or device left the room for all of them.
      if (payload.userId === this.user.id && payload.reason === 'left') this.members.left(payload.roomId);
    }
    this.changed();
  }

  /**
   * Something was said where this connection is not: in a room that one came into elsewhere, or that is one too many.
   * @param {{roomId: string, lastSeq: number, lastMessage: import('../protocol/types.js').Message | null}} told
   * @param {Room | undefined} before
   */
  unreadCame({ roomId, lastSeq, lastMessage }, before) {
    if (!before) void this.sync.lookIn(roomId);
    else this.sync.follow(roomId);
    this.history.knowEnd(roomId, lastSeq);
    if (lastMessage && lastMessage.sender !== this.user.id && lastSeq > (before?.lastSeq ?? 0)) {
      this.onMessage?.(lastMessage);
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
    this.reader.readOn();
    this.changed();
  }

  /** Shows a room from now on; `null` for none. @param {string | null} roomId */
  open(roomId) {
    if (roomId) this.known.look(roomId);
    if (roomId) this.rooms.show(roomId);
    this.reader.open(roomId);
  }

  /** @param {string} roomId @param {string} content */
  send(roomId, content) {
    this.outbox.add(roomId, content);
    // What one writes stands at the end, and that is where one looks then.
    this.reader.toNewest(roomId);
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

  /** @param {string} roomId */
  forget(roomId) {
    this.sync.leave(roomId);
    this.history.forget(roomId);
    this.outbox.removeRoom(roomId);
    this.marks.forget(roomId);
    this.sounds.forget(roomId);
  }

  /** All of a room counts as read. @param {string} roomId */
  markRead(roomId) {
    this.reader.saw(roomId, this.rooms.byId.get(roomId)?.lastSeq ?? 0);
  }

  markAllRead() {
    for (const room of this.rooms.byId.values()) if (this.marks.unread(room)) this.markRead(room.id);
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
