/** The directory of accounts: in pages, those online first, kept true without moving anybody. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRest } from '../../static/protocol/rest.js';
import { Directory } from '../../static/state/directory.js';

/** As the server sorts and pages: a place is the key of the last one. */
function fakeServer(names, online = []) {
  const server = {
    names: [...names],
    online: new Set(online),
    asked: [],
    async users({ search = '', limit = 50, after = '' }) {
      server.asked.push({ search, after });
      const key = (name) => `${server.online.has(name) ? 0 : 1}${name}`;
      const parts = (name) => [name, ...[...name.matchAll(/[._-]/g)].map(({ index }) => name.slice(index + 1))];
      const found = server.names.filter((name) => parts(name).some((part) => part.startsWith(search))).map(key).sort();
      const rest = found.filter((one) => one > after);
      const page = rest.slice(0, limit);
      return {
        users: page.map((one) => ({
          _id: one.slice(1),
          id: one.slice(1),
          username: one.slice(1),
          online: one[0] === '0',
        })),
        next: rest.length > limit ? page.at(-1) : null,
      };
    },
  };
  return server;
}

const names = Array.from({ length: 120 }, (_, index) => `p${String(index).padStart(3, '0')}`);
const shown = (directory) => directory.pages.flatMap((page) => page.users.map((user) => user.id));
const online = (directory) =>
  directory.pages.flatMap((page) => page.users.filter((user) => user.online).map((user) => user.id));

test('those online come first, and everybody comes by going on', async () => {
  const directory = new Directory({ rest: fakeServer(names, ['p119', 'p077']) });
  await directory.search('');
  assert.deepEqual(shown(directory).slice(0, 3), ['p077', 'p119', 'p000']);
  await directory.more();
  await directory.more();
  assert.equal(directory.next, null);
  assert.deepEqual(shown(directory).toSorted(), names);
  await directory.more();
  assert.equal(shown(directory).length, 120);
});

test('a fresh look changes who is online, but nobody’s place, and asks only for what is shown', async () => {
  const server = fakeServer(names, ['p119', 'p077']);
  const directory = new Directory({ rest: server });
  await directory.search('');
  await directory.more();
  const before = shown(directory);
  const [first, second] = directory.pages;
  server.online = new Set(['p077', 'p010', 'p060']);
  server.asked.length = 0;
  await directory.refresh([1]);
  assert.equal(server.asked.length, 1);
  assert.deepEqual(online(directory), ['p077', 'p119', 'p060']);
  assert.equal(directory.pages[0], first);
  assert.notEqual(directory.pages[1], second);
  await directory.refresh([0]);
  assert.deepEqual(online(directory), ['p077', 'p010', 'p060']);
  assert.deepEqual(shown(directory), before);
  await directory.settle();
  assert.deepEqual(shown(directory).slice(0, 4), ['p010', 'p060', 'p077', 'p000']);
});

test('who comes or goes while one goes on is neither lost nor doubled', async () => {
  const server = fakeServer(names);
  const directory = new Directory({ rest: server });
  await directory.search('');
  server.online = new Set(['p110']);
  await directory.more();
  server.online = new Set();
  await directory.more();
  assert.deepEqual(shown(directory).toSorted(), names);
});

test('the answer to older words is dropped, and what went wrong is said until it goes well', async () => {
  const server = fakeServer(['zz.top', 'anna']);
  const directory = new Directory({ rest: server });
  const late = directory.search('a');
  await Promise.all([directory.search('top'), late]);
  assert.deepEqual(shown(directory), ['zz.top']);
  const { users } = server;
  server.users = () => Promise.reject(new Error('away'));
  await directory.refresh([0]);
  assert.ok(directory.problem);
  assert.deepEqual(shown(directory), ['zz.top']);
  server.users = users;
  await directory.refresh([0]);
  assert.equal(directory.problem, '');
});

test('the next place is read from the Link header', async () => {
  for (const [link, next] of [
    ['</api/users?sort=online&after=0%2Bp%3D1&limit=50>; rel="next"', '0+p=1'],
    ['<https://chat.test/api/users?after=x>; rel=next', 'x'],
    ['</api/users?after=y>; rel="prev"', null],
    [null, null],
  ]) {
    const fetch = async () => new Response('[]', { headers: link ? { Link: link } : {} });
    assert.equal((await createRest({ token: () => null, fetch }).users()).next, next);
  }
});
