/** QR codes: a text as the dark and light squares that a phone's camera reads (ISO/IEC 18004, bytes, level M). */

/** By version, from 1 on: how many check bytes a block has, and how many blocks there are. */
const CHECK_BYTES = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10];
/** Which squares a mask turns over. @type {((x: number, y: number) => boolean)[]} */
const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/**
 * @param {string} text at most 400 bytes or so
 * @returns {boolean[][] | null} rows of squares, true is dark, without the quiet border; null where the text is too
 *   long
 */
export function qrCode(text) {
  const bytes = new TextEncoder().encode(text);
  const version = CHECK_BYTES.findIndex((_, index) => bytes.length + headBytes(index + 1) <= dataBytes(index + 1)) + 1;
  if (version === 0) return null;
  const words = interleaved(dataOf(bytes, version), version);
  const candidates = MASKS.map((_, mask) => drawn(version, words, mask));
  const costs = candidates.map(penalty);
  return candidates[costs.indexOf(Math.min(...costs))] ?? null;
}

/** Mode and length, in bytes (rounded up). @param {number} version */
const headBytes = (version) => (version < 10 ? 2 : 3);

/** @param {number} version */
const sizeOf = (version) => version * 4 + 17;

/** Squares that carry bits. @param {number} version */
function bitsOf(version) {
  let bits = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const marks = Math.floor(version / 7) + 2;
    bits -= (25 * marks - 10) * marks - 55;
    if (version >= 7) bits -= 36;
  }
  return bits;
}

/** @param {number} version */
const allBytes = (version) => Math.floor(bitsOf(version) / 8);
/** @param {number} version */
const checkOf = (version) => /** @type {number} */ (CHECK_BYTES[version - 1]);
/** @param {number} version */
const blocksOf = (version) => /** @type {number} */ (BLOCKS[version - 1]);
/** @param {number} version */
const dataBytes = (version) => allBytes(version) - checkOf(version) * blocksOf(version);

/** The bytes with their head, filled up. @param {Uint8Array} bytes @param {number} version @returns {number[]} */
function dataOf(bytes, version) {
  /** @type {number[]} */
  const bits = [];
  const add = (/** @type {number} */ value, /** @type {number} */ count) => {
    for (let bit = count - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1);
  };
  add(4, 4);
  add(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) add(byte, 8);
  const capacity = dataBytes(version) * 8;
  add(0, Math.min(4, capacity - bits.length));
  while (bits.length % 8) bits.push(0);
  for (let pad = 0xec; bits.length < capacity; pad ^= 0xec ^ 0x11) add(pad, 8);
  return Array.from({ length: capacity / 8 }, (_, index) =>
    bits.slice(index * 8, index * 8 + 8).reduce((sum, bit) => sum * 2 + bit, 0),
  );
}

/** In blocks with their check bytes, one byte of each in turn. @param {number[]} data @param {number} version */
function interleaved(data, version) {
  const [count, check, all] = [blocksOf(version), checkOf(version), allBytes(version)];
  const shorter = count - (all % count);
  const length = Math.floor(all / count) - check;
  const divisor = divisorOf(check);
  /** @type {{data: number[], check: number[]}[]} */
  const blocks = [];
  for (let block = 0, at = 0; block < count; block += 1) {
    const part = data.slice(at, at + length + (block < shorter ? 0 : 1));
    at += part.length;
    blocks.push({ data: part, check: remainder(part, divisor) });
  }
  /** @type {number[]} */
  const words = [];
  for (let at = 0; at <= length; at += 1) {
    for (const { data: part } of blocks) if (at < part.length) words.push(part[at] ?? 0);
  }
  for (let at = 0; at < check; at += 1) for (const { check: part } of blocks) words.push(part[at] ?? 0);
  return words;
}

/** Product in the field of 256 elements. @param {number} a @param {number} b */
function times(a, b) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    product ^= ((b >> bit) & 1) * a;
  }
  return product;
}

/** @param {number} degree @returns {number[]} */
function divisorOf(degree) {
  /** @type {number[]} */
  const divisor = Array.from({ length: degree }, (_, index) => (index === degree - 1 ? 1 : 0));
  for (let step = 0, root = 1; step < degree; step += 1, root = times(root, 2)) {
    for (let at = 0; at < degree; at += 1) divisor[at] = times(divisor[at] ?? 0, root) ^ (divisor[at + 1] ?? 0);
  }
  return divisor;
}

/** @param {number[]} data @param {number[]} divisor */
function remainder(data, divisor) {
  const rest = divisor.map(() => 0);
  for (const byte of data) {
    const factor = byte ^ (rest.shift() ?? 0);
    rest.push(0);
    divisor.forEach((coefficient, at) => (rest[at] = (rest[at] ?? 0) ^ times(coefficient, factor)));
  }
  return rest;
}

/** @param {number} version @param {number[]} words @param {number} mask @returns {boolean[][]} */
function drawn(version, words, mask) {
  const size = sizeOf(version);
  const dark = Array.from({ length: size }, () => new Array(size).fill(false));
  const taken = Array.from({ length: size }, () => new Array(size).fill(false));
  const set = (/** @type {number} */ x, /** @type {number} */ y, /** @type {boolean} */ value) => {
    const [row, held] = [dark[y], taken[y]];
    if (!row || !held || x < 0 || x >= size) return;
    row[x] = value;
    held[x] = true;
  };
  drawMarks(version, set);
  drawFormat(size, mask, set);
  if (version >= 7) drawVersion(version, set);
  const turned = MASKS[mask] ?? (() => false);
  let bit = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step += 1) {
      const y = ((right + 1) & 2) === 0 ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (taken[y]?.[x]) continue;
        const value = (((words[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
        bit += 1;
        if (dark[y]) dark[y][x] = value !== turned(x, y);
      }
    }
  }
  return dark;
}

/** @typedef {(x: number, y: number, value: boolean) => void} Set */

/** What a camera finds the code by. @param {number} version @param {Set} set */
function drawMarks(version, set) {
  const size = sizeOf(version);
  for (let at = 0; at < size; at += 1) {
    set(6, at, at % 2 === 0);
    set(at, 6, at % 2 === 0);
  }
  /** @type {(cx: number, cy: number, reach: number, light: number[]) => void} */
  const square = (cx, cy, reach, light) => {
    for (let dy = -reach; dy <= reach; dy += 1) {
      for (let dx = -reach; dx <= reach; dx += 1) {
        set(cx + dx, cy + dy, !light.includes(Math.max(Math.abs(dx), Math.abs(dy))));
      }
    }
  };
  for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]]) square(x ?? 0, y ?? 0, 4, [2, 4]);
  const places = alignmentOf(version);
  const last = places.length - 1;
  places.forEach((x, i) =>
    places.forEach((y, j) => {
      const isCorner = (i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0);
      if (!isCorner) square(x, y, 2, [1]);
    }),
  );
}

/** @param {number} version @returns {number[]} */
function alignmentOf(version) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = Math.ceil((version * 4 + 4) / (count * 2 - 2)) * 2;
  const places = Array.from({ length: count - 1 }, (_, index) => sizeOf(version) - 7 - index * step);
  return [6, ...places.reverse()];
}

/** Level and mask, twice. @param {number} size @param {number} mask @param {Set} set */
function drawFormat(size, mask, set) {
  // Level M is 0.
  let rest = mask;
  for (let step = 0; step < 10; step += 1) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  const bits = ((mask << 10) | rest) ^ 0x5412;
  const bit = (/** @type {number} */ at) => ((bits >> at) & 1) === 1;
  for (let at = 0; at <= 5; at += 1) set(8, at, bit(at));
  set(8, 7, bit(6));
  set(8, 8, bit(7));
  set(7, 8, bit(8));
  for (let at = 9; at < 15; at += 1) set(14 - at, 8, bit(at));
  for (let at = 0; at < 8; at += 1) set(size - 1 - at, 8, bit(at));
  for (let at = 8; at < 15; at += 1) set(8, size - 15 + at, bit(at));
  set(8, size - 8, true);
}

/** @param {number} version @param {Set} set */
function drawVersion(version, set) {
  let rest = version;
  for (let step = 0; step < 12; step += 1) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
  const bits = (version << 12) | rest;
  for (let at = 0; at < 18; at += 1) {
    const value = ((bits >> at) & 1) === 1;
    const [far, near] = [sizeOf(version) - 11 + (at % 3), Math.floor(at / 3)];
    set(far, near, value);
    set(near, far, value);
  }
}

/** How hard it is to read: runs, blocks, what looks like a mark, too much dark or light. @param {boolean[][]} rows */
function penalty(rows) {
  const size = rows.length;
  const columns = rows.map((_, x) => rows.map((row) => row[x] ?? false));
  let cost = 0;
  let dark = 0;
  for (const line of [...rows, ...columns]) {
    const text = line.map(Number).join('');
    for (const run of text.match(/0{5,}|1{5,}/g) ?? []) cost += run.length - 2;
    for (const pattern of ['10111010000', '00001011101']) {
      for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + 1)) cost += 40;
    }
  }
  rows.forEach((row, y) =>
    row.forEach((value, x) => {
      dark += Number(value);
      if (x && y && value === row[x - 1] && value === rows[y - 1]?.[x] && value === rows[y - 1]?.[x - 1]) cost += 3;
    }),
  );
  return cost + Math.floor(Math.abs(dark * 20 - size * size * 10) / (size * size)) * 10;
}
