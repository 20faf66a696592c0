/** People whose pages are connected to different servers on one MongoDB: they chat and call each other. */

import { test } from 'node:test';
import { Front } from './front.js';
import { Replicas, missing } from './replicas.js';
import { World } from './world.js';

/** Two servers on one database, with a front before each that leads to the other one where it is gone. */
async function apart(body) {
  const replicas = await new Replicas().start();
  const servers = [await replicas.server(), await replicas.server()];
  const fronts = [await new Front(servers).start(), await new Front([servers[1], servers[0]]).start()];
  const world = new World(fronts[0]);
  try {
    const ada = await world.person('Ada');
    world.server = fronts[1];
    const bob = await world.person('Bob');
    await body({ world, ada, bob, servers });
    await world.checkPages();
  } catch (error) {
    error.message += `\n(pictures and logs: ${await world.keepEvidence('servers')})`;
    throw error;
  } finally {
    await world.close();
    for (const one of [...fronts, ...servers, replicas]) await one.close();
  }
}

test('two on two servers write and see each other', { timeout: 120_000, skip: missing() }, () =>
  apart(async ({ world, ada, bob }) => {
    await world.room('Kitchen', [ada, bob]);
    await ada.says('from one server');
    await bob.reads('from one server');
    await bob.says('from the other');
    await ada.reads('from the other');
  }));

test(
  'two on two servers hold a call, which goes on when one of the servers is killed',
  { timeout: 120_000, skip: missing() },
  () =>
    apart(async ({ ada, bob, servers }) => {
      await ada.rings('Bob');
      await bob.accepts();
      await Promise.all([ada.hearsAndSees(), bob.hearsAndSees()]);
      await servers[1].kill();
      for (const person of [ada, bob]) await person.forgets();
      await Promise.all([ada.hearsAndSees(), bob.hearsAndSees()]);
      // Bob is in the call by the other server: what is told of it reaches him.
      await ada.button('Camera').click();
      await bob.tile('Ada').getByText('Camera off').waitFor();
      await ada.button('Hang up').click();
      await Promise.all([ada.hasNoCall(), bob.hasNoCall()]);
    }),
);
