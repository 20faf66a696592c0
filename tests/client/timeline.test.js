/** The messages of a room: in order, without doubles, without holes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Timeline, WINDOW } from '../../static/state/timeline.js';
import { message } from './fakes.js';

const page = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => message('r', from + index));
const seqs = (timeline) => timeline.messages.map((one) => one.seq);

test('messages that come twice are held once', () => {
  const timeline = new Timeline();
  timeline.start(page(1, 3));
  timeline.add(message('r', 3));
  timeline.add(message('r', 4));
  timeline.add(message('r', 4));
  assert.deepEqual(seqs(timeline), [1, 2, 3, 4]);
});

test('a message that comes before its turn waits until the hole is filled', () => {
  const timeline = new Timeline();
  timeline.start(page(1, 3));
  timeline.add(message('r', 6));
  timeline.add(message('r', 5));
  assert.deepEqual(seqs(timeline), [1, 2, 3]);
  assert.equal(timeline.hasGap, true);
  timeline.append(3, page(4, 4));
  assert.deepEqual(seqs(timeline), [1, 2, 3, 4, 5, 6]);
  assert.equal(timeline.hasGap, false);
});

test('what came live while the first page was on its way has its place', () => {
  const timeline = new Timeline();
  timeline.add(message('r', 52));
  timeline.add(message('r', 51));
  timeline.start(page(1, 50));
  assert.deepEqual(seqs(timeline).slice(-3), [50, 51, 52]);
});

test('numbers that the server skips do not exist', () => {
  const timeline = new Timeline();
  timeline.start(page(1, 3));
  timeline.add(message('r', 9));
  timeline.append(3, [message('r', 5)]);
  timeline.joinUp();
  assert.deepEqual(seqs(timeline), [1, 2, 3, 5, 9]);
});

test('a page of older messages that is not about the oldest held is ignored', () => {
  const timeline = new Timeline();
  timeline.start(page(51, 100));
  timeline.prepend(51, page(1, 50));
  timeline.prepend(51, page(1, 50));
  assert.equal(timeline.messages.length, 100);
  assert.equal(timeline.complete, true);
});

test('the first message of an empty room is held', () => {
  const timeline = new Timeline();
  timeline.start([]);
  assert.equal(timeline.complete, true);
  timeline.add(message('r', 1));
  assert.deepEqual(seqs(timeline), [1]);
});

test('what was let go of can be fetched again', () => {
  const timeline = new Timeline();
  timeline.start(page(1, 300));
  timeline.trim('oldest', 200);
  assert.equal(timeline.oldest, 101);
  assert.equal(timeline.complete, false);
});

test('however much comes, no more than a window is held: the oldest go while the end is followed', () => {
  const timeline = new Timeline();
  timeline.start(page(1, 50));
  for (const one of page(51, 5000)) {
    timeline.add(one);
    assert.ok(timeline.messages.length <= WINDOW);
  }
  assert.equal(timeline.newest, 5000);
  assert.equal(timeline.attached, true);
});

test('while one looks at older messages, those stay, and what comes live beyond the window only counts', () => {
  const timeline = new Timeline();
  timeline.start(page(101, 150));
  timeline.following = false;
  timeline.prepend(101, page(1, 100));
  for (const one of page(151, 5000)) timeline.add(one);
  assert.equal(timeline.oldest, 1);
  assert.ok(timeline.messages.length <= WINDOW);
  assert.equal(timeline.attached, false);
  assert.equal(timeline.end, 5000);
  assert.equal(timeline.hasGap, false);
});

test('a window that goes down through the room ends at its end, and there it takes what comes live', () => {
  const timeline = new Timeline();
  timeline.start(page(51, 100), false);
  timeline.add(message('r', 501));
  assert.equal(timeline.newest, 100);
  for (let after = 100; after < 500; after += 50) {
    timeline.append(after, page(after + 1, after + 50), { reachesEnd: false, dropping: 'oldest' });
    assert.ok(timeline.messages.length <= WINDOW);
  }
  timeline.append(500, page(501, 501), { reachesEnd: true, dropping: 'oldest' });
  timeline.add(message('r', 502));
  assert.deepEqual(seqs(timeline).slice(-3), [500, 501, 502]);
  assert.deepEqual(seqs(timeline), Array.from({ length: timeline.messages.length }, (_, at) => timeline.oldest + at));
});
