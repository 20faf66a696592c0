/**
 * Https with the server's own authority, in a real browser: trusted where it is installed, and led to where it is not.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { isThere } from './proxy.js';
import { Server } from './server.js';
import { CHROMIUM, FLAGS, LOG_IN, WATCH, scenario } from './world.js';

/** A browser whose user has installed the authority of this server, and no other. */
async function trusting(server) {
  const home = await mkdtemp(join(tmpdir(), 'tincan-home-'));
  const database = join(home, '.pki/nssdb');
  await mkdir(database, { recursive: true });
  const certificate = join(home, 'tincan.crt');
  await writeFile(certificate, Buffer.from(await (await fetch(`${server.url}/trust/tincan.crt`)).arrayBuffer()));
  execFileSync('certutil', ['-N', '-d', `sql:${database}`, '--empty-password']);
  execFileSync('certutil', ['-A', '-d', `sql:${database}`, '-n', 'tincan', '-t', 'C,,', '-i', certificate]);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS, env: { ...process.env, HOME: home } });
  return { browser, close: async () => (await browser.close(), rm(home, { recursive: true, force: true })) };
}

test(
  'who has installed the authority sees no warning, and talks over WebSockets with a camera',
  { timeout: 90_000, skip: !isThere('certutil') && 'there is no certutil' },
  async () => {
    const server = await new Server(['--public-url', 'https://chat.test']).start();
    const { browser, close } = await trusting(server);
    try {
      const grant = await server.signUp('Ada');
      for (const host of ['localhost', 'chat.test']) {
        const context = await browser.newContext();
        await context.addInitScript(WATCH);
        await context.addInitScript(LOG_IN, JSON.stringify(grant));
        const page = await context.newPage();
        const sockets = [];
        page.on('websocket', (socket) => sockets.push(socket.url()));
        await page.goto(`https://${host}:${server.port}/`);
        await page.getByRole('button', { name: 'New room' }).waitFor();
        await page.getByText('Connecting').waitFor({ state: 'detached' });
        assert.deepEqual(
          sockets.map((url) => new URL(url).protocol),
          ['wss:'],
          host,
        );
        const camera = await page.evaluate(
          async () => (await navigator.mediaDevices.getUserMedia({ video: true })).getTracks().length,
        );
        assert.equal(camera, 1, host);
        assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
        await context.close();
      }
      // What the authority may not vouch for is not believed, though it is installed.
      const page = await browser.newPage();
      await assert.rejects(page.goto(`https://other.test:${server.port}/`), /ERR_CERT/);
    } finally {
      await close();
      await server.close();
    }
  },
);

scenario('a call on plain http from elsewhere leads to the secure page, where there is a camera', async (world) => {
  const ada = await world.person('Ada', { insecure: true, ignoreHTTPSErrors: true });
  await world.server.signUp('Bob');
  await ada.link(/^People/).click();
  await ada.button('Video call with Bob').click();
  await ada.sees(/choose “Advanced”, then “Proceed”/);
  const dialog = ada.page.getByRole('dialog');
  assert.equal(await dialog.getByRole('link', { name: 'Open the secure page' }).count(), 1);
  await ada.page.evaluate(() => sessionStorage.clear());
  await dialog.getByRole('link', { name: 'Open the secure page' }).click();
  await ada.page.waitForURL(`https://chat.test:${world.server.port}/**`);
  await ada.button('New room').waitFor();
  await ada.button('Video call with Bob').click();
  await ada.page.getByLabel('Preview of your picture').waitFor();
});

scenario('the page about trust is read without the client, in light and dark, at every width', async (world) => {
  const ada = await world.person('Ada', { ignoreHTTPSErrors: true });
  for (const [scheme, width] of [['light', 1280], ['dark', 320]]) {
    await ada.page.emulateMedia({ colorScheme: scheme });
    await ada.page.setViewportSize({ width, height: 800 });
    await ada.page.goto(`${world.server.url}/trust`);
    await ada.page.getByRole('heading', { name: 'Trust this server' }).waitFor();
    const wide = await ada.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.equal(wide, 0, `it scrolls sideways at ${width}`);
    const button = await ada.page.evaluate(() => getComputedStyle(document.querySelector('.button')).display);
    assert.equal(button, 'inline-block', 'its style counts');
    if (process.env.SHOTS) {
      await ada.page.screenshot({ path: join(process.env.SHOTS, `trust-${width}.png`), fullPage: true });
    }
  }
});
