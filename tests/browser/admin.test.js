/** The first account, invitations and administration: an operator starts an empty server, and a team comes. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fits, isOpenToAll } from './barriers.js';
import { scenario, until } from './world.js';

const shot = async (person, name) =>
  process.env.SHOTS && person.page.screenshot({ path: join(process.env.SHOTS, `${name}.png`) });
const dialog = (person) => person.page.getByRole('dialog');

async function signsUp(person, name) {
  await person.field('Name').fill(name);
  await person.field('E-mail').fill(`${name.toLowerCase()}@example.com`);
  await person.field('Password', { exact: true }).fill('correct horse');
  await person.button('Sign up').click();
  await person.button('New room').waitFor();
}

async function logsIn(person, name, password) {
  await person.field('E-mail or name').fill(name);
  await person.field('Password').fill(password);
  await person.button('Log in').click();
  await person.button('New room').waitFor();
}

scenario(
  'the first account runs the server, invites by a link, and two come by it into the room that it names',
  async (world) => {
    const ann = await world.person('Ann', { outside: true });
    await ann.sees('You are the first: you run this server.');
    await isOpenToAll(ann, 'the first account');
    await fits(ann, 'the first account');
    await shot(ann, 'first');
    await signsUp(ann, 'Ann');
    await ann.link('Administration').waitFor();
    await ann.button('New room').click();
    await ann.field('Name').fill('Kitchen');
    await dialog(ann).getByRole('radio', { name: /^Private/ }).check();
    await dialog(ann).getByRole('button', { name: 'Create room' }).click();
    await ann.page.getByRole('heading', { name: 'Kitchen', level: 1 }).waitFor();
    await ann.chooses('Invite by link');
    await dialog(ann).getByLabel('For how many people').fill('2');
    await isOpenToAll(ann, 'making an invitation');
    await dialog(ann).getByRole('button', { name: 'Make a link' }).click();
    const url = await dialog(ann).getByLabel('Send this link to those whom you invite').inputValue();
    assert.match(url, /\/#\/invite\/[\w-]{20,}$/);
    await dialog(ann).getByRole('img', { name: 'The link as a QR code' }).waitFor();
    await shot(ann, 'invitation');
    await isOpenToAll(ann, 'an invitation');
    await fits(ann, 'an invitation');
    await dialog(ann).getByRole('button', { name: 'Close' }).click();

    const at = url.slice(url.indexOf('#'));
    for (const name of ['Bea', 'Cyd']) {
      const guest = await world.person(name, { outside: true, at });
      await guest.sees('Ann invites you to “Kitchen”.');
      if (name === 'Bea') {
        await shot(guest, 'invited');
        await isOpenToAll(guest, 'invited');
        await fits(guest, 'invited');
      }
      await signsUp(guest, name);
      await guest.page.getByRole('heading', { name: 'Kitchen', level: 1 }).waitFor();
      await guest.says(`here is ${name}`);
      await ann.reads(`here is ${name}`);
    }
    const late = await world.person('Dan', { outside: true, at });
    await late.sees('This invitation is not good any more');
  },
  { timeout: 150_000 },
);

scenario(
  'who has an account follows an invitation into the room, and one that was taken back is good no more',
  async (world) => {
    const ann = await world.person('Ann');
    const bob = await world.person('Bob');
    const room = await world.server.ask('POST', '/api/rooms', {
      token: ann.grant.token,
      body: { name: 'Board', kind: 'private' },
    });
    const invite = (body) => world.server.ask('POST', '/api/invites', { token: ann.grant.token, body });
    const [first, second] = [await invite({ roomId: room.id }), await invite({ roomId: room.id })];
    await bob.page.goto(`${world.server.url}/#/invite/${first.code}`);
    await bob.sees('Ann invites you to “Board”.');
    await shot(bob, 'invite-page');
    await isOpenToAll(bob, 'an invitation to one who is here');
    await fits(bob, 'an invitation to one who is here');
    await bob.button('Join Board').click();
    await bob.page.getByRole('heading', { name: 'Board', level: 1 }).waitFor();
    await bob.says('here I am');

    await ann.page.goto(`${world.server.url}/#/admin/invites`);
    const row = ann.page.locator('.line', { hasText: '0 of 25 used' });
    await row.getByRole('button', { name: /^Take back/ }).click();
    await row.waitFor({ state: 'detached' });
    await bob.page.goto(`${world.server.url}/#/invite/${second.code}`);
    await bob.sees('This invitation is not good');
  },
  { timeout: 120_000 },
);

scenario(
  'an administrator sees all accounts, makes another one, gives a new password, and who is disabled is out at once',
  async (world) => {
    const ann = await world.person('Ann');
    const bob = await world.person('Bob');
    await world.server.signUp('Cyd');
    await ann.link('Administration').click();
    const row = (name) => ann.page.locator('.line', { hasText: `${name.toLowerCase()}@example.com` });
    const choose = async (name, item) => {
      await row(name).getByRole('button', { name: `More about ${name}` }).click();
      await ann.page.getByRole('menuitem', { name: item }).click();
    };
    await row('Bob').waitFor();
    await shot(ann, 'admin-people');
    await isOpenToAll(ann, 'accounts');
    await fits(ann, 'accounts');
    // The last one stays.
    await choose('Ann', 'Make a member');
    await dialog(ann).getByRole('button', { name: 'Make member' }).click();
    await ann.sees('This is the last administrator.');
    await dialog(ann).getByRole('button', { name: 'Cancel' }).click();
    await choose('Bob', 'Make an administrator');
    await dialog(ann).getByRole('button', { name: 'Make administrator' }).click();
    await row('Bob').getByText('Administrator').waitFor();
    await bob.link('Administration').waitFor();
    await choose('Bob', 'Make a member');
    await dialog(ann).getByRole('button', { name: 'Make member' }).click();
    await bob.link('Administration').waitFor({ state: 'detached' });

    await choose('Cyd', 'Link to a new password');
    await dialog(ann).getByRole('button', { name: 'Make a link' }).click();
    const url = await dialog(ann).getByLabel(/Send this link to Cyd/).inputValue();
    await isOpenToAll(ann, 'a link to a new password');
    await dialog(ann).getByRole('button', { name: 'Close' }).last().click();
    const cy = await world.person('Cyril', { outside: true, at: url.slice(url.indexOf('#')) });
    await cy.sees('Choose a new password.');
    await isOpenToAll(cy, 'a new password');
    await fits(cy, 'a new password');
    await cy.page.getByRole('textbox', { name: 'New password' }).fill('a new horse');
    await cy.button('Set the password').click();
    await cy.button('New room').waitFor();
    assert.equal(await cy.page.locator('.sidebar-foot .who').innerText(), 'Cyd');

    const cyAtHome = await world.person('Cyd-at-home', { outside: true });
    await logsIn(cyAtHome, 'Cyd', 'a new horse');
    const told = cyAtHome.page.getByText(/^\s*Your password was reset on .* Was that not you\?/);
    await told.waitFor();
    await shot(cyAtHome, 'password-reset');
    await isOpenToAll(cyAtHome, 'a password that was reset');
    await fits(cyAtHome, 'a password that was reset');
    await cyAtHome.page.reload();
    await told.waitFor();
    await cyAtHome.button('Dismiss').click();
    await told.waitFor({ state: 'detached' });

    const began = Date.now();
    await choose('Bob', 'Disable');
    await dialog(ann).getByRole('button', { name: 'Disable' }).click();
    await bob.sees('This account is disabled.');
    assert.ok(Date.now() - began < 5_000);
    await row('Bob').getByText('Disabled').waitFor();
    await choose('Bob', 'Remove the account');
    await dialog(ann).getByRole('button', { name: 'Remove account' }).click();
    await row('Bob').waitFor({ state: 'detached' });

    await ann.page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Overview' }).click();
    await ann.sees('Accounts');
    await shot(ann, 'admin-overview');
    await isOpenToAll(ann, 'the overview');
    await fits(ann, 'the overview');
    await cy.page.goto(`${world.server.url}/#/admin`);
    await cy.sees('For administrators');
  },
  { timeout: 150_000 },
);

scenario('who logs out everywhere is out in every browser, and this one keeps nothing', async (world) => {
  const ann = await world.person('Ann');
  const other = await world.person('Ann-at-home', { outside: true });
  await logsIn(other, 'Ann', 'correct horse');
  await ann.page.goto(`${world.server.url}/#/settings`);
  await ann.button('Log out everywhere').click();
  await dialog(ann).getByRole('button', { name: 'Log out everywhere' }).click();
  for (const one of [ann, other]) await one.button('Log in').waitFor();
  const kept = () =>
    ann.page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('.u.') || key.includes('session')));
  await until(async () => (await kept()).length === 0, 'an empty shelf');
});
