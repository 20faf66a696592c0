/** Firefox, and Firefox beside Chromium: an account, messages, calls both ways, and a reload of each side. */

import assert from 'node:assert/strict';
import { atFirefox } from './firefox.js';
import { scenario, until } from './world.js';

/** A second and a half is what it takes on a machine with nothing else to do; this is for those that have. */
const BACK_MS = 4_000;

/** Since then a picture has come over a connection that was made since then. */
async function pictureSince(person, since) {
  const read = () => person.page.evaluate(() => globalThis.connections.map((pc) => pc.firstPictureAt ?? 0)).catch(() => []);
  let at;
  await until(async () => (at = (await read()).find((one) => one > since)) !== undefined, `a picture at ${person.name}`);
  return at - since;
}

/** Both see and hear each other, and each is back soon after a reload. */
async function isGood(context, people) {
  await Promise.all(people.map((person) => person.hearsAndSees()));
  for (const [leaver, other] of [people, people.toReversed()]) {
    const since = Date.now();
    await leaver.page.reload();
    const took = await Promise.all([leaver, other].map((person) => pictureSince(person, since)));
    context.diagnostic(`${leaver.name} reloads: ${leaver.name} sees after ${took[0]} ms, ${other.name} after ${took[1]} ms`);
    for (const ms of took) assert.ok(ms < BACK_MS, `a picture after ${ms} ms where ${leaver.name} reloads`);
    await Promise.all([leaver.forgets(), other.forgets()]);
    await Promise.all([leaver.hearsAndSees(), other.hearsAndSees()]);
  }
}

scenario('in Firefox one makes an account and writes with somebody in Chromium', async (world) => {
  const ada = await world.person('Ada');
  const room = await world.room('Kitchen', [ada]);
  const fox = await atFirefox(world, 'Fox', { outside: true, at: '#/signup' });
  await fox.fills('Name', 'Fox');
  await fox.fills('E-mail', 'fox@example.com');
  await fox.fills('Password', 'correct horse');
  await fox.button('Sign up').click();
  await fox.button('New room').waitFor();
  await fox.visits(room);
  await fox.button('Join room').click();
  await fox.says('From the fox');
  await ada.reads('From the fox');
  await ada.says('To the fox');
  await fox.reads('To the fox');
});

scenario('Chromium rings Firefox, and each is back soon after a reload', async (world, context) => {
  const [ada, fox] = [await world.person('Chromium'), await atFirefox(world, 'Firefox')];
  await ada.rings('Firefox');
  await fox.accepts();
  await isGood(context, [ada, fox]);
  await fox.button('Hang up').click();
  await ada.sees('Firefox hung up.');
});

scenario('Firefox rings Chromium, and each is back soon after a reload', async (world, context) => {
  const [fox, ada] = [await atFirefox(world, 'Firefox'), await world.person('Chromium')];
  await fox.rings('Chromium');
  await ada.accepts();
  await isGood(context, [fox, ada]);
  await ada.button('Hang up').click();
  await fox.sees('Chromium hung up.');
});

scenario('Firefox rings Firefox, and each is back soon after a reload', async (world, context) => {
  const [fox, vix] = [await atFirefox(world, 'Fox'), await atFirefox(world, 'Vix')];
  await fox.rings('Vix');
  await vix.accepts();
  await isGood(context, [fox, vix]);
});

scenario('Chromium rings Chromium, and each is back soon after a reload', async (world, context) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  await ada.rings('Bob');
  await bob.accepts();
  await isGood(context, [ada, bob]);
});
