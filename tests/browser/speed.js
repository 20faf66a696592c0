/** How long the client takes until it can be used, on a line of 150 ms and 1.6 Mbit/s, and what it asks for: `npm run speed`. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { Server } from './server.js';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const LINE = { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 200_000 };
const RUNS = 5;

/** Opens the page once and waits until that can be used. @returns {Promise<{ms: number, requests: number, bytes: number, names: string[]}>} */
async function open(context, url, usable) {
  const page = await context.newPage();
  const network = await context.newCDPSession(page);
  await network.send('Network.enable');
  await network.send('Network.emulateNetworkConditions', LINE);
  const asked = new Map();
  network.on('Network.responseReceived', ({ requestId, response }) => asked.set(requestId, { url: response.url, local: response.fromServiceWorker || response.fromDiskCache, bytes: 0 }));
  network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const one = asked.get(requestId);
    if (one) one.bytes = encodedDataLength;
  });
  network.on('Network.webSocketCreated', ({ requestId, url }) => asked.set(requestId, { url, local: false, bytes: 0 }));
  const begun = performance.now();
  await page.goto(url, { waitUntil: 'commit' });
  await usable(page).waitFor();
  const ms = performance.now() - begun;
  await page.waitForLoadState('networkidle');
  const remote = [...asked.values()].filter((one) => !one.local);
  const bytes = remote.reduce((sum, one) => sum + one.bytes, 0);
  await page.close();
  return { ms, requests: remote.length, bytes, names: remote.map((one) => new URL(one.url).pathname) };
}

const logIn = (page) => page.getByRole('button', { name: 'Log in', exact: true });
const field = (page) => page.getByRole('textbox', { name: /^Write to/ });

/** @param {Server} server */
async function profile(server, grant) {
  const place = await mkdtemp(join(tmpdir(), 'tincan-speed-'));
  const context = await chromium.launchPersistentContext(place, { executablePath: CHROMIUM, args: ['--no-sandbox'], viewport: { width: 1280, height: 800 } });
  if (grant) await context.addInitScript((text) => location.protocol === 'about:' || localStorage.setItem('tincan.session', text), JSON.stringify(grant));
  return { context, close: () => context.close().then(() => rm(place, { recursive: true, force: true })) };
}

const server = await new Server().start();
const grant = await server.signUp('Ada');
const room = await server.ask('POST', '/api/rooms', { token: grant.token, body: { name: 'Kitchen' } });
await server.fill(grant, room.id, 60);
const inRoom = `${server.url}/#/rooms/${room.id}`;
const results = { 'first visit, log-in': [], 'first visit, in a room': [], 'again, in a room': [] };
for (let run = 0; run < RUNS; run += 1) {
  const stranger = await profile(server);
  results['first visit, log-in'].push(await open(stranger.context, server.url, logIn));
  await stranger.close();
  const member = await profile(server, grant);
  results['first visit, in a room'].push(await open(member.context, inRoom, field));
  // The worker has all files once it serves a page.
  const page = await member.context.newPage();
  await page.goto(server.url);
  await page.evaluate(() => navigator.serviceWorker?.ready);
  await page.close();
  results['again, in a room'].push(await open(member.context, inRoom, field));
  await member.close();
}
await server.close();
for (const [name, runs] of Object.entries(results)) {
  const sorted = runs.sort((a, b) => a.ms - b.ms);
  const middle = sorted[Math.floor(RUNS / 2)];
  const range = `${Math.round(sorted[0].ms)}–${Math.round(sorted.at(-1).ms)}`;
  console.log(`${name}: usable after ${Math.round(middle.ms)} ms (${range}), ${middle.requests} requests, ${middle.bytes} bytes`);
  if (middle.requests < 12) console.log(`  ${middle.names.join(' ')}`);
}
