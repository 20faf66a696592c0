/**
 * What comes of a picture over a line of so many kbit/s: `npm run calls:line -- 300`. To be compared with another
 * client by `TINCAN_CLIENT_DIR`.
 */

import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forwarders } from './forwarders.js';
import { Server } from './server.js';
import { World } from './world.js';

const KBIT = Number(process.argv[2] ?? 300);
const RUNS = Number(process.argv[3] ?? 3);
const SECONDS = Number(process.argv[4] ?? 45);
const SHAPE = { kbit: KBIT, delayMs: 25, queueMs: 300 };
const SIZE = { width: 1280, height: 720 };
const FRAMES = 60;

/**
 * Somebody who moves a little before a grainy wall, which is harder to encode than the browser's own test picture.
 * @param {string} path
 */
async function film(path) {
  const { width, height } = SIZE;
  const file = await open(path, 'w');
  await file.write(`YUV4MPEG2 W${width} H${height} F30:1 Ip A1:1 C420jpeg\n`);
  const grain = Uint8Array.from({ length: width * height + 4096 }, () => Math.random() * 12);
  const colour = Buffer.alloc((width * height) / 2, 120);
  for (let frame = 0; frame < FRAMES; frame += 1) {
    const luma = Buffer.alloc(width * height);
    const sway = Math.sin((frame / FRAMES) * 2 * Math.PI) * 40;
    const shift = (frame * 37) % 4096;
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const face = ((x - 640 - sway) / 150) ** 2 + ((y - 340) / 190) ** 2 < 1;
        luma[y * width + x] = (face ? 150 + ((x * 7 + y * 3) % 23) : 70 + (x + y) / 24) + grain[y * width + x + shift];
      }
    }
    await file.write('FRAME\n');
    await file.write(luma);
    await file.write(colour);
  }
  await file.close();
}

/** In a page: what has come of the other's camera so far. */
const look = async () => {
  const pc = globalThis.connections.find((one) => one.connectionState === 'connected');
  if (!pc) return null;
  const camera = [...(await pc.getStats()).values()].find(
    (entry) => entry.type === 'inbound-rtp' && entry.kind === 'video' && entry.framesDecoded > 0,
  );
  const {
    framesDecoded: pictures = 0,
    freezeCount: freezes = 0,
    totalFreezesDuration: frozen = 0,
    frameHeight: height = 0,
    bytesReceived: bytes = 0,
  } = camera ?? {};
  return { pictures, freezes, frozen, height, bytes };
};

/** Figures are taken at moments of a clock: this measures, and proves nothing. */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** One call. Times are in seconds since the connection stood. */
async function call(flags) {
  const paths = forwarders(SHAPE);
  const world = new World(await new Server().start(), flags);
  try {
    const options = { viewport: { width: 900, height: 640 }, init: (context) => paths.install(context) };
    const [ada, bob] = [await world.person('Ada', options), await world.person('Bob', options)];
    await ada.rings('Bob');
    await bob.button('Accept without camera').click();
    await bob.tile('Ada').and(bob.page.locator('[data-state=connected]')).waitFor();
    const begun = performance.now();
    const seen = [];
    for (let at = 0; at < SECONDS;) {
      at = (performance.now() - begun) / 1000;
      const now = await bob.page.evaluate(look);
      if (now) seen.push({ at, ...now });
      await pause(100);
    }
    const first = (isIt) => seen.find(isIt)?.at ?? Infinity;
    const last = seen.at(-1);
    return {
      pictures: last.pictures,
      freezes: last.freezes,
      'frozen s': last.frozen,
      'mean lines': seen.reduce((sum, one) => sum + one.height, 0) / seen.length,
      'lines at the end': last.height,
      'first at s': first((one) => one.pictures > 0),
      '360 lines at s': first((one) => one.height >= 360),
      '720 lines at s': first((one) => one.height >= 720),
      'kbit/s': (last.bytes * 8) / 1000 / last.at,
      'lines from s on': seen
        .filter((one, index) => one.height !== seen[index - 1]?.height)
        .map((one) => `${one.height} from ${one.at.toFixed(1)}`)
        .join(', '),
    };
  } finally {
    paths.close();
    await world.close();
  }
}

const path = join(tmpdir(), 'tincan-film.y4m');
await film(path);
const rows = [];
for (let run = 0; run < RUNS; run += 1) rows.push(await call([`--use-file-for-fake-video-capture=${path}`]));
console.log(`${KBIT} kbit/s, ${SECONDS} s, ${process.env.TINCAN_CLIENT_DIR ?? 'the client in the executable'}`);
const shown = (value) => (typeof value === 'number' ? Math.round(value * 100) / 100 : value);
for (const name of Object.keys(rows[0])) console.log(`${name}: ${rows.map((row) => shown(row[name])).join('  |  ')}`);
// The browser ends with the process.
process.exit();
