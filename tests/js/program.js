/**
 * A program of a user, built on an official client: it keeps what came, comes back by itself, and repeats what was not
 * acknowledged.
 */

import { io } from 'socket.io-client';

const PATIENCE_MS = 20_000;

export class Program {
  /**
   * @param {string} url
   * @param {{token: string, user: {id: string, username: string}}} grant
   * @param {object} [options] of the client
   * @param {typeof io} [client] another version of it
   */
  constructor(url, grant, options = {}, client = io) {
    this.user = grant.user;
    this.unasked = [];
    this.watchers = new Set();
    this.messages = new Map();
    this.outbox = new Map();
    this.acknowledged = new Map();
    this.rooms = new Set();
    const quick = { reconnectionDelay: 20, reconnectionDelayMax: 200, forceNew: true };
    this.socket = client(url, { auth: { token: grant.token }, ...quick, ...options });
    for (const event of ['connect', 'disconnect', 'connect_error']) {
      this.socket.on(event, (why) => this.keep(event, why));
    }
    this.socket.onAny?.((event, payload) => this.keep(event, payload));
    this.socket.on('session', (session) => (this.session = session));
    this.socket.on('new-message', (message) => this.take(message));
    this.socket.on('connect', () => void this.resume());
  }

  /** Waits for something that came and that nobody asked for yet. @returns {Promise<any>} */
  event(name, matches = (_payload) => true) {
    return this.until(name, () => {
      const at = this.unasked.findIndex((one) => one.name === name && matches(one.payload));
      return at < 0 ? undefined : this.unasked.splice(at, 1)[0];
    }).then(({ payload }) => payload);
  }

  /**
   * Waits until something is so.
   * @template T
   * @param {string} what
   * @param {() => T | undefined} look
   * @returns {Promise<T>}
   */
  until(what, look) {
    return new Promise((resolve, reject) => {
      const late = () =>
        fail(new Error(`${this.user.username}: ${what} did not come; there came ${JSON.stringify(this.unasked)}`));
      const timer = setTimeout(late, PATIENCE_MS);
      const check = () => {
        const found = look();
        if (found !== undefined) done(), resolve(found);
      };
      const done = () => (clearTimeout(timer), this.watchers.delete(check));
      const fail = (error) => (done(), reject(error));
      this.watchers.add(check);
      check();
    });
  }

  keep(name, payload) {
    this.unasked.push({ name, payload });
    for (const check of [...this.watchers]) check();
  }

  /** Emits and waits for a good acknowledgement. */
  async ok(event, payload) {
    const ack = await new Promise((resolve) => this.socket.emit(event, payload, resolve));
    if (!ack.ok) throw new Error(`${event}: ${JSON.stringify(ack)}`);
    return ack;
  }

  take(message) {
    this.messages.set(message.seq, message);
    for (const check of [...this.watchers]) check();
  }

  /** The last one of which all before it have come. */
  get seen() {
    let seq = 0;
    while (this.messages.has(seq + 1)) seq += 1;
    return seq;
  }

  async join(roomId) {
    const ack = await this.ok('join-room', { roomId, after: this.seen });
    this.rooms.add(roomId);
    ack.messages.forEach((message) => this.take(message));
    return ack;
  }

  /** As a client should on coming back: what was missed first, then what was not acknowledged. */
  async resume() {
    for (const roomId of this.rooms) await this.join(roomId);
    for (const clientId of this.outbox.keys()) this.transmit(clientId);
    this.keep('resumed');
  }

  /** Sends a message as often as it takes. */
  send(roomId, content) {
    const clientId = `${this.user.id}-${this.outbox.size + this.acknowledged.size}`;
    this.outbox.set(clientId, { roomId, content, clientId });
    if (this.socket.connected) this.transmit(clientId);
  }

  transmit(clientId) {
    this.socket.emit('send-message', this.outbox.get(clientId), (ack) => {
      // The client calls back with an error where the connection was lost.
      if (!ack?.ok) return;
      this.outbox.delete(clientId);
      this.acknowledged.set(clientId, ack.message);
      for (const check of [...this.watchers]) check();
    });
  }

  /** Waits until everything that was sent is acknowledged. */
  delivered() {
    return this.until('the last acknowledgement', () => this.outbox.size === 0 || undefined);
  }

  /** Waits until messages up to this number have come, without a gap. */
  caughtUp(seq) {
    return this.until(`message ${seq}`, () => this.seen >= seq || undefined);
  }

  close() {
    this.socket.close();
  }
}
