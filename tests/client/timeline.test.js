/** The messages of a room: in order, without doubles, without holes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Timeline } from '../../static/state/timeline.js';
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
  timeline.trim(200);
  assert.equal(timeline.oldest, 101);
  assert.equal(timeline.complete, false);
});
