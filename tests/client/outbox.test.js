/** What waits to be sent: in order, cheap however much it is, and there again after a reload. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Outbox } from '../../static/state/outbox.js';
import { id, storage } from './fakes.js';

const contents = (outbox, roomId) => outbox.of(roomId).map((item) => item.content);

test('what waits is in the order in which it was written, room by room, also after a reload', () => {
  const shelf = storage();
  let [time, ids] = [1000, 0];
  // Ids that sort the other way round: they say nothing about the order.
  const open = () => new Outbox({ storage: shelf, now: () => time, newId: () => `c${99 - ids++}` });
  const outbox = open();
  outbox.add(id(1), 'one');
  outbox.add(id(2), 'elsewhere');
  outbox.add(id(1), 'two');
  time = 2000;
  outbox.add(id(1), 'three');
  // The clock of the machine was put back.
  time = 1500;
  outbox.add(id(1), 'between');
  for (const one of [outbox, open()]) {
    assert.deepEqual(contents(one, id(1)), ['one', 'two', 'between', 'three']);
    assert.deepEqual(contents(one, id(2)), ['elsewhere']);
  }
});

test('what failed stands where it stood, lets the next go first, and goes out in its turn when tried again', () => {
  const outbox = new Outbox({ storage: storage() });
  const [first, second] = [outbox.add(id(1), 'one'), outbox.add(id(1), 'two')];
  outbox.fail(first.clientId, 'too long');
  assert.deepEqual(contents(outbox, id(1)), ['one', 'two']);
  assert.equal(outbox.next(id(1)), second);
  outbox.retry(first.clientId);
  assert.equal(outbox.next(id(1)).clientId, first.clientId);
  outbox.removeRoom(id(1));
  assert.deepEqual([contents(outbox, id(1)), outbox.items.size], [[], 0]);
});

test('a message costs no look at all the others that wait', () => {
  const outbox = new Outbox({ storage: storage() });
  for (let n = 0; n < 100; n += 1) outbox.add(id(1), `message ${n}`);
  // Whoever sorts or filters anew has another list.
  const list = outbox.of(id(1));
  outbox.add(id(2), 'elsewhere');
  outbox.add(id(1), 'one more');
  outbox.remove(outbox.next(id(1)).clientId);
  assert.equal(outbox.of(id(1)), list);
  assert.deepEqual([list.length, list[0].content, list.at(-1).content], [100, 'message 1', 'one more']);
});
