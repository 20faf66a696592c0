/** Rooms for a few, rooms of two, and what is unread as the server knows it, on whatever device it was read. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chat } from '../../static/state/chat.js';
import { Rooms } from '../../static/state/rooms.js';
import { fakeServer, fakeTimers, id, message, room, settle, storage } from './fakes.js';

const me = { id: id(1), username: 'Ada' };

/** A server that knows what was read. */
function setUp({ shelf = storage() } = {}) {
  const server = fakeServer();
  const timers = fakeTimers();
  const reads = new Map();
  const { rest, connection } = server;
  const reading = (roomId) => {
    const readSeq = reads.get(roomId) ?? 0;
    const after = (server.log.get(roomId) ?? []).filter((one) => one.seq > readSeq && one.sender !== me.id);
    return { readSeq, unread: after.length, mentions: after.filter((one) => one.mentions?.includes(me.id)).length };
  };
  for (const name of ['rooms', 'room']) {
    const ask = rest[name];
    const known = (one) => ({ ...one, ...(one.joined ? reading(one.id) : {}) });
    rest[name] = async (...args) => [await ask(...args)].flat().map(known)[name === 'rooms' ? 'slice' : 'at'](0);
  }
  const { answer } = connection;
  connection.answer = async (event, payload) => {
    if (event === 'mark-read') {
      reads.set(payload.roomId, Math.max(reads.get(payload.roomId) ?? 0, payload.seq));
      return { ok: true, ...reading(payload.roomId) };
    }
    const reply = await answer(event, payload);
    if (event === 'join-room') reply.room = { ...reply.room, ...reading(payload.roomId) };
    return reply;
  };
  const open = () => new Chat({ rest, connection, storage: shelf, user: me, wait: async () => {}, timers });
  return { server, timers, reads, reading, open, connection, rest };
}

const unreadIn = (chat, roomId) => {
  const one = chat.rooms.byId.get(roomId);
  return [chat.marks.unread(one), chat.marks.mentions(one)];
};

test('a browser that was never here shows what the server says is unread, and what of it names the user', async () => {
  const { server, reads, open } = setUp();
  const roomId = server.addRoom(1);
  for (let n = 0; n < 4; n += 1) server.say(roomId, n === 3 ? { mentions: [me.id] } : {});
  reads.set(roomId, 1);
  const chat = open();
  await server.up();
  assert.deepEqual(unreadIn(chat, roomId), [3, 1]);
  assert.equal(chat.unread, 3);
});

test('what is read is told to the server, at once and then once a second, the last of it', async () => {
  const { server, timers, reads, open, connection } = setUp();
  const roomId = server.addRoom(1);
  for (let n = 0; n < 5; n += 1) server.say(roomId);
  const chat = open();
  await server.up();
  for (const seq of [1, 2, 3]) chat.reader.saw(roomId, seq);
  await settle();
  assert.deepEqual(connection.of('mark-read'), [{ roomId, seq: 1 }]);
  assert.deepEqual(unreadIn(chat, roomId), [2, 0]);
  await timers.pass(1_000);
  assert.deepEqual(connection.of('mark-read').at(-1), { roomId, seq: 3 });
  assert.equal(connection.of('mark-read').length, 2);
  assert.equal(reads.get(roomId), 3);
  await timers.pass(5_000);
  assert.equal(connection.of('mark-read').length, 2, 'nothing new, nothing told');
});

test('what was read while the connection was away is told when it is back', async () => {
  const { server, reads, open } = setUp();
  const roomId = server.addRoom(1);
  for (let n = 0; n < 3; n += 1) server.say(roomId);
  const chat = open();
  await server.up();
  server.down();
  chat.reader.saw(roomId, 3);
  assert.deepEqual(unreadIn(chat, roomId), [0, 0]);
  assert.equal(reads.get(roomId), undefined);
  await server.up();
  assert.equal(reads.get(roomId), 3);
  assert.deepEqual(unreadIn(chat, roomId), [0, 0]);
});

test('what is read on the phone is read here, and the line “New” knows of it', async () => {
  const { server, open, connection } = setUp();
  const roomId = server.addRoom(1);
  const chat = open();
  await server.up();
  for (let n = 0; n < 3; n += 1) server.say(roomId, { mentions: [me.id] });
  await settle();
  assert.deepEqual(unreadIn(chat, roomId), [3, 3]);
  connection.emit('room-read', { roomId, readSeq: 2, unread: 1, mentions: 1 });
  assert.deepEqual(unreadIn(chat, roomId), [1, 1]);
  assert.equal(chat.marks.read[roomId], 2);
  assert.equal(chat.reading.elsewhere.get(roomId), 2);
  // Never back.
  connection.emit('room-read', { roomId, readSeq: 1, unread: 2, mentions: 2 });
  assert.deepEqual(unreadIn(chat, roomId), [1, 1]);
});

test('one’s own message reads what stands before it, and a message is counted once whatever comes first', async () => {
  const { server, open, connection } = setUp();
  const roomId = server.addRoom(1);
  const chat = open();
  await server.up();
  server.say(roomId);
  connection.emit('new-message', message(roomId, 1));
  assert.deepEqual(unreadIn(chat, roomId), [1, 0]);
  // The server has counted the next one already, before it is told here.
  connection.emit('room-read', { roomId, readSeq: 1, unread: 1, mentions: 0 });
  assert.deepEqual(unreadIn(chat, roomId), [0, 0]);
  server.say(roomId);
  assert.deepEqual(unreadIn(chat, roomId), [1, 0]);
  server.say(roomId, { sender: me.id, clientId: 'x' });
  assert.deepEqual(unreadIn(chat, roomId), [0, 0]);
});

test('an older server is not asked for what it does not know', async () => {
  const server = fakeServer();
  const roomId = server.addRoom(1);
  const { rest, connection } = server;
  const chat = new Chat({ rest, connection, storage: storage(), user: me, wait: async () => {}, timers: fakeTimers() });
  await server.up();
  server.say(roomId, { mentions: [me.id] });
  assert.deepEqual(unreadIn(chat, roomId), [1, 0]);
  chat.reader.saw(roomId, 1);
  await settle();
  assert.deepEqual(connection.of('mark-read'), []);
  assert.deepEqual(unreadIn(chat, roomId), [0, 0]);
});

test('who is added to a private room follows it at once, and is told when somebody takes one out', async () => {
  const { server, open, connection } = setUp();
  const chat = open();
  const said = [];
  chat.members.onRemoved = (name) => said.push(name);
  await server.up();
  const roomId = server.addRoom(4, { kind: 'private', name: 'Board' });
  const { joined, ...told } = await server.rest.room(roomId);
  connection.emit('room-created', told);
  await settle();
  assert.equal(chat.rooms.byId.get(roomId).joined, true);
  assert.deepEqual(connection.of('join-room').map((one) => one.roomId), [roomId]);
  connection.emit('room-deleted', { roomId, reason: 'removed' });
  assert.equal(chat.rooms.byId.has(roomId), false);
  assert.deepEqual(said, ['Board']);
});

test('leaving a private room is by its members and says nothing more; unsubscribing is no leaving', async () => {
  const { server, open, connection, rest } = setUp();
  const roomId = server.addRoom(4, { kind: 'private', name: 'Board' });
  const removed = [];
  rest.removeMember = async (...args) => {
    removed.push(args);
    connection.emit('room-deleted', { roomId, reason: 'removed' });
  };
  const chat = open();
  const said = [];
  chat.members.onRemoved = (name) => said.push(name);
  await server.up();
  await chat.members.leave(roomId);
  assert.deepEqual(removed, [[roomId, me.id]]);
  assert.deepEqual(connection.of('leave-room'), []);
  assert.equal(chat.rooms.byId.has(roomId), false);
  assert.deepEqual(said, []);
});

test('a room of two shows once something was said, and before that to whoever opened it', async () => {
  const direct = (number, more) => room(number, { kind: 'direct', name: 'Bob', createdBy: { id: id(2) }, ...more });
  const rooms = new Rooms(me.id);
  rooms.finishFetch([
    direct(1),
    direct(2, { lastSeq: 1 }),
    direct(3, { createdBy: { id: me.id } }),
    room(4),
    room(5, { joined: false }),
  ]);
  const ids = () => Object.values(rooms.list()).map((group) => group.map((one) => one.id).sort());
  assert.deepEqual(ids(), [[id(2), id(3)], [id(4)], [id(5)]]);
  rooms.show(id(1));
  assert.deepEqual(ids()[0], [id(1), id(2), id(3)]);
});

test('a message in a room that this tab does not follow rings, counts, and brings the tab in', async () => {
  const { server, open, connection } = setUp();
  const roomId = server.addRoom(1, { joined: false });
  const chat = open();
  const heard = [];
  chat.onMessage = (one) => heard.push(one.seq);
  await server.up();
  const stored = server.store(roomId).stored;
  server.rooms.get(roomId).joined = true;
  connection.emit('room-unread', { roomId, lastSeq: 1, lastMessage: stored, unread: 1, mentions: 0 });
  assert.deepEqual(unreadIn(chat, roomId), [1, 0]);
  assert.deepEqual(heard, [1]);
  await settle();
  assert.deepEqual(connection.of('join-room').map((one) => one.roomId), [roomId]);
});

test('all rooms are marked as read at once, and told to the server no faster than it takes', async () => {
  const { server, timers, reads, open, connection } = setUp();
  const rooms = Array.from({ length: 40 }, (_, index) => server.addRoom(index + 1));
  for (const roomId of rooms) server.say(roomId);
  const chat = open();
  await server.up();
  assert.equal(chat.unread, 40);
  chat.markAllRead();
  assert.equal(chat.unread, 0);
  for (let second = 0; second < 4; second += 1) {
    const before = connection.of('mark-read').length;
    await timers.pass(1_000);
    assert.ok(connection.of('mark-read').length - before <= 15);
  }
  assert.equal(reads.size, 40);
});
