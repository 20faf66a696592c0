/** Stand-ins for what the client's logic talks to: a clock, timers, a shelf, a connection, a server of rooms. */

import { BrowserStorage, memoryShelf } from '../../static/state/storage.js';
import { RequestError } from '../../static/protocol/errors.js';

export const storage = () => new BrowserStorage(memoryShelf());

/** Lets everything that waits on promises go on. */
export async function settle() {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

/** Time that goes on when the test says so. */
export function fakeTimers() {
  let now = 0;
  let next = 1;
  const waiting = new Map();
  const add = (work, ms, every) => {
    waiting.set(next, { work, at: now + ms, every });
    return next++;
  };
  return {
    now: () => now,
    setTimeout: (work, ms = 0) => add(work, ms, 0),
    clearTimeout: (id) => waiting.delete(id),
    setInterval: (work, ms) => add(work, ms, ms),
    clearInterval: (id) => waiting.delete(id),
    /** @param {number} ms */
    async pass(ms) {
      const end = now + ms;
      for (;;) {
        const due = [...waiting].filter(([, one]) => one.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
        if (!due) break;
        const [id, one] = due;
        now = one.at;
        if (one.every) one.at += one.every;
        else waiting.delete(id);
        one.work();
        await settle();
      }
      now = end;
      await settle();
    },
  };
}

/** A connection whose other end is a function of event and payload. */
export function fakeConnection(answer = () => ({ ok: true })) {
  const listeners = new Map();
  const connection = {
    status: 'offline',
    sent: [],
    answer,
    on(event, listener) {
      const set = listeners.get(event) ?? new Set();
      listeners.set(event, set.add(listener));
      return () => set.delete(listener);
    },
    emit(event, payload) {
      for (const listener of [...(listeners.get(event) ?? [])]) listener(payload);
    },
    become(status) {
      connection.status = status;
      connection.emit('status', status);
    },
    async request(event, payload) {
      if (connection.status !== 'online') throw new RequestError('offline', 'away');
      connection.sent.push({ event, payload });
      const ack = await connection.answer(event, payload);
      if (ack?.ok === false) {
        throw new RequestError(ack.code, ack.message ?? '', { detail: ack, retryAfterMs: ack.retryAfterMs });
      }
      return ack;
    },
    /** Payloads of what was sent under a name. */
    of: (event) => connection.sent.filter((one) => one.event === event).map((one) => one.payload),
    open() {},
    close() {},
  };
  return connection;
}

/** What Socket.IO's client is to the connection. */
export function fakeSocket() {
  const handlers = new Map();
  let any = () => {};
  const socket = {
    connected: false,
    active: true,
    connects: 0,
    emitted: [],
    on: (event, handler) => handlers.set(event, handler),
    onAny: (handler) => (any = handler),
    connect: () => void (socket.connects += 1),
    disconnect: () => void (socket.connected = false),
    timeout: () => ({ emit: (event, payload, ack) => socket.emitted.push({ event, payload, ack }) }),
    fire: (event, ...args) => handlers.get(event)(...args),
    receive: (event, payload) => any(event, payload),
    come() {
      socket.connected = true;
      socket.fire('connect');
    },
  };
  return socket;
}

export const id = (number) => String(number).padStart(24, '0');

export const message = (room, seq, more = {}) => ({
  _id: id(seq),
  id: id(seq),
  room,
  sender: id(7),
  senderName: 'Bo',
  content: `message ${seq}`,
  timestamp: new Date(1_700_000_000_000 + seq * 1000).toISOString(),
  seq,
  ...more,
});

export const room = (number, more = {}) => ({
  _id: id(number),
  id: id(number),
  name: `Room ${number}`,
  description: '',
  createdBy: { _id: id(1), id: id(1), username: 'Ada' },
  createdAt: '2026-01-01T00:00:00.000Z',
  participants: [],
  participantCount: 0,
  onlineCount: 0,
  lastSeq: 0,
  lastMessageAt: null,
  lastMessage: null,
  call: null,
  joined: true,
  ...more,
});

/** A server that holds rooms and messages, behind the same face as the real one. */
export function fakeServer({ me = id(1) } = {}) {
  const rooms = new Map();
  const log = new Map();
  const rest = {
    asked: [],
    async rooms() {
      return [...rooms.values()].map((one) => view(one.id));
    },
    async room(roomId) {
      return view(roomId);
    },
    async messages(roomId, query = {}) {
      rest.asked.push({ roomId, ...query });
      const all = log.get(roomId) ?? [];
      const limit = query.limit ?? 50;
      if (query.before !== undefined) return all.filter((one) => one.seq < query.before).slice(-limit);
      if (query.after !== undefined) return all.filter((one) => one.seq > query.after).slice(0, limit);
      return all.slice(-limit);
    },
    async calls() {
      return [];
    },
    async iceServers() {
      return { iceServers: [], ttl: 86_400 };
    },
  };
  const view = (roomId) => {
    const all = log.get(roomId) ?? [];
    const last = all.at(-1) ?? null;
    return { ...rooms.get(roomId), lastSeq: last?.seq ?? 0, lastMessage: last, lastMessageAt: last?.timestamp ?? null };
  };
  const store = (roomId, more = {}) => {
    const all = log.get(roomId) ?? [];
    log.set(roomId, all);
    const known = more.clientId && all.find((one) => one.clientId === more.clientId && one.sender === more.sender);
    if (known) return { stored: known, fresh: false };
    const stored = message(roomId, (all.at(-1)?.seq ?? 0) + 1, more);
    all.push(stored);
    return { stored, fresh: true };
  };
  const connection = fakeConnection((event, payload) => {
    if (event === 'join-room') {
      const all = log.get(payload.roomId) ?? [];
      const missed = all.filter((one) => one.seq > payload.after);
      const lastSeq = all.at(-1)?.seq ?? 0;
      const named = all.find((one) => one.seq === payload.after);
      const reset =
        payload.after > lastSeq ||
        (payload.after > 0 && payload.afterId !== undefined && named?.id !== payload.afterId);
      return {
        ok: true,
        room: { ...view(payload.roomId), joined: true },
        participants: [],
        lastSeq,
        ...(payload.after === undefined ? {} : { messages: missed.slice(0, 200), more: missed.length > 200 }),
        ...(reset ? { messages: [], more: false, reset: true } : {}),
      };
    }
    if (event === 'send-message') {
      const { stored, fresh } = store(payload.roomId, {
        sender: me,
        senderName: 'Ada',
        content: payload.content,
        clientId: payload.clientId,
      });
      if (fresh) connection.emit('new-message', stored);
      return { ok: true, message: stored };
    }
    return { ok: true };
  });
  return {
    rest,
    connection,
    rooms,
    log,
    store,
    addRoom(number, more) {
      rooms.set(id(number), room(number, more));
      return id(number);
    },
    /** Somebody else writes: stored, and told where this client is connected. */
    say(roomId, more) {
      const { stored } = store(roomId, more);
      if (connection.status === 'online') connection.emit('new-message', stored);
      return stored;
    },
    /** Brings the connection up and lets the client settle. */
    async up() {
      connection.become('online');
      await settle();
    },
    down: () => connection.become('connecting'),
  };
}
