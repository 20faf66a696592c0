/**
 * How long the client takes until it can be used on a line of 150 ms and 1.6 Mbit/s, and what it asks for: `npm run
 * speed`. With `WATERFALL=1` it also prints what was asked for when, at the last visit of each kind.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { Server } from './server.js';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const LINE = { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 200_000 };
const RUNS = Number(process.env.RUNS ?? 5);

/** @typedef {{ms: number, requests: number, bytes: number, names: string[], waterfall: string[]}} Visit */

/** Opens the page once and waits until that can be used. @returns {Promise<Visit>} */
async function open(context, url, usable) {
  const page = await context.newPage();
  const network = await context.newCDPSession(page);
  await network.send('Network.enable');
  await network.send('Network.emulateNetworkConditions', LINE);
  const asked = new Map();
  const begun = performance.now();
  const now = () => Math.round(performance.now() - begun);
  const wanted = new Map();
  network.on('Network.requestWillBeSent', ({ requestId }) => wanted.set(requestId, now()));
  network.on('Network.responseReceived', ({ requestId, response }) => {
    const local = response.fromServiceWorker || response.fromDiskCache;
    asked.set(requestId, { url: response.url, local, bytes: 0, from: wanted.get(requestId), answered: now() });
  });
  network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const one = asked.get(requestId);
    if (one) Object.assign(one, { bytes: encodedDataLength, to: now() });
  });
  network.on('Network.webSocketCreated', ({ requestId, url }) => {
    asked.set(requestId, { url, local: false, bytes: 0, from: now() });
  });
  await page.goto(url, { waitUntil: 'commit' });
  await usable(page);
  const ms = performance.now() - begun;
  await page.waitForLoadState('networkidle');
  const remote = [...asked.values()].filter((one) => !one.local);
  const bytes = remote.reduce((sum, one) => sum + one.bytes, 0);
  await page.close();
  const names = remote.map((one) => new URL(one.url).pathname);
  const waterfall = remote.map(({ url, from, answered, to, bytes }) =>
    [from, answered, to, bytes].map((one) => String(one ?? '').padStart(6)).join('') + `  ${new URL(url).pathname}`);
  return { ms, requests: remote.length, bytes, names, waterfall };
}

const logIn = (page) => page.getByRole('button', { name: 'Log in', exact: true }).waitFor();
/** One reads what was said last, and can answer. */
const room = async (page) => {
  await page.getByRole('textbox', { name: /^Write to/ }).waitFor();
  await page.locator('.message[data-seq="60"]').waitFor();
};

/** @param {Server} server */
async function profile(server, grant) {
  const place = await mkdtemp(join(tmpdir(), 'tincan-speed-'));
  const context = await chromium.launchPersistentContext(place, {
    executablePath: CHROMIUM,
    args: ['--no-sandbox'],
    viewport: { width: 1280, height: 800 },
  });
  if (grant) {
    await context.addInitScript(
      (text) => location.protocol === 'about:' || localStorage.setItem('tincan.session', text),
      JSON.stringify(grant),
    );
  }
  return { context, close: () => context.close().then(() => rm(place, { recursive: true, force: true })) };
}

const server = await new Server().start();
const grant = await server.signUp('Ada');
const kitchen = await server.ask('POST', '/api/rooms', { token: grant.token, body: { name: 'Kitchen' } });
await server.fill(grant, kitchen.id, 60);
const inRoom = `${server.url}/#/rooms/${kitchen.id}`;
const results = { 'first visit, log-in': [], 'first visit, in a room': [], 'again, in a room': [] };
for (let run = 0; run < RUNS; run += 1) {
  const stranger = await profile(server);
  results['first visit, log-in'].push(await open(stranger.context, server.url, logIn));
  await stranger.close();
  const member = await profile(server, grant);
  results['first visit, in a room'].push(await open(member.context, inRoom, room));
  // The worker has all files once it serves a page.
  const page = await member.context.newPage();
  await page.goto(server.url);
  await page.evaluate(() => navigator.serviceWorker?.ready);
  await page.close();
  results['again, in a room'].push(await open(member.context, inRoom, room));
  await member.close();
}
await server.close();
for (const [name, runs] of Object.entries(results)) {
  const { waterfall } = runs.at(-1);
  const sorted = runs.sort((a, b) => a.ms - b.ms);
  const middle = sorted[Math.floor(RUNS / 2)];
  const range = `${Math.round(sorted[0].ms)}–${Math.round(sorted.at(-1).ms)}`;
  console.log(
    `${name}: usable after ${Math.round(middle.ms)} ms (${range}), ${middle.requests} requests, ${middle.bytes} bytes`,
  );
  if (process.env.WATERFALL) console.log(waterfall.join('\n'));
  else if (middle.requests < 12) console.log(`  ${middle.names.join(' ')}`);
}
