/** Which pictures a call shows, which one is large, and how the last row of a grid stands. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnOf, gridFor } from '../../static/call/grid.js';
import { largeOf, leadOf, picturesOf } from '../../static/call/pictures.js';

const peer = (userId, screen = false) => /** @type {any} */ ({ userId, media: { audio: true, video: true, screen } });

test('a shared screen stands beside the camera of who shares it, and is large unless another was pinned', () => {
  const pictures = picturesOf([peer('ada'), peer('bob', true)], true);
  assert.deepEqual(
    pictures.map((one) => one.key),
    ['ada', 'bob screen', 'bob', 'self screen', 'self'],
  );
  assert.equal(largeOf(pictures, '')?.key, 'bob screen');
  assert.equal(largeOf(pictures, 'ada')?.key, 'ada');
  assert.equal(largeOf(pictures, 'somebody who left')?.key, 'bob screen');
  assert.equal(
    largeOf(picturesOf([peer('ada')], true), ''),
    undefined,
    'one’s own screen is not shown large to oneself',
  );
});

test('in the corner is who shares the screen, else who speaks or spoke last, and never who has left', () => {
  const [ada, bob] = [peer('ada'), peer('bob')];
  assert.equal(leadOf([ada, bob], new Set(['bob']), ''), bob);
  assert.equal(leadOf([ada, bob], new Set(), 'bob'), bob);
  assert.equal(leadOf([ada, bob], new Set(['ada', 'bob']), 'bob'), bob, 'who goes on speaking is not cut off');
  assert.equal(leadOf([ada, bob], new Set(['ada']), 'bob'), ada);
  assert.equal(leadOf([ada], new Set(), 'bob'), ada);
  assert.equal(leadOf([ada, peer('cyd', true)], new Set(['ada']), 'ada').userId, 'cyd');
  assert.equal(leadOf([], new Set(), 'bob'), undefined);
});

test('a last row that is not full stands in the middle', () => {
  const { columns } = gridFor(5, 1200, 700);
  assert.equal(columns, 3);
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((index) => columnOf(index, 5, columns)),
    ['span 2', 'span 2', 'span 2', '2 / span 2', 'span 2'],
  );
  assert.equal(columnOf(6, 7, 3), '3 / span 2');
  assert.equal(columnOf(6, 9, 3), '1 / span 2', 'a full row begins at its left');
});
