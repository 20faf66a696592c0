/**
 * What a long room and many rooms cost the page: `npm run speed:reading [-- messages [rooms]]`. For each way of reading
 * it prints the time of the main thread that a message took, by what it was taken for, and the longest task.
 */

import { chromium } from 'playwright-core';
import { Server } from './server.js';
import { LOG_IN } from './world.js';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const [MESSAGES, ROOMS] = [Number(process.argv[2] ?? 100_000), Number(process.argv[3] ?? 1_000)];
const JOINED = ROOMS / 10;
/** Of 50 messages each, and never up to the first. */
const PAGES_UP = Math.min(100, Math.floor(MESSAGES / 60));
/** Names of what Chromium counts in seconds of its main thread, and what they are called here. */
const PARTS = {
  ScriptDuration: 'script',
  RecalcStyleDuration: 'style',
  LayoutDuration: 'layout',
  TaskDuration: 'all tasks',
};
/** The pace of those who write, and the time over which is measured. */
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs in the page before its own scripts: tasks of more than 50 ms, as the browser reports them. */
const WATCH_TASKS = () => {
  globalThis.longTasks = [];
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) globalThis.longTasks.push(duration);
  });
  observer.observe({ type: 'longtask' });
};

class Reading {
  /** @param {import('playwright-core').Page} page @param {import('playwright-core').CDPSession} metrics */
  constructor(page, metrics) {
    Object.assign(this, { page, metrics });
  }

  async counted() {
    const { metrics } = await this.metrics.send('Performance.getMetrics');
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  }

  /**
   * Measures what is done, and what the page still does about it.
   * @param {string} name @param {number} count @param {() => Promise<void>} work
   */
  async measure(name, count, work) {
    await this.rests();
    await this.page.evaluate(() => (globalThis.longTasks = []));
    const before = await this.counted();
    await work();
    await this.rests();
    const after = await this.counted();
    const { rows, longest } = await this.page.evaluate(() => ({
      rows: document.querySelectorAll('.message').length,
      longest: Math.max(0, ...globalThis.longTasks),
    }));
    const each = (part) => (1000 * (after[part] - before[part])) / count;
    const parts = Object.entries(PARTS).map(([part, word]) => `${word} ${each(part).toFixed(2)}`);
    const sum = each('ScriptDuration') + each('RecalcStyleDuration') + each('LayoutDuration');
    const task = longest ? `longest task ${Math.round(longest)} ms` : 'no task over 50 ms';
    console.log(`${name}: ${sum.toFixed(2)} ms each (${parts.join(', ')}), ${task}, ${rows} messages in the page`);
  }

  /** Nothing is left to be drawn. */
  async rests() {
    await this.page.evaluate(() => {
      const drawn = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 100)));
      return new Promise((resolve) => requestIdleCallback(() => resolve(drawn())));
    });
  }

  /** Scrolls to an edge until more has come there. @param {'top' | 'end'} edge */
  async onward(edge) {
    await this.page.evaluate(
      (edge) =>
        new Promise((resolve) => {
          const scroller = document.querySelector('.scroll');
          const seq = () => [...scroller.querySelectorAll('[data-seq]')].at(edge === 'top' ? 0 : -1).dataset.seq;
          const before = seq();
          scroller.scrollTop = edge === 'top' ? 0 : scroller.scrollHeight;
          const look = () => (seq() === before ? requestAnimationFrame(look) : resolve());
          look();
        }),
      edge,
    );
  }
}

/** Sends at a pace, and waits until all is stored. @param {(n: number) => string} roomOf */
async function send(socket, count, perSecond, roomOf) {
  const begun = performance.now();
  const stored = [];
  for (let n = 0; n < count; n += 1) {
    const early = begun + (1000 * n) / perSecond - performance.now();
    if (early > 0) await wait(early);
    const content = `number ${n}, in some words of a usual length`;
    stored.push(socket.emitWithAck('send-message', { roomId: roomOf(n), content }));
  }
  await Promise.all(stored);
}

const server = await new Server().start();
const [ada, bob] = [await server.signUp('Ada'), await server.signUp('Bob')];
const make = (name) => server.ask('POST', '/api/rooms', { token: bob.token, body: { name } });
const archive = await make('Archive');
const [hers, his] = [await server.socket(ada), await server.socket(bob)];
for (const socket of [hers, his]) await socket.emitWithAck('join-room', { roomId: archive.id });
await server.fill(bob, archive.id, MESSAGES, (n) => `message ${n}: ${'a few words more '.repeat(n % 7)}`);

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
await context.addInitScript(LOG_IN, JSON.stringify(ada));
await context.addInitScript(WATCH_TASKS);
const page = await context.newPage();
const metrics = await context.newCDPSession(page);
// The time that the thread ran, not the time that it waited for others of this machine.
await metrics.send('Performance.enable', { timeDomain: 'threadTicks' });
const reading = new Reading(page, metrics);
const jump = () => page.getByRole('button', { name: /^Jump to the newest/ }).click();
await page.goto(`${server.url}/#/rooms/${archive.id}`);
await page.locator('.message').last().waitFor();

const inArchive = () => archive.id;
await reading.measure('at the end, 10 a second', 100, () => send(his, 100, 10, inArchive));
await reading.measure(`up through ${PAGES_UP} pages, a page`, PAGES_UP, async () => {
  for (let n = 0; n < PAGES_UP; n += 1) await reading.onward('top');
});
await reading.measure('far up, 10 a second', 100, () => send(his, 100, 10, inArchive));
await reading.measure('down through 20 pages, a page', 20, async () => {
  for (let n = 0; n < 20; n += 1) await reading.onward('end');
});
await reading.measure('to the newest', 1, jump);
await reading.measure('at the end again, 10 a second', 100, () => send(his, 100, 10, inArchive));
await reading.measure('at the end, 5,000 at 100 a second', 5000, () => send(his, 5000, 100, inArchive));

const others = [];
for (let n = 1; n <= ROOMS; n += 1) others.push(await make(`Room ${n}`));
const joined = others.slice(0, JOINED);
for (const room of joined) for (const socket of [hers, his]) await socket.emitWithAck('join-room', { roomId: room.id });
await page.reload();
await page.locator('.message').last().waitFor();
const inOthers = (n) => joined[n % JOINED].id;
for (const [where, roomOf] of Object.entries({ 'the open one': inArchive, [`${JOINED} others`]: inOthers })) {
  await reading.measure(`${ROOMS} rooms: in ${where}, 10 a second`, 100, () => send(his, 100, 10, roomOf));
  await reading.measure(`${ROOMS} rooms: in ${where}, 2,000 at 100 a second`, 2000, () => send(his, 2000, 100, roomOf));
}
await reading.measure(`${ROOMS} rooms: from room to room, a step`, 20, async () => {
  for (let n = 0; n < 20; n += 1) {
    await page.goto(`${server.url}/#/rooms/${joined[n].id}`);
    await page.getByRole('heading', { name: joined[n].name, level: 1 }).waitFor();
    await page.locator('.message').last().waitFor();
  }
});
hers.close();
his.close();
await browser.close();
await server.close();
