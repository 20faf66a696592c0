/** Rooms and messages over losses of the connection: nothing is lost, nothing comes twice. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chat } from '../../static/state/chat.js';
import { WINDOW } from '../../static/state/timeline.js';
import { fakeServer, fakeTimers, id, settle, storage } from './fakes.js';

const me = { id: id(1), username: 'Ada' };

function setUp(shelf = storage()) {
  const server = fakeServer();
  const waits = [];
  const wait = (ms) => new Promise((resolve) => waits.push({ ms, resolve }));
  const timers = fakeTimers();
  const { rest, connection } = server;
  const open = () => new Chat({ rest, connection, storage: shelf, user: me, wait, timers });
  /** What waits for time to pass goes on. */
  const passWaits = async () => {
    for (const one of waits.splice(0)) one.resolve();
    await settle();
  };
  return { server, open, shelf, timers, passWaits, waits };
}

const seqs = (chat, roomId) => chat.history.of(roomId).messages.map((one) => one.seq);

test('at connect it joins exactly the rooms where one is a participant', async () => {
  const { server, open } = setUp();
  const inside = server.addRoom(1, { joined: true });
  server.addRoom(2, { joined: false });
  open();
  await server.up();
  assert.deepEqual(server.connection.of('join-room').map((one) => one.roomId), [inside]);
});

test('what was said while the connection was away comes with the join, in order and once', async () => {
  const { server, open } = setUp();
  const roomId = server.addRoom(1);
  const chat = open();
  chat.open(roomId);
  server.say(roomId);
  await server.up();
  server.say(roomId);
  await settle();
  server.down();
  for (let n = 0; n < 3; n += 1) server.say(roomId);
  await server.up();
  assert.deepEqual(seqs(chat, roomId), [1, 2, 3, 4, 5]);
  assert.equal(server.connection.of('join-room').at(-1).after, 2);
});

test('more than one page of what was missed is fetched to the end', async () => {
  const { server, open } = setUp();
  const roomId = server.addRoom(1);
  const chat = open();
  chat.open(roomId);
  server.say(roomId);
  await server.up();
  server.down();
  for (let n = 0; n < 250; n += 1) server.say(roomId);
  await server.up();
  assert.equal(seqs(chat, roomId).length, 251);
  assert.equal(chat.history.of(roomId).newest, 251);
});

/** Reads on until the end of the room is held; what was passed, in order. */
async function readOn(chat, roomId) {
  const timeline = chat.history.of(roomId);
  const passed = seqs(chat, roomId);
  while (!timeline.attached) {
    await chat.history.newer(roomId);
    await settle();
    assert.ok(timeline.messages.length <= WINDOW);
    passed.push(...seqs(chat, roomId).filter((seq) => seq > passed.at(-1)));
  }
  return passed;
}

const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('who missed more than a window holds stays where one was, and reads on to the end without a hole', async () => {
  const { server, open } = setUp();
  const roomId = server.addRoom(1);
  const chat = open();
  chat.open(roomId);
  server.say(roomId);
  await server.up();
  server.down();
  for (let n = 0; n < 1500; n += 1) server.say(roomId);
  await server.up();
  assert.deepEqual(seqs(chat, roomId), [1]);
  // What comes live meanwhile only counts.
  server.say(roomId);
  await settle();
  assert.deepEqual(seqs(chat, roomId), [1]);
  assert.equal(chat.marks.unread(chat.rooms.byId.get(roomId)), 1501);
  assert.deepEqual(await readOn(chat, roomId), numbers(1, 1502));
  server.say(roomId);
  await settle();
  assert.equal(seqs(chat, roomId).at(-1), 1503);
});

test('a room not looked at that has missed more than a window holds begins anew where one left off', async () => {
  const { server, open } = setUp();
  const [roomId, other] = [server.addRoom(1), server.addRoom(2)];
  const chat = open();
  chat.open(roomId);
  await server.up();
  server.say(roomId);
  await settle();
  chat.reader.saw(roomId, 1);
  chat.open(other);
  server.down();
  for (let n = 0; n < 1500; n += 1) server.say(roomId);
  await server.up();
  assert.equal(chat.history.of(roomId), undefined);
  chat.open(roomId);
  await settle();
  assert.deepEqual(seqs(chat, roomId).slice(0, 2), [1, 2]);
});

/** In view is a room of which 100 messages were read, and 900 more came. */
async function farBehind() {
  const { server, open } = setUp();
  const roomId = server.addRoom(1);
  const chat = open();
  for (let n = 0; n < 100; n += 1) server.store(roomId);
  await server.up();
  for (let n = 0; n < 900; n += 1) server.say(roomId);
  chat.open(roomId);
  await settle();
  return { server, chat, roomId };
}

test('a room is opened around the first message that was not read, and its end is one request away', async () => {
  const { server, chat, roomId } = await farBehind();
  assert.deepEqual(seqs(chat, roomId), numbers(51, 150));
  assert.equal(chat.history.of(roomId).attached, false);
  chat.reader.toNewest(roomId);
  await settle();
  assert.deepEqual(seqs(chat, roomId), numbers(951, 1000));
  server.say(roomId);
  assert.equal(chat.history.of(roomId).newest, 1001);
});

test('what comes while the newest page is on its way is not missed', async () => {
  const { server, chat, roomId } = await farBehind();
  const { messages } = server.rest;
  server.rest.messages = async (...asked) => {
    const page = await messages(...asked);
    server.rest.messages = messages;
    server.say(roomId);
    server.say(roomId);
    return page;
  };
  chat.reader.toNewest(roomId);
  await settle();
  assert.deepEqual(seqs(chat, roomId).slice(-3), [1000, 1001, 1002]);
});

test('what one writes is shown, also where the end of the room was not', async () => {
  const { server, chat, roomId } = await farBehind();
  chat.send(roomId, 'an answer');
  await settle();
  assert.equal(contents(chat, roomId).at(-1), 'an answer');
  assert.equal(chat.unread, 0);
});

test('a room that is looked at from outside is fresh after each look, and so is its line in the list', async () => {
  const { server, open } = setUp();
  const roomId = server.addRoom(1, { joined: false });
  const chat = open();
  chat.open(roomId);
  await server.up();
  server.store(roomId, { content: 'unheard' });
  assert.deepEqual(contents(chat, roomId), []);
  await chat.sync.lookIn(roomId);
  await settle();
  assert.deepEqual(contents(chat, roomId), ['unheard']);
  assert.equal(chat.rooms.byId.get(roomId).lastMessage.content, 'unheard');
  // A look that fails says nothing; one that finds no room takes it away.
  const { RequestError } = await import('../../static/protocol/errors.js');
  const refuse = (code) => (server.rest.room = async () => Promise.reject(new RequestError(code, code)));
  refuse('unreachable');
  await chat.sync.lookIn(roomId);
  assert.equal(chat.history.problems.size, 0);
  assert.ok(chat.rooms.byId.has(roomId));
  refuse('room_not_found');
  await chat.sync.lookIn(roomId);
  assert.equal(chat.rooms.byId.has(roomId), false);
});

test('who joins a room has nothing unread in it', async () => {
  const { server, open } = setUp();
  const roomId = server.addRoom(1, { joined: false });
  const chat = open();
  await server.up();
  for (let n = 0; n < 9; n += 1) server.store(roomId);
  await chat.members.join(roomId);
  assert.equal(chat.unread, 0);
});

test('a number that is skipped live is fetched', async () => {
  const { server, open } = setUp();
  const roomId = server.addRoom(1);
  const chat = open();
  chat.open(roomId);
  server.say(roomId);
  await server.up();
  server.store(roomId);
  server.say(roomId);
  await settle();
  assert.deepEqual(seqs(chat, roomId), [1, 2, 3]);
});

test('after a reset of the store it starts afresh', async () => {
  const { server, open } = setUp();
  const roomId = server.addRoom(1);
  const chat = open();
  chat.open(roomId);
  for (let n = 0; n < 9; n += 1) server.say(roomId, { content: 'old' });
  await server.up();
  server.down();
  server.log.set(roomId, server.log.get(roomId).slice(0, 4).map((one) => ({ ...one, content: 'restored' })));
  await server.up();
  assert.deepEqual(seqs(chat, roomId), [1, 2, 3, 4]);
  assert.ok(chat.history.of(roomId).messages.every((one) => one.content === 'restored'));
});

/** The store of a room is put back to its first messages, and others write on from there. */
function putBack(server, roomId, kept, written) {
  server.log.set(roomId, server.log.get(roomId).slice(0, kept));
  for (let n = 1; n <= written; n += 1) server.store(roomId, { content: 'since', id: id(900 + n), _id: id(900 + n) });
}

const contents = (chat, roomId) => chat.history.of(roomId).messages.map((one) => one.content);

test('a store that was put back and has grown past what was seen is told by the id of the last message', async () => {
  const { server, open } = setUp();
  const roomId = server.addRoom(1);
  const chat = open();
  chat.open(roomId);
  for (let n = 0; n < 5; n += 1) server.say(roomId, { content: 'before' });
  await server.up();
  server.down();
  putBack(server, roomId, 2, 4);
  await server.up();
  const asked = server.connection.of('join-room').at(-1);
  assert.deepEqual([asked.after, asked.afterId], [5, id(5)]);
  assert.deepEqual(seqs(chat, roomId), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(contents(chat, roomId), ['before', 'before', 'since', 'since', 'since', 'since']);
});

test('wherever a number is sent to catch up from, the id of its message goes with it', async () => {
  const { server, open } = setUp();
  const roomId = server.addRoom(1);
  const empty = server.addRoom(2);
  const chat = open();
  chat.open(roomId);
  await settle();
  chat.open(empty);
  await server.up();
  for (let round = 0; round < 3; round += 1) {
    server.say(roomId);
    await settle();
    server.down();
    await server.up();
  }
  const asked = server.connection.of('join-room');
  assert.ok(asked.some((one) => one.after === 3 && one.afterId === id(3)));
  assert.ok(asked.some((one) => one.roomId === empty && one.after === 0 && one.afterId === undefined));
  assert.ok(asked.every((one) => one.afterId === (one.after ? id(one.after) : undefined)));
});

test('a room that is read without being joined begins afresh too where its store was put back', async () => {
  const { server, open } = setUp();
  const roomId = server.addRoom(1, { joined: false });
  const chat = open();
  chat.open(roomId);
  for (let n = 0; n < 5; n += 1) server.say(roomId, { content: 'before' });
  await server.up();
  assert.deepEqual(seqs(chat, roomId), [1, 2, 3, 4, 5]);
  for (const [kept, written] of [[2, 4], [1, 0]]) {
    server.down();
    putBack(server, roomId, kept, written);
    await server.up();
    const expected = Array.from({ length: kept + written }, (_, at) => (at < kept ? 'before' : 'since'));
    assert.deepEqual(contents(chat, roomId), expected);
  }
});

test('what is written while the connection is away is sent after joining, each once, in order', async () => {
  const { server, open } = setUp();
  const roomId = server.addRoom(1);
  const chat = open();
  chat.open(roomId);
  await server.up();
  server.down();
  chat.send(roomId, 'one');
  chat.send(roomId, 'two');
  server.say(roomId, { content: 'meanwhile' });
  assert.equal(chat.outbox.of(roomId).length, 2);
  await server.up();
  assert.deepEqual(server.log.get(roomId).map((one) => one.content), ['meanwhile', 'one', 'two']);
  assert.equal(chat.outbox.of(roomId).length, 0);
  const events = server.connection.sent.map((one) => one.event);
  assert.ok(events.lastIndexOf('join-room') < events.indexOf('send-message'));
});

test('what waits survives a reload under the same clientId, and a lost answer does not double it', async () => {
  const { server, open, shelf } = setUp();
  const roomId = server.addRoom(1);
  const chat = open();
  await server.up();
  // Stored, but the acknowledgement is lost with the connection.
  const answer = server.connection.answer;
  server.connection.answer = async (event, payload) => {
    if (event !== 'send-message') return answer(event, payload);
    server.store(roomId, { sender: me.id, content: payload.content, clientId: payload.clientId });
    server.down();
    return { ok: false, code: 'offline' };
  };
  chat.send(roomId, 'only once');
  await settle();
  chat.close();
  server.connection.answer = answer;

  const again = open();
  assert.equal(again.outbox.of(roomId).length, 1);
  await server.up();
  assert.equal(server.log.get(roomId).length, 1);
  assert.equal(again.outbox.of(roomId).length, 0);
});

test('a message that the server refuses is shown as failed and can be tried again or discarded', async () => {
  const { server, open } = setUp();
  const roomId = server.addRoom(1);
  const chat = open();
  await server.up();
  const answer = server.connection.answer;
  server.connection.answer = (event, payload) =>
    event === 'send-message' ? { ok: false, code: 'validation_failed', message: 'too long' } : answer(event, payload);
  chat.send(roomId, 'x');
  await settle();
  const [failed] = chat.outbox.of(roomId);
  assert.deepEqual([failed.state, failed.problem], ['failed', 'too long']);
  server.connection.answer = answer;
  chat.retry(failed.clientId);
  await settle();
  assert.equal(server.log.get(roomId)[0].clientId, failed.clientId);
  assert.equal(chat.outbox.of(roomId).length, 0);
});

test('too fast is not failed: it waits as long as the server says', async () => {
  const { server, open, waits, passWaits } = setUp();
  const roomId = server.addRoom(1);
  const chat = open();
  await server.up();
  const answer = server.connection.answer;
  let refusals = 1;
  server.connection.answer = (event, payload) =>
    event === 'send-message' && refusals-- > 0
      ? { ok: false, code: 'rate_limited', retryAfterMs: 700 }
      : answer(event, payload);
  chat.send(roomId, 'patient');
  await settle();
  assert.equal(chat.outbox.of(roomId)[0].state, 'waiting');
  assert.equal(waits[0].ms, 700);
  await passWaits();
  assert.equal(server.log.get(roomId)[0].content, 'patient');
});

test('messages are unread until they are seen, and what comes to an end that somebody watches is seen', async () => {
  const { server, open } = setUp();
  const roomId = server.addRoom(1);
  const chat = open();
  await server.up();
  for (let n = 0; n < 3; n += 1) server.say(roomId);
  await settle();
  assert.equal(chat.unread, 3);
  chat.open(roomId);
  await settle();
  assert.equal(chat.unread, 3);
  chat.reader.saw(roomId, 2);
  assert.equal(chat.unread, 1);
  chat.reader.saw(roomId, 1);
  assert.equal(chat.unread, 1);
  chat.reader.saw(roomId, 3);
  chat.reader.watch(true);
  server.say(roomId);
  assert.equal(chat.unread, 0);
});

test('what was missed is not read by having been at the end before', async () => {
  const { server, open } = setUp();
  const roomId = server.addRoom(1);
  const chat = open();
  chat.open(roomId);
  await server.up();
  chat.reader.watch(true);
  server.down();
  for (let n = 0; n < 9; n += 1) server.say(roomId);
  await server.up();
  assert.equal(chat.unread, 9);
});

test('leaving in another tab leaves here too', async () => {
  const { server, open } = setUp();
  const roomId = server.addRoom(1);
  const chat = open();
  await server.up();
  server.connection.emit('user-left', { roomId, userId: me.id, username: 'Ada', socketId: 's', reason: 'left' });
  assert.equal(chat.rooms.byId.get(roomId).joined, false);
  assert.equal(chat.sync.live.has(roomId), false);
});

test('the list of rooms is asked for until the server answers', async () => {
  const { server, open, passWaits } = setUp();
  const roomId = server.addRoom(1);
  const rooms = server.rest.rooms;
  let refusals = 2;
  server.rest.rooms = async () => {
    if (refusals-- > 0) {
      throw Object.assign(new (await import('../../static/protocol/errors.js')).RequestError('storage', 'no'));
    }
    return rooms();
  };
  const chat = open();
  await server.up();
  assert.equal(chat.rooms.loaded, false);
  await passWaits();
  await passWaits();
  assert.deepEqual([...chat.rooms.byId.keys()], [roomId]);
});

test('who comes between the list of a room and the answer to joining it stays known', async () => {
  const { server, open } = setUp();
  const roomId = server.addRoom(1);
  const { answer } = server.connection;
  const ada = { userId: id(1), username: 'Ada', online: true, socketIds: ['a'] };
  server.connection.answer = (event, payload) => {
    if (event !== 'join-room') return answer(event, payload);
    server.connection.emit('room-participants', { roomId, participants: [ada] });
    server.connection.emit('user-joined', { roomId, userId: id(2), username: 'Bo', socketId: 'b' });
    return { ...answer(event, payload), participants: [ada] };
  };
  const chat = open();
  await server.up();
  assert.deepEqual(chat.rooms.people.of(roomId).map((one) => one.username), ['Ada', 'Bo']);
});

/** A server that takes a socket into so many rooms. */
function limitRooms(server, most) {
  const { answer } = server.connection;
  const inside = new Set();
  server.connection.on('status', () => inside.clear());
  server.connection.answer = (event, payload) => {
    if (event === 'leave-room') inside.delete(payload.roomId);
    if (event !== 'join-room') return answer(event, payload);
    if (!inside.has(payload.roomId) && inside.size >= most) return { ok: false, code: 'limit_reached' };
    inside.add(payload.roomId);
    return answer(event, payload);
  };
}

test('who is in more rooms than a connection takes is in the liveliest, and is told which are not', async () => {
  const { server, open } = setUp();
  limitRooms(server, 2);
  const [quiet, busy, last, inView] = [1, 2, 3, 4].map((number) => server.addRoom(number));
  for (const roomId of [quiet, busy, busy, last, last, last]) server.say(roomId);
  const chat = open();
  chat.open(inView);
  await server.up();
  assert.deepEqual([...chat.sync.live].sort(), [last, inView]);
  assert.deepEqual([...chat.sync.beyond].sort(), [quiet, busy]);
  chat.open(quiet);
  server.store(quiet, { content: 'seen all the same' });
  await chat.sync.lookIn(quiet);
  await settle();
  assert.deepEqual(seqs(chat, quiet), [1, 2]);
  assert.equal(chat.sync.beyond.has(quiet), true);
});

test('a room that was too many is followed once another was left, and what was written for it is sent', async () => {
  const { server, open } = setUp();
  limitRooms(server, 1);
  const [first, second] = [server.addRoom(1), server.addRoom(2)];
  server.say(first);
  const chat = open();
  await server.up();
  chat.send(second, 'later');
  await settle();
  assert.equal(server.log.get(second), undefined);
  await chat.members.leave(first);
  await settle();
  assert.deepEqual([...chat.sync.live], [second]);
  assert.equal(chat.sync.beyond.size, 0);
  assert.equal(server.log.get(second)[0].content, 'later');
});
