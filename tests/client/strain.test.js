/** A machine that is not up to the call sends less, until it is; and is not asked for more again and again. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Strain } from '../../static/call/strain.js';

/** Notes the same lag every two seconds. @returns {number} when that changed anything; no end where it did not */
function during(strain, from, seconds, lag) {
  for (let now = from; now <= from + seconds * 1000; now += 2_000) if (strain.note(lag, now)) return now - from;
  return Infinity;
}

test('a browser that answers late strains the machine, one that answers within reason does not', () => {
  const strain = new Strain();
  assert.equal(during(strain, 0, 60, 250), Infinity);
  assert.equal(strain.note(400, 62_000), true);
  assert.equal(strain.strained, true);
});

test('what strained is over when it has been calm for a while, without a break', () => {
  const strain = new Strain();
  strain.note(1_000, 0);
  assert.equal(during(strain, 2_000, 6, 20), Infinity);
  assert.equal(strain.note(150, 10_000), false);
  assert.equal(during(strain, 12_000, 60, 20), 8_000);
  assert.equal(strain.strained, false);
});

test('where more was too much at once, it is tried more and more seldom', () => {
  const strain = new Strain();
  const waits = [];
  let now = 0;
  for (let turn = 0; turn < 6; turn += 1) {
    strain.note(1_000, (now += 2_000));
    const wait = during(strain, now, 1_000, 20);
    waits.push(wait / 1_000);
    now += wait;
  }
  assert.deepEqual(waits, [10, 20, 40, 80, 160, 160]);
  strain.note(1_000, (now += 60_000));
  assert.equal(during(strain, now, 1_000, 20), 10_000);
});
