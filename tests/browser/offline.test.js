/**
 * Opened without the server: what was known last is there, it says so, and what is written goes out when the server is
 * back.
 */

import assert from 'node:assert/strict';
import { scenario, until } from './world.js';

/** The way to the server, for everything but the client's files: it can be cut and mended. */
function wayToServer() {
  let isCut = false;
  return {
    /** @param {import('playwright-core').BrowserContext} context */
    async install(context) {
      await context.route(/\/(api|socket\.io)\//, (route) => (isCut ? route.abort() : route.continue()));
      await context.routeWebSocket(/\/socket\.io\//, (socket) =>
        isCut ? void socket.close() : void socket.connectToServer(),
      );
    },
    /** What is open stays open until the page is loaded again. */
    cut: () => void (isCut = true),
    mend: () => void (isCut = false),
  };
}

/** @param {import('./world.js').World} world */
async function adaOnAWay(world) {
  const way = wayToServer();
  // A worker would take requests past what cuts them.
  const ada = await world.person('Ada', { serviceWorkers: 'block', init: way.install });
  return { ada, way };
}

scenario(
  'without the server the page opens with what was known last, says so, and keeps what is written',
  async (world) => {
    const { ada, way } = await adaOnAWay(world);
    const bob = await world.person('Bob');
    const garden = await world.room('Garden', [ada, bob]);
    await ada.says('The roses want water');
    await ada.reads('The roses want water');
    const kitchen = await world.room('Kitchen', [ada, bob]);
    await bob.says('Who has the key?');
    await ada.reads('Who has the key?');

    way.cut();
    await ada.page.reload();
    await ada.reads('Who has the key?');
    const away = /cannot be reached\. You see what was here at .+; what you write is kept and sent afterwards\./;
    await ada.page.getByText(away).waitFor();
    assert.equal(await ada.page.locator('.sidebar-list a.row').count(), 2);
    // Each room looked at before is there.
    await ada.link(/Garden/).click();
    await ada.reads('The roses want water');
    await ada.link(/Kitchen/).click();
    await ada.reads('Who has the key?');
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
    way.mend();
    await ada.page.locator('.message[data-seq]', { hasText: 'I have it' }).waitFor();
    // What others wrote meanwhile is fetched beside what is sent: either may come first.
    await ada.reads('Found it');
    assert.deepEqual(await ada.messages(), ['Who has the key?', 'Found it', 'I have it']);
    await ada.page.locator('.banner').waitFor({ state: 'detached' });
    await ada.page.getByRole('link', { name: /Garden.*1 unread/ }).waitFor();
    const path = `/api/rooms/${kitchen.id}/messages`;
    assert.equal((await world.server.ask('GET', path, { token: ada.grant.token })).length, 3);
  },
);

scenario('a room deleted while one was away is gone once the server answers', async (world) => {
  const { ada, way } = await adaOnAWay(world);
  const room = await world.room('Kitchen', [ada]);
  await ada.says('Hello');
  await ada.reads('Hello');
  way.cut();
  await ada.page.reload();
  await ada.reads('Hello');
  await world.server.ask('DELETE', `/api/rooms/${room.id}`, { token: ada.grant.token });
  way.mend();
  await ada.sees('No rooms yet');
  await ada.page.getByRole('region', { name: 'Messages in Kitchen' }).waitFor({ state: 'detached' });
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
