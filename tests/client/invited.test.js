/** Who follows a link, and what the server says of an account while somebody is logged in. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App } from '../../static/app.js';
import { Accounts } from '../../static/state/accounts.js';
import * as chat from '../../static/state/chat.js';
import { fakeSocket, id, room, settle, storage } from './fakes.js';

const ada = { id: id(1), username: 'Ada', role: 'member' };
/** Good for a day. */
const grant = (user) => {
  const iat = Math.floor(Date.now() / 1000);
  return { token: `h.${btoa(JSON.stringify({ userId: user.id, iat, exp: iat + 86_400 }))}.s`, user };
};

/** An app at an address; nobody is logged in, or one of these. */
async function appAt(context, hash, { user, rooms = [], answers = {} } = {}) {
  const asked = [];
  context.mock.method(globalThis, 'fetch', async (path, { method, body }) => {
    asked.push([`${method} ${path}`, body && JSON.parse(body)]);
    const answer = answers[`${method} ${path}`] ?? (path === '/api/rooms' ? rooms : {});
    return { ok: !answer.code, status: answer.code ? 404 : 200, headers: new Headers(), json: async () => answer };
  });
  const socket = fakeSocket();
  const shelf = storage();
  if (user) {
    shelf.write('session', grant(user));
    shelf.of(user.id).write('here', true);
  }
  const never = () => new Promise(() => {});
  const app = new App({
    io: () => socket,
    storage: shelf,
    tabStorage: storage(),
    hash,
    parts: { room: async () => chat, later: never },
  });
  app.place.fits = { both: true, lists: true, beside: true, all: true };
  app.navigation.setAddress = (next) => queueMicrotask(() => app.navigation.go(next));
  app.start();
  await settle();
  // Its timers must not outlive the test.
  context.after(() => app.session.end());
  return { app, socket, asked, shelf };
}

test('who is not logged in stays at an invitation and at a new password, and nowhere else inside', async (context) => {
  for (const [hash, page] of [
    ['#/invite/abc', 'invite'],
    ['#/reset/abc', 'reset'],
    ['#/admin', 'login'],
    ['#/rooms', 'login'],
  ]) {
    const { app } = await appAt(context, hash);
    assert.equal(app.route.page, page, hash);
    app.session.end();
    context.mock.restoreAll();
  }
});

test('who signs up by an invitation finds the room open that it led to', async (context) => {
  const kitchen = room(5, { name: 'Kitchen' });
  const { app, socket } = await appAt(context, '#/invite/abc', { rooms: [room(4, { joined: false }), kitchen] });
  app.entry.signedUp(grant(ada), 'Kitchen');
  await settle();
  socket.come();
  for (let turn = 0; turn < 5; turn += 1) await settle();
  assert.equal(app.place.hash, `#/rooms/${kitchen.id}`);
});

test('who has an account and logs in comes back to the invitation, and by it into the room', async (context) => {
  const board = room(7, { name: 'Board', kind: 'private' });
  const { app, asked } = await appAt(context, '#/invite/abc', {
    answers: { 'POST /api/invites/code/abc': { room: board } },
  });
  app.navigation.go('#/login');
  app.session.begin(grant(ada));
  for (let turn = 0; turn < 5; turn += 1) await settle();
  assert.equal(app.place.hash, '#/invite/abc');
  await app.entry.followInvite('abc');
  await settle();
  assert.ok(asked.some(([what]) => what === 'POST /api/invites/code/abc'));
  assert.equal(app.place.hash, `#/rooms/${board.id}`);
  assert.equal(app.chat.rooms.byId.get(board.id).joined, true);
});

test('a new password is for whoever the link was made for, whoever was logged in here', async (context) => {
  const { app } = await appAt(context, '#/reset/abc', { user: ada });
  assert.equal(app.chat.user.id, ada.id);
  const bob = { id: id(2), username: 'Bob', role: 'member' };
  app.entry.changeTo(grant(bob));
  for (let turn = 0; turn < 5; turn += 1) await settle();
  assert.equal(app.chat.user.id, bob.id);
  assert.equal(app.route.page, 'home');
});

test('what the server says of the account is so at once, in what is kept too', async (context) => {
  const { app, socket, shelf } = await appAt(context, '#/rooms', { user: ada });
  assert.equal(app.isAdmin, false);
  socket.come();
  socket.receive('account-updated', { user: { ...ada, role: 'admin', username: 'Ada.L' } });
  assert.equal(app.isAdmin, true);
  assert.equal(shelf.read('session').user.username, 'Ada.L');
  assert.equal(shelf.read('session').token, grant(ada).token);
  socket.receive('account-updated', { user: { id: id(9), role: 'member' } });
  assert.equal(app.isAdmin, true, 'of somebody else');
});

test('whose account is disabled is out at once, and told why', async (context) => {
  const { app, socket } = await appAt(context, '#/rooms', { user: ada });
  socket.come();
  socket.receive('error', { code: 'account_disabled', message: '' });
  await settle();
  assert.equal(app.session.user, null);
  assert.match(app.session.notice, /disabled/);
  assert.equal(app.route.page, 'login');
});

test('accounts are found, go on where a page ended, and change one at a time', async () => {
  const account = (number, more) => ({
    id: id(number),
    username: `U${number}`,
    role: 'member',
    disabled: false,
    ...more,
  });
  const asked = [];
  const rest = {
    async accounts(query) {
      asked.push(query);
      return query.after
        ? { accounts: [account(2), account(3)], next: null }
        : { accounts: [account(1), account(2)], next: 'place' };
    },
    changeAccount: async (accountId, change) => ({ ...account(Number(accountId)), ...change }),
    removeAccount: async () => {},
  };
  const accounts = new Accounts({ rest });
  await accounts.search(' u ');
  await accounts.more();
  assert.deepEqual(accounts.list.map((one) => one.username), ['U1', 'U2', 'U3']);
  assert.deepEqual(asked.map(({ search, after }) => [search, after]), [['u', undefined], ['u', 'place']]);
  await accounts.change(id(2), { disabled: true });
  await accounts.remove(id(1));
  assert.deepEqual(accounts.list.map(({ username, disabled }) => [username, disabled]), [['U2', true], ['U3', false]]);
  // A failure stays in words, and the list as it was.
  rest.accounts = async () => Promise.reject(new Error('away'));
  await accounts.search('x');
  assert.equal(accounts.problem, 'Something went wrong on the server.');
  assert.equal(accounts.list.length, 2);
});

test('who logs out everywhere is told so, and whoever logs in after that is led nowhere', async (context) => {
  const { app, asked } = await appAt(context, '#/rooms', { user: ada });
  app.navigation.go('#/settings');
  await app.entry.logOutEverywhere();
  await settle();
  assert.ok(asked.some(([what]) => what === 'POST /api/auth/logout-everywhere'));
  assert.deepEqual(
    [app.session.user, app.session.notice, app.entry.returnTo],
    [null, 'You are logged out everywhere.', ''],
  );
});
