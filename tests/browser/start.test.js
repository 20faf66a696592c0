/**
 * The client comes in parts: what one presses before its part is there works once it is; what is missing comes again.
 */

import assert from 'node:assert/strict';
import { scenario } from './world.js';

const LATER = /\/later(\.[0-9a-f]{16})?\.js$/;

/** The way of the last part of the client: held until it is let through, or cut. */
function wayOfTheRest() {
  let open;
  let isCut = false;
  const opened = new Promise((resolve) => (open = resolve));
  return {
    /** @param {import('playwright-core').BrowserContext} context */
    async install(context) {
      await context.route(LATER, async (route) => {
        if (isCut) return route.abort();
        await opened;
        await route.continue();
      });
    },
    open: () => open(),
    cut: () => void (isCut = true),
    mend: () => void (isCut = false),
  };
}

/** @param {import('./world.js').World} world @param {string} name */
async function cameWithoutTheRest(world, name) {
  const way = wayOfTheRest();
  const person = await world.person(name, { serviceWorkers: 'block', init: way.install });
  return { person, way };
}

scenario('one reads and writes in a room before the rest of the client is there', async (world) => {
  const { person: ada } = await cameWithoutTheRest(world, 'Ada');
  const bob = await world.person('Bob');
  await world.room('Kitchen', [ada, bob]);
  await ada.says('Is anybody here?');
  await bob.reads('Is anybody here?');
  await bob.says('Yes');
  await ada.reads('Yes');
  assert.equal(await ada.page.locator('aside.drawer .row').count(), 0);
});

for (const [what, press, there] of [
  ['a new room', (ada) => ada.button('New room').click(), (ada) => ada.page.getByRole('dialog').getByLabel('Name')],
  ['the people', (ada) => ada.link(/^People/).click(), (ada) => ada.button('Call Bob').first()],
  ['the calls', (ada) => ada.link(/^Calls/).click(), (ada) => ada.page.getByText('No calls yet')],
  ['the settings', (ada) => ada.link('Settings').click(), (ada) => ada.page.getByRole('heading', { name: 'Settings' })],
  ['the log-out', (ada) => ada.button('Log out').click(), (ada) => ada.page.getByRole('dialog', { name: 'Log out?' })],
  [
    'a call',
    (ada) => ada.button('Call everybody here').click(),
    (ada) => ada.page.getByRole('dialog', { name: /^Call/ }),
  ],
  [
    'the menu of a room',
    (ada) => ada.button('More about this room').click(),
    (ada) => ada.page.getByRole('menuitem', { name: 'Leave room' }),
  ],
]) {
  scenario(`${what}, pressed before that part is there, comes with it`, async (world) => {
    const { person: ada, way } = await cameWithoutTheRest(world, 'Ada');
    await world.server.signUp('Bob');
    await world.room('Kitchen', [ada]);
    await press(ada);
    way.open();
    await there(ada).waitFor();
  });
}

scenario('a call rings as soon as the part is there that can ring, and can be accepted', async (world) => {
  const { person: ada, way } = await cameWithoutTheRest(world, 'Ada');
  const bob = await world.person('Bob');
  await bob.rings('Ada', { video: false });
  await bob.page.locator('.stage').waitFor();
  way.open();
  await ada.accepts();
  await ada.hearsAndSees(1, { video: false });
});

scenario('where the rest does not come, that is said, and it is asked for again', async (world) => {
  const { person: ada, way } = await cameWithoutTheRest(world, 'Ada');
  await world.room('Kitchen', [ada]);
  way.cut();
  way.open();
  await ada.page.reload();
  await ada.sees('A part of this page did not arrive. Trying again…');
  await ada.button('New room').click();
  way.mend();
  await ada.page.getByRole('dialog').getByLabel('Name').waitFor();
  await ada.page.locator('.banner').waitFor({ state: 'detached' });
});

const MAIN = /\/main(\.[0-9a-f]{16})?\.js$/;
const ROOM = /\/room(\.[0-9a-f]{16})?\.js$/;
const STYLES = /\.css$/;

/** A file of the client that does not arrive as long as it `isCut`. */
function cuttable(file, fail) {
  const way = { isCut: true, init: (context) => context.route(file, (route) => way.pass(route)) };
  way.pass = (route) => (way.isCut ? fail(route) : route.continue());
  return way;
}

const lost = (route) => route.abort();
const gone = (route) => route.fulfill({ status: 404, body: 'Not found' });

for (const [what, file, title] of [
  ['the first part of the client', MAIN, 'Tincan did not arrive whole'],
  ['the part for rooms', ROOM, 'A part of this page did not arrive'],
]) {
  for (const [how, fail] of [
    ['is lost on its way', lost],
    ['is not there, as after an upgrade,', gone],
  ]) {
    scenario(`where ${what} ${how} that is said, and it comes by itself as soon as it can`, async (world) => {
      const way = cuttable(file, fail);
      way.isCut = false;
      const ada = await world.person('Ada', { serviceWorkers: 'block', init: way.init });
      const room = await world.room('Kitchen', [ada]);
      way.isCut = true;
      await ada.page.goto(`${world.server.url}/?anew#/rooms/${room.id}`);
      await ada.page.getByRole('heading', { name: title }).waitFor();
      way.isCut = false;
      await ada.says('Here I am');
      await ada.reads('Here I am');
    });
  }
}

scenario('where the first part of the client stays away one can try again oneself', async (world) => {
  const way = cuttable(MAIN, lost);
  // What the page asks for by itself stays away.
  const init = async (context) => {
    await way.init(context);
    await context.route(MAIN, (route) => (route.request().resourceType() === 'fetch' ? lost(route) : route.fallback()));
  };
  const ada = await world.person('Ada', { outside: true, serviceWorkers: 'block', init });
  await ada.sees('Tincan did not arrive whole');
  way.isCut = false;
  await ada.button('Try again').click();
  await ada.page.locator('form').waitFor();
});

scenario('where the styles are lost the page is loaded again with them', async (world) => {
  const way = cuttable(STYLES, lost);
  const cut = [];
  const ada = await world.person('Ada', {
    outside: true,
    serviceWorkers: 'block',
    init: async (context) => {
      context.on('requestfailed', (request) => cut.push(request.url()));
      await way.init(context);
    },
  });
  await ada.page.locator('form').waitFor();
  assert.ok(cut.length > 0);
  way.isCut = false;
  await ada.page.waitForFunction(() => getComputedStyle(document.documentElement).getPropertyValue('--tap') !== '');
});

scenario('a first visit asks for the list of rooms once', async (world) => {
  const asked = [];
  const init = (context) => context.on('request', (request) => asked.push(new URL(request.url()).pathname));
  const ada = await world.person('Ada', { serviceWorkers: 'block', init });
  await ada.sees('No rooms yet');
  await ada.link(/^People/).click();
  await ada.sees('Nobody else yet');
  assert.equal(asked.filter((path) => path === '/api/rooms').length, 1);
});
