/** The list of rooms, what is kept of a user, and what is seen and heard of rooms that one does not look at. */

import assert from 'node:assert/strict';
import { scenario, until } from './world.js';

/** All that the browser keeps for this page, by name. */
const kept = (person) => person.page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)].sort());

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
  for (const page of [ada, tab]) await until(async () => (await kept(page)).every((name) => expected.includes(name)), 'the end of what was kept');
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
