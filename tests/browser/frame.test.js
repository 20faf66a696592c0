/**
 * The frame of the client: dialogs, menus, lists and pages at the sizes of a phone and of a desk, by finger and by
 * keyboard.
 */

import assert from 'node:assert/strict';
import { scenario, until } from './world.js';

const SIZES = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 800 } };

/** What has the focus, by its name. */
const focused = (person) =>
  person.page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return 'nothing';
    // Below its name a label may say more.
    return (
      element.getAttribute('aria-label') ||
      element.labels?.[0]?.innerText.trim().split('\n')[0] ||
      element.textContent.trim()
    );
  });

const hasFocus = (person, name) => until(async () => (await focused(person)) === name, `focus on “${name}”`);

/** A dialog is there, can be seen whole, and what lies on top of its middle is itself. Then it is closed by Escape. */
async function isInFront(person, title) {
  const dialog = person.page.getByRole('dialog', { name: title });
  await dialog.waitFor();
  const found = await dialog.evaluate((element) => {
    const box = element.getBoundingClientRect();
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + 8);
    return {
      inside: box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight,
      top: element.contains(top),
    };
  });
  assert.deepEqual(found, { inside: true, top: true }, title);
}

async function closes(person, title) {
  await person.page.keyboard.press('Escape');
  await person.page.getByRole('dialog', { name: title }).waitFor({ state: 'detached' });
}

for (const [size, viewport] of Object.entries(SIZES)) {
  scenario(
    `every dialog opens in front of everything, with the focus where one goes on, at a ${size}`,
    async (world) => {
      const [ada, bob] = [await world.person('Ada', { viewport }), await world.person('Bob')];
      const room = await world.room('Kitchen', [ada, bob]);
      const link = async (name) => {
        if (size === 'phone') await ada.page.goto(`${world.server.url}/#/rooms`);
        await ada.link(name).click();
      };
      const opens = async (open, title, focus, opener) => {
        await open.click();
        await isInFront(ada, title);
        await hasFocus(ada, focus);
        await closes(ada, title);
        await hasFocus(ada, opener);
      };
      await ada.page.goto(`${world.server.url}/#/rooms`);
      await opens(ada.button('New room'), 'New room', 'Name', 'New room');
      await link(/^People/);
      for (const name of ['Call Bob', 'Video call with Bob']) {
        await opens(ada.button(name, { exact: true }), 'Call Bob', 'Call', name);
      }
      await ada.rings('Bob', { video: false });
      await bob.button('Decline').click();
      await ada.sees('Bob declined.');
      await link(/^Calls/);
      await opens(ada.button('Call Bob back'), 'Call Bob', 'Call', 'Call Bob back');
      await ada.visits(room);
      const head = (name) => ada.button(name, { exact: true });
      await opens(head('Call everybody here'), 'Call Kitchen', 'Call everybody here', 'Call everybody here');
      const more = async (item, title, focus) => {
        await ada.chooses(item);
        await isInFront(ada, title);
        await hasFocus(ada, focus);
        await closes(ada, title);
        await hasFocus(ada, 'More about this room');
      };
      await more('Change name', 'Change name', 'Name');
      await more('Change description', 'Change description', 'What it is for (optional)');
      await more('Sounds and notifications', 'Sounds and notifications', 'All messages');
      await more('Leave room', 'Leave “Kitchen”?', 'Cancel');
      await more('Delete room', 'Delete “Kitchen”?', 'Cancel');
      await opens(
        head('Video call with everybody here'),
        'Call Kitchen',
        'Call everybody here',
        'Video call with everybody here',
      );
    },
  );
}

scenario(
  'a menu closes at a click beside it, at Escape and when the focus goes on, and is walked through by arrows',
  async (world) => {
    const ada = await world.person('Ada');
    await world.room('Kitchen', [ada]);
    const { keyboard } = ada.page;
    const more = ada.button('More about this room');
    const menu = ada.page.getByRole('menu');
    const closed = () => menu.waitFor({ state: 'hidden' });
    await more.click();
    await hasFocus(ada, 'Change name');
    const says = (expanded) => ada.button('More about this room', { expanded }).waitFor();
    await says(true);
    await ada.page.mouse.click(640, 500);
    await closed();
    await says(false);
    await more.click();
    await hasFocus(ada, 'Change name');
    await more.click();
    await closed();
    await more.press('ArrowDown');
    await hasFocus(ada, 'Change name');
    for (const [key, name] of [
      ['ArrowDown', 'Change description'],
      ['l', 'Leave room'],
      ['End', 'Delete room'],
      ['ArrowDown', 'Change name'],
      ['ArrowUp', 'Delete room'],
      ['Home', 'Change name'],
      ['l', 'Leave room'],
    ]) {
      await keyboard.press(key);
      await hasFocus(ada, name);
    }
    await keyboard.press('Escape');
    await closed();
    await hasFocus(ada, 'More about this room');
    await keyboard.press('Enter');
    await hasFocus(ada, 'Change name');
    await keyboard.press('Tab');
    await closed();
    assert.notEqual(await focused(ada), 'nothing');
    await more.click();
    await hasFocus(ada, 'Change name');
    await keyboard.press('Shift+Tab');
    await closed();
  },
);

for (const [size, viewport] of Object.entries({ ...SIZES, tablet: { width: 768, height: 1024 } })) {
  scenario(
    `the drawer of a room closes by button and by Escape, gives the focus back, and lies under no menu, at a ${size}`,
    async (world) => {
      const ada = await world.person('Ada', { viewport });
      await world.room('Kitchen', [ada]);
      const opener = ada.button('People in this room');
      const drawer = ada.page.getByRole(size === 'desk' ? 'complementary' : 'dialog', { name: 'People', exact: true });
      const gone = () => drawer.waitFor({ state: 'detached' });
      if (size !== 'desk') {
        assert.equal(await drawer.count(), 0);
        await opener.click();
      }
      await drawer.waitFor();
      if (size === 'desk') await drawer.getByRole('button', { name: 'Close' }).focus();
      await hasFocus(ada, 'Close');
      await ada.page.keyboard.press('Escape');
      await gone();
      await hasFocus(ada, 'People in this room');
      await ada.button('More about this room').click();
      await ada.page.getByRole('menu').waitFor();
      await opener.click();
      await drawer.waitFor();
      await ada.page.getByRole('menu').waitFor({ state: 'hidden' });
      await drawer.getByRole('button', { name: 'Close' }).click();
      await gone();
      await hasFocus(ada, 'People in this room');
      if (size === 'desk') return;
      await opener.click();
      await drawer.waitFor();
      await ada.page.mouse.click(20, 400);
      await gone();
      await hasFocus(ada, 'People in this room');
    },
  );
}

/** One heading of the page and one main part that can be seen and read; where one is stands in the title. */
async function hasOneMainPart(person, heading, title) {
  const visible = (selector) =>
    person.page.evaluate(
      (selector) =>
        [...document.querySelectorAll(selector)]
          .filter((element) => element.checkVisibility() && !element.closest('[inert]'))
          .map((element) => element.textContent.trim()),
      selector,
    );
  await until(async () => (await visible('h1')).includes(heading), `the heading ${heading}`);
  assert.deepEqual(await visible('h1'), [heading]);
  assert.equal((await visible('main, [role="main"]')).length, 1, heading);
  assert.equal(await person.page.title(), title);
}

for (const [size, viewport] of Object.entries(SIZES)) {
  scenario(`every page has one main part and one heading, and the focus goes along, at a ${size}`, async (world) => {
    const phone = size === 'phone';
    const bob = await world.person('Bob');
    const ada = await world.person('Ada', { viewport, hasTouch: phone });
    const room = await world.room('Kitchen', [bob]);
    const list = (name) => (phone ? name : 'Pick a room');
    await hasOneMainPart(ada, list('Rooms'), 'Tincan');
    await ada.link(/^People/).click();
    await hasOneMainPart(ada, list('People'), 'People · Tincan');
    await ada.link(/^Calls/).click();
    await hasOneMainPart(ada, list('Calls'), 'Calls · Tincan');
    await ada.link('Settings').click();
    await hasOneMainPart(ada, 'Settings', 'Settings · Tincan');
    await hasFocus(ada, 'Settings');
    await (phone ? ada.link('Back to the rooms') : ada.link(/^Rooms/)).click();
    await hasFocus(ada, 'Rooms');
    await ada.link(/Kitchen/).click();
    await hasOneMainPart(ada, 'Kitchen', 'Kitchen · Tincan');
    await hasFocus(ada, 'Kitchen');
    // The button that was pressed goes with it.
    await ada.button('Join room').click();
    await until(async () => !['nothing', 'Join room'].includes(await focused(ada)), 'focus in the room');
    await ada.chooses('Leave room');
    await ada.page.getByRole('dialog').getByRole('button', { name: 'Leave room' }).click();
    await ada.button('Join room').waitFor();
    await until(async () => (await focused(ada)) !== 'nothing', 'focus after leaving');
    await world.server.ask('DELETE', `/api/rooms/${room.id}`, { token: bob.grant.token });
    await hasOneMainPart(ada, 'This room is gone', 'Tincan');
    await until(async () => (await focused(ada)) !== 'nothing', 'focus after the room is gone');
  });
}

scenario('the first key of the keyboard leads past the lists', async (world) => {
  const ada = await world.person('Ada');
  await world.room('Kitchen', [ada]);
  await ada.page.reload();
  await ada.button('New room').waitFor();
  await ada.page.evaluate(() => document.activeElement?.blur());
  await ada.page.locator('.skip').focus();
  assert.equal(await focused(ada), 'Skip the lists');
  await ada.page.keyboard.press('Enter');
  await hasFocus(ada, 'Kitchen');
});

/** What is touched and smaller than a finger. Words within a sentence may be, and what is pressed by its label. */
const tooSmall = (person) =>
  person.page.evaluate(() =>
    [...document.querySelectorAll('button, a[href], input, select, textarea, summary, [role="button"]')]
      .filter(
        (element) =>
          element.checkVisibility({ visibilityProperty: true }) &&
          !element.matches('.message a, .hidden-visually, .skip:not(:focus)'),
      )
      .map((element) => {
        const label = element.matches('[type="radio"], [type="checkbox"]') && element.labels?.[0];
        return [element, (label || element).getBoundingClientRect()];
      })
      // Half a pixel is lost in rounding.
      .filter(([, box]) => box.width > 0 && (box.width < 43.5 || box.height < 43.5))
      .map(([element, { width, height }]) => {
        const name = element.getAttribute('aria-label') || element.textContent.trim() || element.name;
        return `${name}: ${Math.round(width)}×${Math.round(height)}`;
      }),
  );

scenario('everything that is touched on a phone is as large as a finger', async (world) => {
  const phone = { viewport: SIZES.phone, hasTouch: true, isMobile: true };
  // The first account is greeted otherwise.
  await world.server.signUp('First');
  const guest = await world.person('Guest', { outside: true, ...phone });
  await guest.button('Log in').waitFor();
  assert.deepEqual(await tooSmall(guest), [], 'log-in');
  await guest.link('Sign up').tap();
  await guest.button('Sign up').waitFor();
  assert.deepEqual(await tooSmall(guest), [], 'sign-up');
  const [ada, bob] = [await world.person('Ada', phone), await world.person('Bob')];
  const fits = async (view) => assert.deepEqual(await tooSmall(ada), [], view);
  await fits('no rooms');
  const room = await world.room('Kitchen', [bob]);
  await ada.link(/Kitchen/).tap();
  await ada.button('Join room').waitFor();
  await fits('a room from outside');
  await ada.button('Join room').tap();
  await ada.page.getByRole('textbox', { name: /^Write to/ }).waitFor();
  await fits('a room');
  await ada.button('People in this room').tap();
  await ada.page.getByRole('dialog', { name: 'People', exact: true }).waitFor();
  await fits('the drawer');
  await ada.page.getByRole('dialog').getByRole('button', { name: 'Close' }).tap();
  await ada.button('More about this room').tap();
  await ada.page.getByRole('menu').waitFor();
  await fits('the menu');
  await ada.page.keyboard.press('Escape');
  await ada.button('Video call with everybody here').tap();
  await ada.page.getByRole('dialog').waitFor();
  await fits('the dialog before a call');
  await ada.page.keyboard.press('Escape');
  for (const hash of ['rooms', 'people', 'calls', 'settings']) {
    await ada.page.goto(`${world.server.url}/#/${hash}`);
    await ada.page.locator('.row:visible, .card:visible, .empty:visible').first().waitFor();
    await fits(hash);
  }
  await ada.page.goto(`${world.server.url}/#/rooms`);
  await ada.button('New room').tap();
  await ada.page.getByRole('dialog').waitFor();
  await fits('the dialog for a new room');
  assert.ok(room);
});

scenario('at 400 % zoom the lists can be seen and used', async (world) => {
  const [ada, bob] = [await world.person('Ada', { viewport: { width: 320, height: 200 } }), await world.person('Bob')];
  await world.room('Kitchen', [bob]);
  const rowShows = async (row) => {
    const box = await row.boundingBox();
    assert.ok(box && box.y >= 0 && box.y + box.height <= 200, JSON.stringify(box));
  };
  for (const [hash, name] of [['rooms', /Kitchen/], ['people', 'Bob']]) {
    await ada.page.goto(`${world.server.url}/#/${hash}`);
    const row = ada.page.locator('.sidebar-list .row', { hasText: name });
    await row.waitFor();
    await row.scrollIntoViewIfNeeded();
    await rowShows(row);
    const over = await ada.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${over} px too wide`);
  }
  await ada.button('Call Bob', { exact: true }).first().click();
  await ada.page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
});

scenario('at 400 % zoom a room shows messages and the field below, from inside and outside', async (world) => {
  const [ada, bob] = [await world.person('Ada', { viewport: { width: 320, height: 200 } }), await world.person('Bob')];
  const room = await world.room('Kitchen', [bob]);
  for (const n of [1, 2, 3, 4]) await bob.says(`message ${n}`);
  const shows = async (locator) => {
    const box = await locator.boundingBox();
    assert.ok(box && box.y >= 0 && box.y + box.height <= 200, JSON.stringify(box));
  };
  await ada.visits(room);
  await ada.reads('message 4');
  const last = ada.page.locator('.message', { hasText: 'message 4' });
  await shows(last);
  await shows(ada.button('Join room'));
  await ada.button('Join room').click();
  const field = ada.page.getByRole('textbox', { name: 'Write to Kitchen' });
  await field.waitFor();
  await shows(field);
  await shows(last);
});

scenario(
  'names are laid out in their own direction, and marks that are stacked on them stay in their line',
  async (world) => {
    const ada = await world.person('Ada');
    const stacked = `Z${'\u0351\u036b\u0343\u036a\u0302'.repeat(12)}algo`;
    const right = await world.server.ask('POST', '/api/rooms', {
      token: ada.grant.token,
      body: { name: `חדר ${stacked}` },
    });
    const yael = await world.server.signUp('יעל');
    await ada.link(/^People/).click();
    const name = ada.page.locator('.row .person-name', { hasText: yael.user.username });
    await name.waitFor();
    const look = (locator) =>
      locator.evaluate((element) => {
        const { direction, overflowY } = getComputedStyle(element);
        return {
          direction,
          overflowY,
          lines: Math.round(
            element.getBoundingClientRect().height / Number.parseFloat(getComputedStyle(element).fontSize),
          ),
        };
      });
    assert.deepEqual(await look(name), { direction: 'rtl', overflowY: 'clip', lines: 2 });
    await ada.visits(right);
    await ada.button('Join room').click();
    await ada.chooses('Leave room');
    const title = ada.page.getByRole('dialog').getByRole('heading');
    const { direction, overflowY } = await look(title);
    // The words around the name are ours.
    assert.deepEqual([direction, overflowY], ['ltr', 'clip']);
  },
);

scenario(
  'among a thousand people those online come first, parts of names are found, and scrolling brings the rest',
  async (world) => {
    const ada = await world.person('Ada');
    const names = Array.from({ length: 1_000 }, (_, index) => `p${String(index).padStart(4, '0')}`);
    for (let begun = 0; begun < names.length; begun += 20) {
      await Promise.all(names.slice(begun, begun + 20).map((name) => world.server.signUp(name)));
    }
    const top = await world.server.socket(await world.server.signUp('zz.top'));
    await ada.link(/^People/).click();
    const rows = ada.page.locator('.sidebar-list .row');
    await rows.filter({ hasText: 'zz.top' }).getByText('Online').waitFor();
    assert.match(await rows.first().textContent(), /zz\.top/);
    const list = ada.page.getByRole('region', { name: 'People' });
    await list.hover();
    await until(async () => {
      await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
      return (await rows.count()) === 1_001;
    }, 'everybody');
    assert.equal(new Set(await rows.locator('.title').allTextContents()).size, 1_001);
    // Who goes while one looks stays in place.
    await list.evaluate((element) => element.scrollTo(0, 0));
    top.close();
    await rows.filter({ hasText: 'zz.top' }).getByText('Offline').waitFor();
    assert.match(await rows.first().textContent(), /zz\.top/);
    await ada.field('Search people').fill('TOP');
    await until(async () => (await rows.count()) === 1, 'one that is found by a part of the name');
    await ada.field('Search people').fill('nobody');
    await ada.sees('Nobody found');
  },
  { timeout: 180_000 },
);
