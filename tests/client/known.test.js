/**
 * What was known last: there at the next visit without the server, put right by it, and never more than there is room
 * for.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chat } from '../../static/state/chat.js';
import { BOUND, Known } from '../../static/state/known.js';
import { Rooms } from '../../static/state/rooms.js';
import { BrowserStorage, memoryShelf } from '../../static/state/storage.js';
import { Timeline } from '../../static/state/timeline.js';
import { fakeServer, fakeTimers, id, message, room, settle, storage } from './fakes.js';

const me = { id: id(1), username: 'Ada' };

/** One browser and its server; each visit is a page of its own. */
function browser(shelf = storage()) {
  const server = fakeServer();
  const visit = () => {
    const timers = fakeTimers();
    const { rest, connection } = server;
    const chat = new Chat({
      rest,
      connection,
      storage: shelf,
      user: me,
      timers,
      wait: () => new Promise(() => undefined),
    });
    return { chat, timers };
  };
  /** The page is left, and the server is away afterwards. */
  const leave = ({ chat }) => {
    chat.remember();
    chat.close();
    server.down();
  };
  return { server, shelf, visit, leave };
}

const contents = (chat, roomId) => chat.history.of(roomId)?.messages.map((one) => one.content);

/** A visit in which a room with so many messages was read to its end. */
async function firstVisit({ server, visit, leave }, roomId, count) {
  const page = visit();
  page.chat.open(roomId);
  await server.up();
  for (let n = 0; n < count; n += 1) server.say(roomId);
  await settle();
  page.chat.reader.saw(roomId, count);
  leave(page);
}

test('without the server the rooms and messages of the last visit are there, and what is written waits', async () => {
  const world = browser();
  const { server, visit } = world;
  const roomId = server.addRoom(1);
  await firstVisit(world, roomId, 3);
  server.store(roomId, { content: 'meanwhile' });

  const { chat } = visit();
  assert.ok(chat.rooms.loaded && !chat.rooms.fetched);
  assert.ok(Date.now() - chat.known.at < 60_000);
  chat.open(roomId);
  assert.deepEqual(contents(chat, roomId), ['message 1', 'message 2', 'message 3']);
  chat.send(roomId, 'from afar');
  assert.equal(chat.outbox.of(roomId)[0].state, 'waiting');

  await server.up();
  assert.equal(server.connection.of('join-room').at(-1).after, 3);
  assert.deepEqual(contents(chat, roomId), ['message 1', 'message 2', 'message 3', 'meanwhile', 'from afar']);
  assert.equal(chat.outbox.of(roomId).length, 0);
});

test('what an earlier visit left moves no read marks before the server has said what is so', async () => {
  const world = browser();
  const { server, shelf, visit } = world;
  const roomId = server.addRoom(1);
  await firstVisit(world, roomId, 9);
  // Another tab read on since, and this one is put back to an older state of the list.
  shelf.write('read', { [roomId]: 12 });
  const { chat } = visit();
  chat.open(roomId);
  chat.reader.watch(true);
  chat.reader.saw(roomId, 9);
  shelf.write('read', { [roomId]: 4 });
  chat.marks.reload();
  chat.reader.saw(roomId, 9);
  assert.deepEqual(shelf.read('read'), { [roomId]: 4 });
  await server.up();
  chat.reader.saw(roomId, 9);
  assert.deepEqual(shelf.read('read'), { [roomId]: 9 });
});

test('a room that was deleted meanwhile goes, with all that was kept of it', async () => {
  const world = browser();
  const { server, shelf, visit, leave } = world;
  const [gone, stays] = [server.addRoom(1), server.addRoom(2)];
  await firstVisit(world, gone, 3);
  await firstVisit(world, stays, 3);
  server.rooms.delete(gone);
  const page = visit();
  page.chat.open(gone);
  assert.equal(page.chat.rooms.byId.size, 2);
  await server.up();
  assert.deepEqual([...page.chat.rooms.byId.keys()], [stays]);
  assert.equal(page.chat.history.of(gone), undefined);
  leave(page);
  assert.deepEqual(shelf.names('known.'), [`known.${stays}`]);
});

test('a store that was put back to an older state replaces what was known', async () => {
  const world = browser();
  const { server, visit } = world;
  const roomId = server.addRoom(1);
  await firstVisit(world, roomId, 9);
  server.log.set(roomId, server.log.get(roomId).slice(0, 4));
  const { chat } = visit();
  chat.open(roomId);
  assert.equal(contents(chat, roomId).length, 9);
  await server.up();
  assert.deepEqual(contents(chat, roomId), ['message 1', 'message 2', 'message 3', 'message 4']);
  assert.equal(chat.marks.read[roomId], 4);
});

test('where the first unread message is not among those kept, the room is opened anew around it', async () => {
  const world = browser();
  const { server, visit, leave } = world;
  const roomId = server.addRoom(1);
  await firstVisit(world, roomId, 10);
  const page = visit();
  page.chat.open(roomId);
  await server.up();
  for (let n = 0; n < 150; n += 1) server.say(roomId);
  await settle();
  leave(page);
  const { chat } = visit();
  chat.open(roomId);
  assert.equal(chat.history.of(roomId).oldest, 111);
  await server.up();
  const { oldest, newest } = chat.history.of(roomId);
  assert.ok(oldest <= 11 && newest >= 60, `${oldest} to ${newest}`);
  assert.equal(chat.unread, 150);
});

test('a room that one looks at without being in it shows what was known, then the newest', async () => {
  const world = browser();
  const { server, visit, leave } = world;
  const roomId = server.addRoom(1, { joined: false });
  const page = visit();
  server.store(roomId);
  page.chat.open(roomId);
  await server.up();
  leave(page);
  for (let n = 0; n < 1000; n += 1) server.store(roomId);
  const { chat } = visit();
  chat.open(roomId);
  assert.deepEqual(contents(chat, roomId), ['message 1']);
  server.rest.asked.length = 0;
  await server.up();
  // Not page after page of all that was missed.
  assert.equal(chat.history.of(roomId).newest, 1001);
  assert.ok(server.rest.asked.length <= 3, `${server.rest.asked.length} requests`);
});

test('a room that nobody had opened is asked of the server once it is back, and no failure stays', async () => {
  const world = browser();
  const { server, visit } = world;
  const [known, other] = [server.addRoom(1), server.addRoom(2)];
  await firstVisit(world, known, 1);
  const { RequestError } = await import('../../static/protocol/errors.js');
  const { messages } = server.rest;
  server.rest.messages = async () => Promise.reject(new RequestError('unreachable', 'away'));
  const { chat } = visit();
  chat.open(other);
  await settle();
  assert.ok(chat.history.problems.has(other));
  server.rest.messages = messages;
  server.store(other);
  await server.up();
  assert.deepEqual(contents(chat, other), ['message 1']);
  assert.equal(chat.history.problems.size, 0);
});

test('older messages that could not be read without the server are no problem any more once it is back', async () => {
  const world = browser();
  const { server, visit } = world;
  const roomId = server.addRoom(1);
  await firstVisit(world, roomId, 60);
  const { RequestError } = await import('../../static/protocol/errors.js');
  const { messages } = server.rest;
  server.rest.messages = async () => Promise.reject(new RequestError('unreachable', 'away'));
  const { chat } = visit();
  chat.open(roomId);
  await chat.history.older(roomId);
  assert.ok(chat.history.problems.has(roomId));
  server.rest.messages = messages;
  await server.up();
  assert.equal(chat.history.problems.size, 0);
});

test('what is known is as old as the last moment with the server, however late it is saved', async (context) => {
  context.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 });
  const begun = Date.now();
  const world = browser();
  const { server, visit, leave } = world;
  server.addRoom(1);
  const page = visit();
  await server.up();
  context.mock.timers.tick(60_000);
  server.down();
  context.mock.timers.tick(60_000);
  leave(page);
  assert.equal(visit().chat.known.at, begun + 60_000);
});

test('what changes is saved within five seconds, and what did not change is not written again', async () => {
  const items = memoryShelf();
  const written = [];
  const counting = Object.create(items, {
    setItem: { value: (key, value) => (written.push(key), items.setItem(key, value)) },
    length: { get: () => items.length },
  });
  const world = browser(new BrowserStorage(counting));
  const { server, visit } = world;
  const [roomId, other] = [server.addRoom(1), server.addRoom(2)];
  const { chat, timers } = visit();
  chat.open(roomId);
  await server.up();
  server.say(roomId);
  await settle();
  chat.open(other);
  await settle();
  const pages = () => written.filter((key) => key.startsWith('tincan.known.')).sort();
  assert.deepEqual(pages(), []);
  await timers.pass(5_000);
  assert.deepEqual(pages(), [`tincan.known.${roomId}`, `tincan.known.${other}`]);
  written.length = 0;
  server.say(other);
  await timers.pass(5_000);
  assert.deepEqual(pages(), [`tincan.known.${other}`]);
  written.length = 0;
  await timers.pass(60_000);
  assert.deepEqual(written, []);
});

test('a tab that has not heard from the server for longer does not overwrite what another tab knows', async () => {
  const shelf = storage();
  const [early, late] = [1_000, 2_000].map((at) => Object.assign(new Known({ storage: shelf, now: () => at }), { at }));
  const tell = (known, roomId) => {
    const rooms = new Rooms(me.id);
    rooms.finishFetch([room(1), room(2)]);
    known.look(roomId);
    known.save(rooms.byId, (one) => (one === roomId ? holding(roomId, 1) : undefined));
  };
  tell(late, id(1));
  tell(early, id(2));
  assert.deepEqual(shelf.names('known.'), [`known.${id(1)}`]);
  early.at = 3_000;
  tell(early, id(2));
  // Both are kept: that of the other tab too.
  assert.deepEqual(shelf.names('known.').sort(), [`known.${id(1)}`, `known.${id(2)}`]);
});

/** Messages of a room, as it holds them. */
function holding(roomId, count, more) {
  const timeline = new Timeline();
  timeline.start(Array.from({ length: count }, (_, index) => message(roomId, index + 1, more)));
  return timeline;
}

/** Rooms 1 to `count` are looked at in this order, and saved. */
function look(shelf, count, more, about) {
  let now = 0;
  const known = new Known({ storage: shelf, now: () => (now += 1) });
  known.at = 1;
  const rooms = new Rooms(me.id);
  rooms.finishFetch(Array.from({ length: count }, (_, index) => room(index + 1, about)));
  for (const roomId of rooms.byId.keys()) known.look(roomId);
  known.save(rooms.byId, (roomId) => holding(roomId, 80, more));
  return known;
}

test('the newest fifty messages of the twenty rooms looked at last are kept', () => {
  const shelf = storage();
  const known = look(shelf, 30, {});
  const kept = Array.from({ length: 30 }, (_, index) => known.page(id(index + 1)));
  assert.deepEqual(kept.map(Boolean), Array.from({ length: 30 }, (_, index) => index >= 10));
  assert.deepEqual(kept.at(-1), holding(id(30), 80).messages.slice(30));
});

test('all that is kept stays within the bound: the messages of rooms looked at longest ago go first', () => {
  const items = memoryShelf();
  const shelf = new BrowserStorage(items);
  const long = { content: '\u0007'.repeat(700) };
  const known = look(shelf, 2_000, long, {
    description: 'd'.repeat(500),
    participants: Array(50).fill({ id: id(1), username: 'Ada' }),
  });
  let size = 0;
  for (const name of shelf.names('')) size += items.getItem(`tincan.${name}`).length;
  assert.ok(size <= BOUND && size > BOUND / 2, `${size} characters`);
  const kept = Array.from({ length: 2_000 }, (_, index) => known.page(id(index + 1))?.length ?? 0);
  const first = kept.findIndex(Boolean);
  assert.ok(first > 1_980, 'fewer rooms than twenty');
  assert.ok(
    kept.slice(first).every(Boolean) && kept.at(-1) < 50 && kept.at(-1) >= kept.at(first),
    'the last ones, and the newest of each',
  );
  assert.equal(known.page(id(2_000)).at(-1).seq, 80);
});

test('a browser without room for it, a text that makes no sense and another shape are no obstacle', async () => {
  const full = memoryShelf();
  full.setItem = () => {
    throw new DOMException('full', 'QuotaExceededError');
  };
  assert.doesNotThrow(() => look(new BrowserStorage(full), 3, {}));
  const items = memoryShelf();
  const shelf = new BrowserStorage(items);
  look(shelf, 3, {});
  const index = shelf.read('known');
  const opened = () => new Known({ storage: shelf });
  assert.equal(opened().rooms.length, 3);
  for (const other of [{ ...index, version: 2 }, { ...index, rooms: [{}] }, { ...index, pages: null }, 7, []]) {
    shelf.write('known', other);
    assert.deepEqual([opened().rooms, opened().at, opened().page(id(1))], [[], 0, null]);
  }
  items.setItem('tincan.known', '{"version":1,');
  assert.deepEqual(opened().rooms, []);
  shelf.write('known', index);
  for (const page of [[{}], 'x', [null]]) {
    shelf.write(`known.${id(1)}`, page);
    assert.equal(opened().page(id(1)), null);
  }
});
