/**
 * The client's files, kept by the browser: it opens without the server, and lets go of files that are no longer served
 * so.
 */

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { scenario, until } from './world.js';

/** The browser has all files of the client. @param {import('./world.js').Person} person */
const hasAllFiles = (person) => person.page.evaluate(() => navigator.serviceWorker.ready.then(() => true));

/** The browser has none of them any more. @param {import('./world.js').Person} person */
async function letsGoOfAllFiles({ page }) {
  // No event tells a page that its worker has gone.
  const workers = () => page.evaluate(() => navigator.serviceWorker.getRegistrations().then((all) => all.length));
  await until(async () => (await workers()) === 0, 'the end of the worker');
  assert.deepEqual(await page.evaluate(() => caches.keys()), []);
}

// The files that the executable holds are what this is about.
const skip = process.env.TINCAN_CLIENT_DIR ? 'the files stand in a folder' : undefined;

scenario('without the server the client opens and says that it is away', async (world) => {
  const ada = await world.person('Ada');
  await hasAllFiles(ada);
  await world.server.kill();
  await ada.page.reload();
  await ada.button('New room').waitFor();
  await ada.page.locator('.banner').waitFor();
  await world.server.start();
  await ada.page.locator('.banner').waitFor({ state: 'detached' });
}, { skip });

scenario('a page that is opened again asks the server for nothing that the browser has', async (world) => {
  const ada = await world.person('Ada');
  await hasAllFiles(ada);
  const asked = [];
  const note = (response) => response.fromServiceWorker() || asked.push(new URL(response.url()).pathname);
  await ada.page.goto('about:blank');
  ada.page.on('response', note);
  await ada.page.goto(world.server.url);
  await ada.button('New room').waitFor();
  await ada.page.waitForLoadState('networkidle');
  assert.deepEqual(asked.filter((path) => !path.startsWith('/api/') && !path.startsWith('/socket.io/')), []);
  assert.ok(asked.length <= 4, `${asked}`);
}, { skip });

scenario('a server whose files stand in a folder lets the browser forget those that it kept', async (world) => {
  const ada = await world.person('Ada');
  await hasAllFiles(ada);
  await world.server.kill('SIGTERM');
  world.server.flags = ['--client-dir', fileURLToPath(new URL('../../static', import.meta.url))];
  await world.server.start();
  await ada.page.reload();
  await letsGoOfAllFiles(ada);
  await ada.page.reload();
  await ada.button('New room').waitFor();
  assert.equal(await ada.page.locator('script[type=importmap]').count(), 0);
}, { skip });

scenario('a server without the client lets the browser forget the files that it kept', async (world) => {
  const ada = await world.person('Ada');
  await hasAllFiles(ada);
  await world.server.kill('SIGTERM');
  world.server.flags = ['--no-client'];
  await world.server.start();
  // Once more it comes out of what is kept; then there is nothing left of it.
  await ada.page.reload();
  await letsGoOfAllFiles(ada);
  assert.equal((await ada.page.reload()).status(), 404);
}, { skip });
