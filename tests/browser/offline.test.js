/** Opened without the server: what was known last is there, it says so, and what is written goes out when the server is back. */

import assert from 'node:assert/strict';
import { scenario, until } from './world.js';

const PATHS = ['**/api/**', '**/socket.io/**'];

/** Files come, the server does not answer. @param {import('./world.js').Person} person */
async function cutOff({ context }) {
  for (const path of PATHS) await context.route(path, (route) => route.abort());
}

/** @param {import('./world.js').Person} person */
async function letBack({ context }) {
  for (const path of PATHS) await context.unroute(path);
}

scenario('without the server the page opens with what was known last, says so, and keeps what is written', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  const garden = await world.room('Garden', [ada, bob]);
  await ada.says('The roses want water');
  await ada.reads('The roses want water');
  const kitchen = await world.room('Kitchen', [ada, bob]);
  await bob.says('Who has the key?');
  await ada.reads('Who has the key?');

  await cutOff(ada);
  await ada.page.reload();
  await ada.reads('Who has the key?');
  await ada.page.getByText(/The server cannot be reached\. You see what was here at .+; what you write is kept and sent afterwards\./).waitFor();
  assert.equal(await ada.page.locator('.sidebar-list a.row').count(), 2);
  // Each room looked at before is there.
  await ada.link(/Garden/).click();
  await ada.reads('The roses want water');
  await ada.link(/Kitchen/).click();
  await ada.says('I have it');
  await ada.sees('Waits for the connection');
  // A second visit without the server loses nothing either.
  await ada.page.reload();
  await ada.reads('Who has the key?');
  await ada.sees('Waits for the connection');

  await bob.says('Found it');
  await bob.visits(garden);
  await bob.says('They got some');
  await bob.reads('They got some');
  assert.deepEqual(await ada.messages(), ['Who has the key?']);
  await letBack(ada);
  await ada.page.locator('.message[data-seq]', { hasText: 'I have it' }).waitFor();
  assert.deepEqual(await ada.messages(), ['Who has the key?', 'Found it', 'I have it']);
  await ada.page.locator('.banner').waitFor({ state: 'detached' });
  await ada.page.getByRole('link', { name: /Garden.*1 unread/ }).waitFor();
  assert.equal((await world.server.ask('GET', `/api/rooms/${kitchen.id}/messages`, { token: ada.grant.token })).length, 3);
});

scenario('a room deleted while one was away is gone once the server answers', async (world) => {
  const ada = await world.person('Ada');
  const room = await world.room('Kitchen', [ada]);
  await ada.says('Hello');
  await ada.reads('Hello');
  await cutOff(ada);
  await ada.page.reload();
  await ada.reads('Hello');
  await world.server.ask('DELETE', `/api/rooms/${room.id}`, { token: ada.grant.token });
  await letBack(ada);
  await ada.page.getByRole('heading', { name: 'This room is gone' }).waitFor();
  await ada.page.goto('about:blank');
  const other = await ada.tab();
  await other.sees('No rooms yet');
  const kept = await other.page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('.known.')));
  assert.deepEqual(kept, []);
});

scenario('what was known goes with the log-out, and never to somebody else', async (world) => {
  const ada = await world.person('Ada');
  await world.room('Kitchen', [ada]);
  await ada.says('Between us');
  await ada.reads('Between us');
  const keys = () => ada.page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('.known')));
  await ada.page.reload();
  await ada.reads('Between us');
  assert.ok((await keys()).length > 0);
  await ada.logsOut();
  await until(async () => (await keys()).length === 0, 'an empty browser');
  await ada.page.reload();
  await ada.button('Log in').waitFor();
  assert.deepEqual(await keys(), []);
});
