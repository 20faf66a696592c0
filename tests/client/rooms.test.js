/** The list of rooms, as events change it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rooms } from '../../static/state/rooms.js';
import { Marks } from '../../static/state/marks.js';
import { id, message, room, storage } from './fakes.js';

const withRooms = (...rooms) => {
  const list = new Rooms(id(1));
  list.finishFetch(rooms);
  return list;
};

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
  assert.deepEqual(rooms.list('design REVIEW').map((one) => one.id), [id(2), id(1)]);
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
  marks.setRead(id(1), 100);
  const restored = room(1, { lastSeq: 60 });
  marks.meet(restored);
  assert.equal(marks.unread({ ...restored, lastSeq: 61 }), 1);
});
