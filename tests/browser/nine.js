/**
 * Whether everybody in a large call is connected to everybody, on one machine that is busy with it: `npm run
 * calls:nine`.
 */

import { loadavg } from 'node:os';
import { Server } from './server.js';
import { World } from './world.js';

const PEOPLE = Number(process.argv[2] ?? 9);
const RUNS = Number(process.argv[3] ?? 3);
const MOST_S = Number(process.argv[4] ?? 180);
const EACH_S = 5;
const NAMES = [
  'Ada',
  'Bob',
  'Cyd',
  'Dee',
  'Eve',
  'Fay',
  'Gus',
  'Hal',
  'Ivy',
  'Jo',
  'Kim',
  'Lou',
  'Max',
  'Ned',
  'Oda',
  'Pia',
];

/** In a page: how many connections there were in all, and to whom one is connected. */
const look = () => ({
  made: globalThis.connections.length,
  connected: globalThis.connections.filter((pc) => pc.connectionState === 'connected').length,
  shown: document.querySelectorAll('.tile[data-state=connected]').length,
});

/** Figures are taken at moments of a clock: this measures, and proves nothing. */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** One call. @returns {Promise<number>} seconds until all were connected; no end where they were not */
async function call() {
  const world = new World(await new Server().start());
  try {
    const people = [];
    for (const name of NAMES.slice(0, PEOPLE))
      people.push(await world.person(name, { viewport: { width: 640, height: 480 } }));
    for (const { context } of people) context.setDefaultTimeout(120_000);
    await world.room('Kitchen', people);
    const [first, ...others] = people;
    await first.button('Video call with everybody here').click();
    await first.page.getByRole('dialog').getByRole('button', { name: 'Call everybody here' }).click();
    const begun = performance.now();
    await Promise.all(others.map((person) => person.accepts()));
    const all = PEOPLE * (PEOPLE - 1);
    for (;;) {
      const seconds = (performance.now() - begun) / 1000;
      const seen = await Promise.all(people.map((person) => person.page.evaluate(look)));
      const sum = (what) => seen.reduce((total, one) => total + one[what], 0);
      console.log(
        `  ${seconds.toFixed(0)} s: ${sum('connected')} of ${all} ends connected, ${sum('shown')} shown so, ` +
          `${sum('made')} made, load ${loadavg()[0].toFixed(0)}`,
      );
      if (sum('connected') === all && sum('shown') === all) return seconds;
      if (seconds > MOST_S) return Infinity;
      await pause(EACH_S * 1000);
    }
  } finally {
    await world.close();
  }
}

for (let run = 1; run <= RUNS; run += 1) {
  const seconds = await call();
  console.log(
    `run ${run}: ${Number.isFinite(seconds) ? `all connected after ${seconds.toFixed(0)} s` : 'not all connected'}`,
  );
}
// The browser ends with the process.
process.exit();
