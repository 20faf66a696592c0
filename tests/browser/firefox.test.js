/** Firefox, and Firefox beside Chromium: an account, messages, calls both ways, and a reload of each side. */

import assert from 'node:assert/strict';
import { atFirefox } from './firefox.js';
import { TIME_PICTURES, scenario, until } from './world.js';

/** A second and a half is what it takes on a machine with nothing else to do; this is for those that have. */
const BACK_MS = 4_000;

/** Since then a picture has come over a connection that was made since then. */
async function pictureSince(person, since) {
  const read = () =>
    person.page.evaluate(() => globalThis.connections.map((pc) => pc.firstPictureAt ?? 0)).catch(() => []);
  let at;
  await until(
    async () => (at = (await read()).find((one) => one > since)) !== undefined,
    `a picture at ${person.name}`,
  );
  return at - since;
}

/** Both see and hear each other, and each is back soon after a reload. */
async function isGood(context, people) {
  await Promise.all(people.map((person) => person.hearsAndSees()));
  for (const [leaver, other] of [people, people.toReversed()]) {
    const since = Date.now();
    await leaver.page.reload();
    const took = await Promise.all([leaver, other].map((person) => pictureSince(person, since)));
    context.diagnostic(
      `${leaver.name} reloads: ${leaver.name} sees after ${took[0]} ms, ${other.name} after ${took[1]} ms`,
    );
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

const BROWSERS = {
  Chromium: (world, name) => world.person(name, { init: (context) => context.addInitScript(TIME_PICTURES) }),
  Firefox: (world, name) => atFirefox(world, name, { init: TIME_PICTURES }),
};

for (const [caller, callee] of [
  ['Chromium', 'Firefox'],
  ['Firefox', 'Chromium'],
  ['Firefox', 'Firefox'],
  ['Chromium', 'Chromium'],
]) {
  scenario(`${caller} rings ${callee}, and each is back soon after a reload`, async (world, context) => {
    const ada = await BROWSERS[caller](world, 'Ada');
    const bob = await BROWSERS[callee](world, 'Bob');
    await ada.rings('Bob');
    await bob.accepts();
    await isGood(context, [ada, bob]);
    await bob.button('Hang up').click();
    await ada.sees('Bob hung up.');
  });
}

scenario('in Firefox one comes by an invitation, is named, and writes to one person alone', async (world) => {
  const ada = await world.person('Ada');
  const { token } = ada.grant;
  const room = await world.server.ask('POST', '/api/rooms', { token, body: { name: 'Kitchen', kind: 'private' } });
  const { code } = await world.server.ask('POST', '/api/invites', { token, body: { roomId: room.id } });
  const fox = await atFirefox(world, 'Fox', { outside: true, at: `#/invite/${code}` });
  await fox.sees('Ada invites you to “Kitchen”.');
  await fox.fills('Name', 'Fox');
  await fox.fills('E-mail', 'fox@example.com');
  await fox.fills('Password', 'correct horse');
  await fox.button('Sign up').click();
  await fox.find('h1', 'Kitchen').waitFor();
  await ada.visits(room);
  await ada.says('welcome @fox');
  await fox.reads('welcome @fox');
  await fox.find('.message.mentions-me .mention', '@fox').waitFor();
  await fox.find('.message .name', 'Ada').click();
  await fox.find('dialog button', 'Write').click();
  await fox.find('h1', 'Ada').waitFor();
  await fox.says('only for you, @a');
  await ada.page.getByRole('link', { name: /Fox.*only for you/ }).click();
  await ada.reads('only for you');
});

scenario(
  'in Firefox the test of the connection finds the relay, and measures the line to it',
  async (world) => {
    const fox = await atFirefox(world, 'Fox', { at: '#/settings' });
    await fox.button('Test my connection').click();
    const over = () => document.querySelector('dialog .report');
    await fox.page.waitForFunction(over, { timeout: 45_000, polling: 100 });
    const found = await fox.page.$$eval('.check', (all) =>
      Object.fromEntries(all.map((row) => [row.querySelector('h3').firstChild.textContent, row.className])),
    );
    assert.deepEqual(new Set(Object.values(found)), new Set(['check good']), JSON.stringify(found));
  },
  { flags: ['--turn', 'auto', '--turn-port', '0'] },
);
