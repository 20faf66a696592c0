/** Calls that go on: over a reload, a path that is cut, and a server that dies. */

import assert from 'node:assert/strict';
import { forwarders } from './forwarders.js';
import { scenario, until } from './world.js';

async function inCall(world, options) {
  const [ada, bob] = [await world.person('Ada', options), await world.person('Bob', options)];
  await ada.rings('Bob');
  await bob.accepts();
  await Promise.all([ada.hearsAndSees(), bob.hearsAndSees()]);
  return [ada, bob];
}

scenario('who reloads within the grace is back by itself', async (world) => {
  const [ada, bob] = await inCall(world);
  for (const [leaver, other] of [
    [bob, ada],
    [ada, bob],
  ]) {
    await other.forgets();
    await leaver.page.reload();
    await leaver.hearsAndSees();
    await other.hearsAndSees();
    await other.tile(leaver.name).getByText('Reconnecting…').waitFor({ state: 'detached' });
  }
});

scenario(
  'who closes the page is missed, and after the grace the call is over',
  async (world) => {
    const [ada, bob] = await inCall(world);
    await bob.page.goto('about:blank');
    await ada.tile('Bob').getByText('Reconnecting…').waitFor();
    await ada.sees('Bob lost the connection. The call is over.');
    await ada.hasNoCall();
  },
  { flags: ['--call-grace', '2s'] },
);

scenario(
  'the path is cut: another is found, on the same connection',
  async (world) => {
    const paths = forwarders();
    try {
      const [ada, bob] = await inCall(world, { init: (context) => paths.install(context) });
      assert.ok(paths.count > 0);
      paths.cut();
      await ada.tile('Bob').getByText('Reconnecting…').waitFor();
      await Promise.all([ada.forgets(), bob.forgets()]);
      await Promise.all(
        [ada, bob].map((person) => person.page.locator('.tile[data-state=connected]').waitFor({ timeout: 30_000 })),
      );
      await Promise.all([ada.hearsAndSees(), bob.hearsAndSees()]);
      assert.equal(
        await ada.page.evaluate(() => connections.filter((pc) => pc.connectionState !== 'closed').length),
        1,
      );
    } finally {
      paths.close();
    }
  },
  { timeout: 120_000 },
);

scenario(
  'the server is killed in the middle of a call: pictures go on meanwhile, and the call afterwards',
  async (world) => {
    const [ada, bob] = await inCall(world);
    await world.server.kill();
    await ada.sees('Connection lost');
    await Promise.all([ada.forgets(), bob.forgets()]);
    // Peer to peer: nobody needs the server to see the other.
    await Promise.all([ada.hearsAndSees(), bob.hearsAndSees()]);
    await world.server.start();
    await ada.page.locator('.banner').waitFor({ state: 'detached' });
    for (const person of [ada, bob])
      await until(async () => (await person.page.getByText('Reconnecting…').count()) === 0, 'the other');
    await ada.button('Microphone').click();
    await bob.tile('Ada').getByText('Microphone off').waitFor();
    await ada.button('Hang up').click();
    await bob.sees('Ada hung up.');
  },
);

scenario('a restart that is announced is a quiet one', async (world) => {
  const [ada] = await inCall(world);
  await world.server.kill('SIGTERM');
  await ada.sees('The server is restarting.');
  await world.server.start();
  await ada.page.locator('.banner').waitFor({ state: 'detached' });
  await ada.forgets();
  await ada.hearsAndSees();
});

scenario('one writes while in a call, and comes back to it', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  await world.room('Kitchen', [ada, bob]);
  await ada.rings('Bob');
  await bob.accepts();
  await ada.hearsAndSees();
  await ada.button('Make the call small').click();
  await ada.link(/^Rooms/).click();
  await ada.link(/Kitchen/).click();
  await ada.says('As I said');
  await ada.reads('As I said');
  await ada.forgets();
  await ada.page.getByRole('region', { name: 'Call' }).getByRole('button', { name: /Bob/ }).click();
  await ada.tile('Bob').waitFor();
  await ada.hearsAndSees();
});
