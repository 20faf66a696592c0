/** How long a connection that is being made is waited for. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patience } from '../../static/call/patience.js';

const two = { others: 1, attempts: 0, took: 0, offered: true };

test('with one other an attempt that is silent is given up after five seconds', () => {
  assert.deepEqual(patience(two), { silent: 5_000, stuck: 20_000, offerDue: 8_000 });
});

test('the more connections are made at once, the longer each is waited for', () => {
  const waits = [1, 2, 4, 8].map((others) => patience({ ...two, others }));
  for (const what of ['silent', 'stuck', 'offerDue']) {
    const times = waits.map((one) => one[what]);
    assert.deepEqual(
      times,
      [...new Set(times)].sort((a, b) => a - b),
      what,
    );
  }
  assert.ok(waits[3].silent > 15_000);
});

test('where a description took long, a connection is given at least twice that', () => {
  assert.equal(patience({ ...two, took: 6_000 }).silent, 17_000);
});

test('later attempts have more time, but not without end', () => {
  const silent = (attempts) => patience({ ...two, attempts }).silent;
  assert.deepEqual([0, 1, 2, 4, 50].map(silent), [5_000, 5_000, 10_000, 20_000, 20_000]);
});

test('who answered waits twice as long as who offered', () => {
  assert.equal(patience({ ...two, offered: false }).silent, 2 * patience(two).silent);
});

test('an offer waits for its answer as long as the other side may have others to answer first', () => {
  assert.equal(patience({ ...two, unanswered: true }).silent, patience(two).silent);
  const [unanswered, answered] = [true, false].map((unanswered) => patience({ ...two, others: 8, unanswered }).silent);
  assert.ok(unanswered >= answered + 7 * 5_000);
});
