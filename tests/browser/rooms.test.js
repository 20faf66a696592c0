/** The list of rooms, what is kept of a user, and what is seen and heard of rooms that one does not look at. */

import assert from 'node:assert/strict';
import { scenario, until } from './world.js';

/** All that the browser keeps for this page, by name. */
const kept = (person) =>
  person.page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)].sort());

scenario('log-out asks, names what is lost, and leaves nothing of the user behind', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  const kitchen = await world.room('Kitchen', [ada, bob]);
  const garden = await world.room('Garden', [ada]);
  await bob.says('before');
  await ada.page.getByRole('textbox', { name: 'Write to Garden' }).fill('half a thought');
  await ada.visits(kitchen);
  await ada.reads('before');
  const tab = await ada.tab(`#/rooms/${garden.id}`);
  assert.equal(await tab.page.getByRole('textbox', { name: 'Write to Garden' }).inputValue(), 'half a thought');
  await ada.link('Settings').click();
  await ada.page.getByLabel('Dark').check();
  await ada.visits(kitchen);
  await world.server.kill();
  await ada.sees('Connection lost');
  await ada.says('never sent');
  await ada.button('Log out').click();
  const dialog = ada.page.getByRole('dialog', { name: 'Log out?' });
  await dialog.getByText('1 message was not sent yet').waitFor();
  await dialog.getByText('What you began to write in 1 room').waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await ada.page.locator('.message.waiting', { hasText: 'never sent' }).waitFor();
  await ada.logsOut();
  await tab.button('Log in').waitFor();
  // By the test: whether the page began with a session.
  const expected = ['begun', 'tincan.theme'];
  for (const page of [ada, tab]) {
    await until(async () => (await kept(page)).every((name) => expected.includes(name)), 'the end of what was kept');
  }
  assert.ok((await kept(ada)).includes('tincan.theme'));
});

scenario('what was written outlasts a session that ran out, for the same user alone', async (world) => {
  const ada = await world.person('Ada');
  await world.server.signUp('Bob');
  const room = await world.room('Kitchen', [ada]);
  await ada.page.getByRole('textbox', { name: 'Write to Kitchen' }).fill('half a thought');
  const change = { token: ada.grant.token, body: { currentPassword: 'correct horse', newPassword: 'battery staple' } };
  await world.server.ask('POST', '/api/auth/password', change);
  await ada.sees('Your session has ended.');
  const logIn = async (name, password) => {
    await ada.field('E-mail or name').fill(name);
    await ada.field('Password').fill(password);
    await ada.button('Log in').click();
    await ada.visits(room);
  };
  await logIn('bob', 'correct horse');
  await ada.button('Join room').click();
  const field = ada.page.getByRole('textbox', { name: 'Write to Kitchen' });
  assert.equal(await field.inputValue(), '');
  await ada.logsOut();
  await logIn('ada', 'battery staple');
  assert.equal(await field.inputValue(), 'half a thought');
});

const DESK = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 780 };
const title = (person, name) => person.page.getByRole('heading', { name, level: 1 });
/** The names of the rooms under a heading of the list, from the top. */
const listed = (person, group) =>
  person.page.getByRole('list', { name: group }).locator('.title > span:first-child').allTextContents();
const field = (person, room) => person.page.getByRole('textbox', { name: `Write to ${room.name}` });
const historyOf = (person) => person.page.evaluate(() => history.length);

scenario(
  'the open room stays beside People, Calls and Settings, with what one writes and reads in it',
  async (world) => {
    const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
    const room = await world.room('Kitchen', [ada, bob]);
    await field(ada, room).fill('half a thought');
    await ada.link(/^People/).click();
    // The people of the room stand at its other side.
    const people = ada.page.getByRole('region', { name: 'People', exact: true });
    await people.getByRole('button', { name: 'Call Bob', exact: true }).waitFor();
    assert.equal(await field(ada, room).inputValue(), 'half a thought');
    await bob.says('still there?');
    await ada.reads('still there?');
    await ada.link(/^Calls/).click();
    await ada.page.getByText('No calls yet').waitFor();
    await ada.page.reload();
    await title(ada, 'Kitchen').waitFor();
    await ada.page.getByText('No calls yet').waitFor();
    await ada.link('Settings').click();
    await title(ada, 'Settings').waitFor();
    await ada.link(/^Rooms/).click();
    await title(ada, 'Kitchen').waitFor();
    assert.deepEqual(await listed(ada, 'Your rooms'), ['Kitchen']);
    assert.equal(await field(ada, room).inputValue(), 'half a thought');
  },
);

scenario(
  'on a phone the list of people takes the place of the room, which reads nothing then, and is found again',
  async (world) => {
    const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
    const room = await world.room('Kitchen', [ada, bob]);
    await ada.link(/^People/).click();
    const list = ada.page.getByRole('region', { name: 'People' });
    await list.getByRole('button', { name: 'Call Bob', exact: true }).waitFor();
    await ada.page.setViewportSize(PHONE);
    await title(ada, 'People').waitFor();
    assert.equal(await title(ada, 'Kitchen').count(), 0);
    await bob.says('are you there?');
    await until(async () => (await ada.page.title()).startsWith('(1)'), 'an unread message in the title');
    await ada.link(/^Rooms/).click();
    await title(ada, 'Kitchen').waitFor();
    await ada.reads('are you there?');
    await ada.page.goBack();
    await title(ada, 'People').waitFor();
  },
);

scenario('a large call stays large while the list beside it changes, and makes way for another room', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  await world.room('Garden', [ada]);
  await world.room('Kitchen', [ada, bob]);
  await ada.rings('Bob', { video: false });
  await bob.accepts();
  const place = (wanted) => ada.page.locator(`.shell[data-call="${wanted}"]`).waitFor();
  await place('large');
  for (const name of [/^Calls/, /^Rooms/, /^People/]) {
    await ada.link(name).click();
    await ada.page.locator('.sections [aria-current]', { hasText: name }).waitFor();
    await place('large');
  }
  await ada.link(/^Rooms/).click();
  await ada.link(/Garden/).click();
  await place('corner');
  await title(ada, 'Garden').waitFor();
  // A start at the list alone opens the last room again, and is nowhere one went to: the call stays as it was.
  await ada.button('Back to the call').click();
  await place('large');
  await ada.page.goto('about:blank');
  await ada.page.goto(`${world.server.url}/#/rooms`);
  await place('large');
  await ada.button('Make the call small').click();
  await title(ada, 'Garden').waitFor();
});

scenario(
  'rooms that one is in stand apart from the others, under headings, and a search looks through both',
  async (world) => {
    const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
    await world.room('Red kitchen', [bob]);
    await world.room('Garden', [bob]);
    const own = await world.room('Blue kitchen', [ada, bob]);
    await until(async () => (await listed(ada, 'Other rooms')).length === 2, 'both other rooms');
    assert.deepEqual(await listed(ada, 'Your rooms'), ['Blue kitchen']);
    await ada.field('Search rooms').fill('kitchen');
    await until(async () => (await listed(ada, 'Other rooms')).length === 1, 'one other room');
    assert.deepEqual(
      [await listed(ada, 'Your rooms'), await listed(ada, 'Other rooms')],
      [['Blue kitchen'], ['Red kitchen']],
    );
    await ada.field('Search rooms').fill('garden');
    await ada.page.getByRole('heading', { name: 'Your rooms' }).waitFor({ state: 'detached' });
    await ada.field('Search rooms').fill('');
    await ada.link(/Garden/).click();
    await ada.button('Join room').click();
    await until(async () => (await listed(ada, 'Your rooms')).length === 2, 'the room that was joined');
    assert.deepEqual(await listed(ada, 'Other rooms'), ['Red kitchen']);
    // Headings follow each other by level, whether the list is the whole page or stands beside a room.
    const level = (number) => ada.page.getByRole('heading', { name: 'Your rooms', level: number });
    await level(3).waitFor();
    await ada.page.setViewportSize(PHONE);
    await ada.link(/Back to the rooms/).click();
    await level(2).waitFor();
    await bob.visits(own);
    await bob.says('hello');
    await until(
      async () => (await listed(ada, 'Your rooms'))[0] === 'Blue kitchen',
      'the room with the latest message first',
    );
  },
);

scenario('a message in one of hundreds of rooms draws one row, and moves it past others that stay', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.server.signUp('Bob')];
  const rooms = [];
  const make = (name) => world.server.ask('POST', '/api/rooms', { token: bob.token, body: { name } });
  for (let number = 1; number <= 230; number += 1) rooms.push(await make(`Room ${number}`));
  const [hers, his] = [await world.server.socket(ada.grant), await world.server.socket(bob)];
  for (const room of rooms.slice(0, 100)) await hers.emitWithAck('join-room', { roomId: room.id });
  await his.emitWithAck('join-room', { roomId: rooms[0].id });
  await ada.page.reload();
  await until(async () => (await listed(ada, 'Your rooms')).length === 100, 'the list');
  await ada.page.evaluate(() => {
    globalThis.drawn = new Set();
    globalThis.moved = new Set();
    const observer = new MutationObserver((changes) => {
      for (const { target, addedNodes } of changes) {
        const rows = target.matches?.('.rooms') ? addedNodes : [];
        for (const row of rows) globalThis.moved.add(row.querySelector('.title').textContent.trim());
        const row = (target instanceof Element ? target : target.parentElement)?.closest('.row');
        if (row) globalThis.drawn.add(row.querySelector('.title').textContent.trim());
      }
    });
    observer.observe(document.querySelector('.sidebar-list'), {
      childList: true,
      subtree: true,
      characterData: true,
      attributes: true,
    });
  });
  const changed = () => ada.page.evaluate(() => [[...globalThis.drawn], [...globalThis.moved]]);
  const before = await listed(ada, 'Your rooms');
  await his.emitWithAck('send-message', { roomId: rooms[0].id, content: 'news' });
  await ada.page.getByRole('list', { name: 'Your rooms' }).getByText('news').waitFor();
  assert.deepEqual(await listed(ada, 'Your rooms'), ['Room 1', ...before.filter((name) => name !== 'Room 1')]);
  assert.deepEqual(await changed(), [['Room 1'], ['Room 1']]);
  // Once it is the first, it stays where it is.
  await ada.page.evaluate(() => (globalThis.moved.clear(), globalThis.drawn.clear()));
  await his.emitWithAck('send-message', { roomId: rooms[0].id, content: 'more news' });
  await ada.page.getByRole('list', { name: 'Your rooms' }).getByText('more news').waitFor();
  assert.deepEqual(await changed(), [['Room 1'], []]);
  // From a little way down too, and with several at once; who stands on one by the keyboard goes on standing there.
  for (const room of rooms.slice(1, 8)) await his.emitWithAck('join-room', { roomId: room.id });
  const shared = ada.page.locator('.rooms li', { hasText: '2 online' });
  await until(async () => (await shared.count()) === 7, 'Bob in all of them');
  for (const [index, numbers] of [[4], [2, 7, 5], [6, 3]].entries()) {
    const [focused] = numbers;
    const row = ada.page.locator('.rooms a', { hasText: new RegExp(`^\\s*\\S*\\s*Room ${focused}(?!\\d)`) });
    await row.focus();
    await ada.page.evaluate(() => (globalThis.moved.clear(), globalThis.drawn.clear()));
    const tell = (number) => ({ roomId: rooms[number - 1].id, content: `news ${index} of ${number}` });
    await Promise.all(numbers.map((number) => his.emitWithAck('send-message', tell(number))));
    for (const number of numbers) await ada.page.getByText(`news ${index} of ${number}`).waitFor();
    const names = numbers.map((number) => `Room ${number}`).sort();
    assert.deepEqual((await listed(ada, 'Your rooms')).slice(0, names.length).sort(), names);
    assert.deepEqual((await changed()).map((list) => list.sort()), [names, names]);
    assert.equal(await row.evaluate((one) => one === document.activeElement), true, `the focus on Room ${focused}`);
  }
  hers.close();
  his.close();
  // Of many rooms those further down are in the page once one has scrolled there, or by the button, or by a search.
  const others = () => listed(ada, 'Other rooms');
  assert.equal((await others()).length, 100);
  await ada.page.locator('.sidebar-list').evaluate((list) => (list.scrollTop = list.scrollHeight));
  await until(async () => (await others()).length === 130, 'the rest of the rooms');
  assert.equal(await ada.button('Show more: Other rooms').count(), 0);
  await ada.page.reload();
  await until(async () => (await others()).length === 100, 'the list');
  await ada.field('Search rooms').fill('Room 101');
  await until(async () => (await others()).join() === 'Room 101', 'the room that is searched for');
});

scenario('what is said from right to left begins in view in the list, and is cut where it ends', async (world) => {
  const ada = await world.person('Ada');
  const texts = {
    Hebrew: 'שלום לכולם, '.repeat(12),
    Arabic: 'مرحبا بالجميع '.repeat(12),
    English: 'hello everybody '.repeat(12),
  };
  const socket = await world.server.socket(ada.grant);
  for (const [name, content] of Object.entries(texts)) {
    const body = { name, description: content };
    const room = await world.server.ask('POST', '/api/rooms', { token: ada.grant.token, body });
    await socket.emitWithAck('join-room', { roomId: room.id });
    if (name !== 'Arabic') await socket.emitWithAck('send-message', { roomId: room.id, content });
  }
  socket.close();
  await ada.page.reload();
  for (const name of Object.keys(texts)) {
    const row = ada.link(new RegExp(`^${name}`));
    await row.getByText(name === 'Arabic' ? texts.Arabic.trim() : 'You: ').waitFor();
    const seen = await row.locator('.sub .one-line').evaluate((one) => {
      const box = one.getBoundingClientRect();
      const shows = (index) => {
        const range = document.createRange();
        range.setStart(one.firstChild, index);
        range.setEnd(one.firstChild, index + 1);
        const letter = range.getBoundingClientRect();
        return letter.left >= box.left - 1 && letter.right <= box.right + 1;
      };
      return { direction: getComputedStyle(one).direction, first: shows(0), last: shows(one.firstChild.length - 2) };
    });
    assert.deepEqual(seen, { direction: name === 'English' ? 'ltr' : 'rtl', first: true, last: false }, name);
  }
});

scenario(
  'who comes back finds the last room open, without a step in the history; on a phone the list comes first',
  async (world) => {
    const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
    await world.room('Garden', [ada]);
    const kitchen = await world.room('Kitchen', [ada, bob]);
    for (const hash of ['', '#/rooms']) {
      await ada.page.goto('about:blank');
      await ada.page.goto(`${world.server.url}/${hash}`);
      const steps = await historyOf(ada);
      await title(ada, 'Kitchen').waitFor();
      assert.equal(await historyOf(ada), steps);
      assert.ok(ada.page.url().endsWith(`#/rooms/${kitchen.id}`), ada.page.url());
    }
    const begins = async (hash, name) => {
      await ada.page.goto('about:blank');
      await ada.page.goto(`${world.server.url}/${hash}`);
      await title(ada, name).waitFor();
    };
    await ada.page.setViewportSize(PHONE);
    await begins('', 'Rooms');
    assert.equal(await title(ada, 'Kitchen').count(), 0);
    await begins(`#/rooms/${kitchen.id}`, 'Kitchen');
    await ada.page.setViewportSize(DESK);
    // What is gone is not opened again.
    await ada.page.goto('about:blank');
    await world.server.ask('DELETE', `/api/rooms/${kitchen.id}`, { token: ada.grant.token });
    await begins('', 'Pick a room');
    assert.ok(ada.page.url().endsWith('#/rooms'), ada.page.url());
  },
);

scenario('on a phone the way back from a room tells how much is unread in others', async (world) => {
  const [ada, bob] = [await world.person('Ada', { viewport: PHONE }), await world.person('Bob')];
  const garden = await world.room('Garden', [ada, bob]);
  const kitchen = await world.room('Kitchen', [ada, bob]);
  const back = (words) => ada.page.getByRole('link', { name: words, exact: true });
  await back('Back to the rooms').waitFor();
  await bob.says('in the room that is open');
  await ada.reads('in the room that is open');
  await bob.visits(garden);
  for (const text of ['one', 'two', 'three']) await bob.says(text);
  await back('Back to the rooms, 3 unread in other rooms').waitFor();
  assert.equal(await back('Back to the rooms, 3 unread in other rooms').locator('.badge').isVisible(), true);
  await ada.page.goto(`${world.server.url}/#/settings`);
  await back('Back to the rooms, 3 unread').click();
  await ada.link(/Garden/).click();
  await ada.reads('three');
  await back('Back to the rooms').waitFor();
  assert.equal(await ada.page.locator('.back .badge').count(), 0);
  assert.ok(kitchen);
});

scenario('what was read just before a page is closed stays read', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  const room = await world.room('Kitchen', [ada, bob]);
  const tab = await ada.tab('#/people');
  await tab.button('Call Bob', { exact: true }).first().waitFor();
  await ada.page.bringToFront();
  for (let number = 1; number <= 20; number += 1) await bob.says(`message ${number}`);
  await ada.reads('message 20');
  // The other tab hears of it without a look at the room.
  await until(async () => !(await tab.page.title()).startsWith('('), 'nothing unread in the other tab');
  await bob.says('the last one');
  await ada.reads('the last one');
  await until(async () => !(await ada.page.title()).startsWith('('), 'all read');
  await ada.page.goto('about:blank');
  await ada.page.goto(`${world.server.url}/#/people`);
  await ada.button('Call Bob', { exact: true }).first().waitFor();
  await ada.link(/^Rooms/).click();
  await until(async () => (await listed(ada, 'Your rooms')).length === 1, 'the list');
  assert.equal(await ada.page.locator('.row .badge').count(), 0);
  assert.ok(room);
});
