/**
 * A team's own place, with three people in three browsers: private rooms, messages to one, mentions, what is unread.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fits, isOpenToAll } from './barriers.js';
import { scenario, until } from './world.js';

const shot = async (person, name) =>
  process.env.SHOTS && person.page.screenshot({ path: join(process.env.SHOTS, `${name}.png`) });
const three = async (world, options = {}) => [
  await world.person('Ada', options),
  await world.person('Bob'),
  await world.person('Cyd'),
];
const dialog = (person) => person.page.getByRole('dialog');
const inList = (person, name) => person.page.getByRole('navigation', { name: 'Rooms' }).getByRole('link', { name });

/** A private room, made by the first and with the second in it, all by what one sees. */
async function privateRoom(maker, name, member) {
  await maker.link(/^Rooms/).click();
  await maker.button('New room').click();
  await maker.field('Name').fill(name);
  await dialog(maker).getByRole('radio', { name: /^Private/ }).check();
  await maker.field('Search people').last().fill(member.slice(0, 2));
  await dialog(maker).getByRole('checkbox', { name: member }).check();
  return {
    create: async () => {
      await dialog(maker).getByRole('button', { name: 'Create room' }).click();
      await maker.page.getByRole('heading', { name, level: 1 }).waitFor();
    },
  };
}

scenario(
  'a private room is there for those who are picked, bears a lock, and a third finds it by no means',
  async (world) => {
    const [ada, bob, cy] = await three(world);
    const { create } = await privateRoom(ada, 'Board', 'Bob');
    await shot(ada, 'new-private-room');
    await isOpenToAll(ada, 'a new private room');
    await fits(ada, 'a new private room');
    await create();
    await inList(bob, /Board.*private/).waitFor();
    await ada.says('among us');
    await inList(bob, /among us/).click();
    await bob.reads('among us');
    await shot(bob, 'private-room');
    await isOpenToAll(bob, 'a private room');
    await fits(bob, 'a private room');
    // What comes after all that would have come before it.
    await world.server.ask('POST', '/api/rooms', { token: ada.grant.token, body: { name: 'Kitchen' } });
    await inList(cy, 'Kitchen').waitFor();
    assert.equal(await inList(cy, 'Board').count(), 0);
    await cy.page.goto(bob.page.url());
    await cy.sees('This room is gone');
    assert.equal(await cy.page.getByText('Board').count(), 0);

    // Added, one reads what was written; taken out, one is told, and the room is gone.
    // On a wide page they stand beside the room.
    await ada.button('Add people').click();
    await dialog(ada).getByRole('checkbox', { name: 'Cyd' }).check();
    await isOpenToAll(ada, 'adding people');
    await fits(ada, 'adding people');
    await dialog(ada).getByRole('button', { name: 'Add', exact: true }).click();
    await cy.reads('among us');
    await cy.says('thank you');
    await bob.reads('thank you');
    // The list went as the page became narrow.
    await ada.button('People in this room').click();
    await ada.button('Take Cyd out of the room').click();
    await dialog(ada).getByRole('button', { name: 'Take out' }).click();
    await cy.sees('You are no longer in “Board”.');
    await cy.sees('This room is gone');
    assert.equal(await inList(cy, 'Board').count(), 0);
    assert.equal(await bob.button('Take Ada out of the room').count(), 0, 'who did not make the room takes nobody out');

    await bob.chooses('Leave room');
    await bob.sees(/until somebody in it adds you again/);
    await dialog(bob).getByRole('button', { name: 'Leave room' }).click();
    await inList(bob, 'Board').waitFor({ state: 'detached' });
    await ada.chooses('Leave room');
    await ada.sees(/the room and all of its messages are gone/);
  },
  { timeout: 150_000 },
);

scenario(
  'two write to each other alone, from a card that opens wherever a name stands, and see whether the other is there',
  async (world) => {
    const [ada, bob, cy] = await three(world);
    await world.room('Kitchen', [ada, bob, cy]);
    await bob.says('hello all');
    await ada.reads('hello all');
    // By the keyboard: the message, and Enter.
    const message = ada.page.locator('.message[data-seq]', { hasText: 'hello all' });
    await message.focus();
    await ada.page.keyboard.press('Enter');
    const card = ada.page.getByRole('dialog', { name: 'Bob' });
    await card.getByText('Online').waitFor();
    await shot(ada, 'card');
    await isOpenToAll(ada, 'a card');
    await fits(ada, 'a card');
    await ada.page.keyboard.press('Escape');
    await card.waitFor({ state: 'detached' });
    await ada.page.locator('.message .name', { hasText: 'Bob' }).click();
    await card.getByRole('button', { name: 'Write' }).click();
    await ada.page.getByRole('heading', { name: 'Bob', level: 1 }).waitFor();
    // Nothing was said: it shows to whoever opened it.
    await inList(ada, /^Bob/).waitFor();
    assert.equal(await inList(bob, /^Ada/).count(), 0);
    await ada.says('only for you');
    await inList(bob, /Ada.*only for you/).click();
    await bob.reads('only for you');
    await bob.says('and for you');
    await ada.reads('and for you');
    await shot(ada, 'direct');
    await isOpenToAll(ada, 'a room of two');
    await fits(ada, 'a room of two');
    assert.equal(await cy.page.getByText('only for you').count(), 0);
    await ada.page.locator('.room-head').getByText('Online').waitFor();
    await bob.page.close();
    await ada.page.locator('.room-head').getByText('Offline').waitFor();
    // From the list of people it is the same room.
    await ada.link(/^People/).click();
    await ada.button('Write to Bob').click();
    await ada.reads('and for you');
    // A card leads into a room.
    await world.server.ask('POST', '/api/rooms', { token: ada.grant.token, body: { name: 'Garden', kind: 'private' } });
    await inList(ada, /Garden/).waitFor();
    await ada.link(/^People/).click();
    await ada.page
      .getByRole('region', { name: 'People', exact: true })
      .getByRole('button', { name: 'Cyd', exact: true })
      .click();
    const cyd = ada.page.getByRole('dialog', { name: 'Cyd' });
    await cyd.getByText('Online').waitFor();
    await cyd.getByLabel('Add to a room').selectOption('Garden');
    await cyd.getByRole('button', { name: 'Add', exact: true }).click();
    await cyd.getByText('Cyd is in Garden now.').waitFor();
    await inList(cy, /Garden/).waitFor();
  },
  { timeout: 150_000 },
);

scenario(
  'who is named stands out and is counted apart, and what is read on the phone is read on the laptop',
  async (world) => {
    const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
    const room = await world.room('Kitchen', [ada, bob]);
    const garden = await world.room('Garden', [bob]);
    const phone = await bob.tab(`#/rooms/${garden.id}`);
    await phone.page.setViewportSize({ width: 390, height: 844 });
    await phone.page.goto(`${world.server.url}/#/rooms`);
    // Names are completed by the keyboard.
    const field = ada.page.getByRole('textbox', { name: /^Write to/ });
    await field.focus();
    await ada.page.keyboard.type('tea, @b');
    await ada.page.getByRole('option', { name: '@Bob' }).waitFor();
    await shot(ada, 'mention-list');
    await isOpenToAll(ada, 'names to complete');
    await fits(ada, 'names to complete');
    await field.focus();
    await ada.page.getByRole('option', { name: '@Bob' }).waitFor();
    await ada.page.keyboard.press('Enter');
    await until(async () => (await field.inputValue()) === 'tea, @Bob ', 'the name');
    await ada.page.keyboard.press('Control+Enter');
    await ada.reads('tea, @Bob');
    await ada.says('and cake');
    await ada.reads('and cake');
    for (const one of [bob, phone]) {
      await inList(one, /Kitchen/).locator('.badge.mention', { hasText: '1' }).waitFor();
      await inList(one, /Kitchen/).locator('.badge', { hasText: '2 unread' }).waitFor();
    }
    await shot(bob, 'mention-badge');
    await isOpenToAll(bob, 'a list with mentions');
    await inList(phone, /Kitchen/).click();
    await phone.reads('and cake');
    await phone.page.locator('.message.mentions-me', { hasText: '@Bob' }).waitFor();
    await shot(phone, 'mentioned');
    await isOpenToAll(phone, 'a mention');
    await inList(bob, /Kitchen/).locator('.badge').first().waitFor({ state: 'detached' });
    // Also over a reload, and in a browser that was never here.
    const fresh = await world.person('Bob', { outside: true });
    await fresh.field('E-mail or name').fill('Bob');
    await fresh.field('Password').fill('correct horse');
    await fresh.button('Log in').click();
    await inList(fresh, /Kitchen/).waitFor();
    assert.equal(await inList(fresh, /Kitchen/).locator('.badge').count(), 0);
    // What comes now has its line in front of it where nobody looks.
    await fresh.page.goto(`${world.server.url}/#/rooms/${garden.id}`);
    await phone.page.goto(`${world.server.url}/#/rooms`);
    await ada.says('one more');
    await inList(fresh, /Kitchen/).locator('.badge', { hasText: '1 unread' }).waitFor();
    await fresh.page.goto(`${world.server.url}/#/rooms/${room.id}`);
    await fresh.page.locator('.new-line + .message', { hasText: 'one more' }).waitFor();
  },
  { timeout: 150_000 },
);

scenario(
  'a call of two stands among what they write, as each saw it, and rings again from there',
  async (world) => {
    const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
    const direct = await world.server.ask('POST', '/api/direct', {
      token: ada.grant.token,
      body: { userId: bob.grant.user.id },
    });
    for (const person of [ada, bob]) await person.page.goto(`${world.server.url}/#/rooms/${direct.id}`);
    await ada.says('may I ring?');
    await bob.reads('may I ring?');
    await ada.button('Call Bob').click();
    await dialog(ada).getByRole('button', { name: 'Call', exact: true }).click();
    await bob.sees('is calling');
    await bob.button('Decline').click();
    await ada.sees('Bob declined.');
    await ada.page.locator('.call-row', { hasText: 'Call: declined' }).waitFor();
    await bob.page.locator('.call-row').waitFor();
    await bob.says('now I can');
    await ada.reads('now I can');
    // In its place: after what was said before it.
    const order = await ada.page
      .locator('.feed > article')
      .evaluateAll((all) => all.map((one) => one.className.split(' ')[0]));
    assert.deepEqual(order, ['message', 'call-row', 'message']);
    await ada.button('Call again').click();
    await dialog(ada).getByRole('button', { name: 'Call', exact: true }).click();
    await bob.sees('is calling');
    await ada.button('Hang up').click();
    await bob.page.locator('.call-row.missed', { hasText: 'Missed call' }).waitFor();
    await shot(bob, 'calls-among-messages');
    await isOpenToAll(bob, 'calls among messages');
    await fits(bob, 'calls among messages');
    await bob.button('Call again').last().click();
    await dialog(bob).getByRole('button', { name: 'Call', exact: true }).click();
    await ada.accepts();
    await Promise.all([ada.hearsAndSees(1, { video: false }), bob.hearsAndSees(1, { video: false })]);
    await ada.button('Hang up').click();
    await bob.sees('Ada hung up.');
    await ada.page
      .locator('.call-row', { hasText: /^Call, 0:\d\d/ })
      .or(ada.page.locator('.call-row', { hasText: /Call, 0:\d\d/ }))
      .first()
      .waitFor();
  },
  { timeout: 150_000 },
);
