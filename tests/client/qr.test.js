/** QR codes, read back by a decoder of others. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import jsQR from 'jsqr';
import { qrCode } from '../../static/state/qr.js';

const SCALE = 4;
const BORDER = 4;

/** What a camera reads. @param {boolean[][]} rows */
function read(rows) {
  const width = (rows.length + 2 * BORDER) * SCALE;
  const pixels = new Uint8ClampedArray(width * width * 4).fill(255);
  rows.forEach((row, y) =>
    row.forEach((dark, x) => {
      if (!dark) return;
      for (let dy = 0; dy < SCALE; dy += 1) {
        const start = ((y + BORDER) * SCALE + dy) * width + (x + BORDER) * SCALE;
        for (let dx = 0; dx < SCALE; dx += 1) pixels.set([0, 0, 0], (start + dx) * 4);
      }
    }),
  );
  return jsQR(pixels, width, width)?.data;
}

test('a link of any length is read as it was', () => {
  const sizes = new Set();
  for (let length = 1; length <= 412; length += length < 60 ? 3 : 13) {
    const text = `https://chat.example.com/#/invite/${'aZ09_-'.repeat(70)}`.slice(0, length);
    const rows = qrCode(text);
    sizes.add(rows.length);
    assert.equal(read(rows), text, `${length} characters`);
  }
  assert.deepEqual([...sizes], Array.from({ length: 15 }, (_, index) => 21 + 4 * index));
});

test('letters beyond the alphabet are read too, and what is too long has no code', () => {
  assert.equal(read(qrCode('Küche 厨房')), 'Küche 厨房');
  assert.equal(qrCode('x'.repeat(413)), null);
});
