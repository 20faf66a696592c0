/** The list of rooms, as events change it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rooms } from '../../static/state/rooms.js';
import { LastRoom } from '../../static/state/place.js';
import { Marks } from '../../static/state/marks.js';
import { fakeTimers, id, message, room, storage } from './fakes.js';

const withRooms = (...rooms) => {
  const list = new Rooms(id(1));
  list.finishFetch(rooms);
  return list;
};

const idsOf = ({ mine, others }) => ({ mine: mine.map((one) => one.id), others: others.map((one) => one.id) });

test('events that come while the list is fetched are put on top of it', () => {
  const rooms = withRooms(room(1), room(2));
  rooms.beginFetch();
  rooms.apply('new-message', message(id(1), 5));
  rooms.apply('room-deleted', { roomId: id(2) });
  rooms.apply('room-created', room(3, { joined: undefined }));
  rooms.finishFetch([room(1, { lastSeq: 4 }), room(2)]);
  assert.deepEqual([...rooms.byId.keys()].sort(), [id(1), id(3)]);
  assert.equal(rooms.byId.get(id(1)).lastSeq, 5);
  assert.equal(rooms.byId.get(id(3)).joined, false);
});

test('an event to everybody does not change whether one is in a room', () => {
  const rooms = withRooms(room(1, { joined: true }));
  rooms.apply('room-updated', room(1, { name: 'New name', joined: undefined }));
  assert.equal(rooms.byId.get(id(1)).name, 'New name');
  assert.equal(rooms.byId.get(id(1)).joined, true);
});

test('an older message does not become the last one', () => {
  const rooms = withRooms(room(1));
  rooms.apply('new-message', message(id(1), 9));
  rooms.apply('new-message', message(id(1), 8));
  rooms.apply('room-updated', room(1, { lastSeq: 7, lastMessage: message(id(1), 7) }));
  assert.equal(rooms.byId.get(id(1)).lastMessage.seq, 9);
});

test('presence follows who comes, drops and leaves', () => {
  const rooms = withRooms(room(1));
  const one = (number, online) => ({ userId: id(number), username: `U${number}`, online, socketIds: [] });
  rooms.apply('room-participants', { roomId: id(1), participants: [one(1, true), one(2, false)] });
  rooms.apply('user-joined', { roomId: id(1), userId: id(2), username: 'U2', socketId: 's' });
  rooms.apply('user-joined', { roomId: id(1), userId: id(3), username: 'U3', socketId: 's' });
  assert.equal(rooms.byId.get(id(1)).onlineCount, 3);
  rooms.apply('user-left', { roomId: id(1), userId: id(3), username: 'U3', reason: 'disconnected' });
  assert.deepEqual([rooms.byId.get(id(1)).onlineCount, rooms.byId.get(id(1)).participantCount], [2, 3]);
  rooms.apply('user-left', { roomId: id(1), userId: id(3), username: 'U3', reason: 'left' });
  assert.equal(rooms.byId.get(id(1)).participantCount, 2);
});

test('rooms are found by every word, the one with the latest message first', () => {
  const rooms = withRooms(
    room(1, { name: 'Design review' }),
    room(2, { name: 'Review', description: 'of designs', lastMessageAt: '2026-02-01T00:00:00.000Z' }),
    room(3, { name: 'Lunch' }),
  );
  assert.deepEqual(idsOf(rooms.list('design REVIEW')), { mine: [id(2), id(1)], others: [] });
  assert.deepEqual(idsOf(rooms.list(' ')).mine, [id(2), id(1), id(3)]);
});

test('rooms that one is in stand apart from the others, in every order of joining and leaving', () => {
  const rooms = withRooms(room(1), room(2, { joined: false }), room(3));
  assert.deepEqual(idsOf(rooms.list()), { mine: [id(1), id(3)], others: [id(2)] });
  rooms.setJoined(id(1), false);
  rooms.setJoined(id(2), true);
  assert.deepEqual(idsOf(rooms.list()), { mine: [id(2), id(3)], others: [id(1)] });
});

test('the order of rooms is that of their latest messages, whatever happens to them', () => {
  const rooms = withRooms(...Array.from({ length: 40 }, (_, at) => room(at + 1, { joined: at % 3 > 0 })));
  const asNew = () => {
    const fresh = withRooms(...rooms.byId.values());
    return idsOf(fresh.list());
  };
  let seed = 7;
  const some = (below) => (seed = (seed * 16807) % 2147483647) % below;
  for (let step = 1; step <= 300; step += 1) {
    const roomId = id(some(60) + 1);
    const made = () => room(some(60) + 1, { joined: undefined, name: `Room ${some(9)}` });
    if (step % 11 === 0) rooms.apply('room-deleted', { roomId });
    else if (step % 7 === 0) rooms.apply('room-created', made());
    else rooms.apply('new-message', message(roomId, step));
    assert.deepEqual(idsOf(rooms.list()), asNew(), `after ${step} changes`);
  }
});

test('nothing is sorted or made anew while no room changes', () => {
  const rooms = withRooms(room(1), room(2, { joined: false }));
  const before = rooms.list();
  const first = rooms.byId.get(id(1));
  rooms.setJoined(id(1), true);
  rooms.apply('room-call', { roomId: id(1), call: null });
  rooms.apply('new-message', message(id(1), 0));
  assert.equal(rooms.list(), before);
  assert.equal(rooms.byId.get(id(1)), first);
  rooms.apply('new-message', message(id(2), 1));
  assert.notEqual(rooms.list(), before);
  assert.equal(rooms.byId.get(id(1)), first);
});

test('a room that this browser has not seen has nothing unread; what comes then has', () => {
  const marks = new Marks({ storage: storage() });
  const known = room(1, { lastSeq: 40 });
  marks.meet(known);
  assert.equal(marks.unread(known), 0);
  assert.equal(marks.unread({ ...known, lastSeq: 43 }), 3);
  marks.advance(id(1), 42);
  assert.equal(marks.advance(id(1), 41), false);
  assert.equal(marks.unread({ ...known, lastSeq: 43 }), 1);
});

test('unread counts survive a store that was put back', () => {
  const marks = new Marks({ storage: storage() });
  marks.advance(id(1), 100);
  const restored = room(1, { lastSeq: 60 });
  marks.meet(restored);
  assert.equal(marks.unread({ ...restored, lastSeq: 61 }), 1);
});

/** A shelf that counts how often something was written under a name. */
function countingStorage() {
  const shelf = storage();
  const write = shelf.write.bind(shelf);
  shelf.writes = 0;
  shelf.write = (name, value) => {
    if (shelf.full) return false;
    shelf.writes += 1;
    return write(name, value);
  };
  return shelf;
}

test('who reads a hundred messages a second has it written down once a second, and all of it in the end', async () => {
  const [shelf, timers] = [countingStorage(), fakeTimers()];
  const marks = new Marks({ storage: shelf, timers });
  for (let seq = 1; seq <= 300; seq += 1) {
    marks.advance(id(1), seq);
    await timers.pass(10);
  }
  assert.ok(shelf.writes <= 4, `${shelf.writes} writes in three seconds`);
  await timers.pass(1_000);
  assert.equal(shelf.read('read')[id(1)], 300);
  marks.advance(id(1), 301);
  marks.advance(id(1), 302);
  marks.flush();
  assert.equal(shelf.read('read')[id(1)], 302);
});

test('what was read in two tabs goes on from the further one, never back', async () => {
  const [shelf, timers] = [storage(), fakeTimers()];
  const [one, other] = [new Marks({ storage: shelf, timers }), new Marks({ storage: shelf, timers })];
  one.advance(id(1), 5);
  one.advance(id(1), 6);
  other.advance(id(1), 9);
  other.advance(id(2), 3);
  // The second tab's first step is written down; the first hears of it before its own second step is.
  one.reload();
  assert.equal(one.read[id(1)], 9);
  await timers.pass(1_000);
  assert.deepEqual(shelf.read('read'), { [id(1)]: 9, [id(2)]: 3 });
  one.reload();
  assert.deepEqual(one.read, { [id(1)]: 9, [id(2)]: 3 });
  // Only a store that was put back to an older state leads back.
  one.advance(id(1), 12);
  one.meet(room(1, { lastSeq: 4 }));
  await timers.pass(1_000);
  other.reload();
  assert.equal(other.read[id(1)], 4);
});

test('marks that the browser has no space for are kept here, and written down when it has', async () => {
  const [shelf, timers] = [countingStorage(), fakeTimers()];
  const marks = new Marks({ storage: shelf, timers });
  shelf.full = true;
  marks.advance(id(1), 5);
  marks.advance(id(2), 6);
  await timers.pass(3_000);
  assert.deepEqual(marks.read, { [id(1)]: 5, [id(2)]: 6 });
  shelf.full = false;
  await timers.pass(1_000);
  assert.deepEqual(shelf.read('read'), { [id(1)]: 5, [id(2)]: 6 });
  marks.close();
});

test('a room that was deleted is unread no more', () => {
  const shelf = storage();
  const marks = new Marks({ storage: shelf });
  marks.advance(id(1), 5);
  marks.advance(id(2), 6);
  marks.forget(id(1));
  assert.deepEqual([marks.read, shelf.read('read')], [{ [id(2)]: 6 }, { [id(2)]: 6 }]);
});

test('the last room is remembered, and forgotten when it is gone', () => {
  const shelf = storage();
  new LastRoom(shelf).note(id(1));
  const last = new LastRoom(shelf);
  const rooms = new Rooms(id(9));
  assert.equal(last.id, id(1));
  // What an earlier visit left says nothing about what is there now.
  rooms.restore([room(1)]);
  assert.equal(last.missing(rooms), null);
  rooms.finishFetch([room(2)]);
  assert.equal(last.missing(rooms), id(1));
  assert.equal(last.missing(rooms), null);
  assert.equal(new LastRoom(shelf).id, null);
});
