/** Who is logged in, and how the token stays fresh. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Session, lifetime, renewalIn } from '../../static/state/session.js';
import { fakeTimers, settle, storage } from './fakes.js';

const token = (iat, exp, mark = '') =>
  `${mark}h.${Buffer.from(JSON.stringify({ iat, exp, username: 'Ünï' })).toString('base64url')}.s`;
const user = { id: 'u', username: 'Ada' };

test('a token is renewed at half its life', async () => {
  const timers = fakeTimers();
  const shelf = storage();
  const session = new Session({ storage: shelf, timers, now: timers.now });
  const renewed = { token: token(50, 150, 'b'), user };
  let asked = 0;
  session.begin({ token: token(0, 100), user });
  session.keepFresh(async () => {
    asked += 1;
    return renewed;
  });
  await timers.pass(49_000);
  assert.equal(asked, 0);
  await timers.pass(2_000);
  assert.equal(asked, 1);
  assert.equal(session.token, renewed.token);
  assert.equal(shelf.read('session').token, renewed.token);
});

test('a renewal that fails is tried again, and logs nobody out', async () => {
  const timers = fakeTimers();
  const session = new Session({ storage: storage(), timers, now: timers.now });
  let asked = 0;
  session.begin({ token: token(0, 1000), user });
  session.keepFresh(async () => {
    asked += 1;
    throw new Error('away');
  });
  await timers.pass(501_000);
  assert.equal(asked, 1);
  await timers.pass(31_000);
  assert.equal(asked, 2);
  assert.equal(session.user, user);
});

test('a log-out and a log-in of another tab are taken over', async () => {
  const shelf = storage();
  const timers = fakeTimers();
  const [a, b] = [0, 1].map(() => new Session({ storage: shelf, timers, now: timers.now }));
  let told = 0;
  b.subscribe(() => (told += 1));
  a.begin({ token: token(0, 100), user });
  b.adopt();
  assert.equal(b.user.username, 'Ada');
  a.end();
  b.adopt();
  await settle();
  assert.equal(b.user, null);
  assert.equal(told, 1);
});

test('that the password was reset is told until its user has read it: after a renewal and a reload too', async () => {
  const shelf = storage();
  const timers = fakeTimers();
  const open = () => new Session({ storage: shelf, timers, now: timers.now });
  const passwordResetAt = '2026-03-03T10:42:00.000Z';
  const here = open();
  here.begin({ token: token(0, 100), user, passwordResetAt });
  here.keepFresh(async () => ({ token: token(50, 150), user }));
  await timers.pass(51_000);
  assert.equal(here.token, token(50, 150));
  assert.equal(here.passwordResetAt, passwordResetAt);
  const [reloaded, otherTab] = [open(), open()];
  assert.equal(reloaded.passwordResetAt, passwordResetAt);
  reloaded.resetIsRead();
  otherTab.adopt();
  assert.deepEqual([reloaded, otherTab, open()].map((one) => one.passwordResetAt), [null, null, null]);
  assert.deepEqual([reloaded.token, otherTab.token], [here.token, here.token]);
});

test('that a password was reset is told to nobody who logs in after that user', () => {
  const session = new Session({ storage: storage(), timers: fakeTimers() });
  const of = (who, more) => ({ token: token(0, 100, who), user: { id: who, username: who }, ...more });
  session.begin(of('ada', { passwordResetAt: '2026-03-03T10:42:00.000Z' }));
  session.begin(of('bob'));
  assert.equal(session.passwordResetAt, null);
});

test('what is no token has no lifetime', () => {
  for (const text of ['', 'a.b.c', 'a', `a.${btoa('{}')}.c`, `a.${btoa('{"iat":"1","exp":"2"}')}.c`]) {
    assert.equal(lifetime(text), null, text);
    assert.equal(renewalIn(text, 0), 0, text);
  }
});

test('a refused token ends the session, but not where a newer one comes meanwhile', async () => {
  const shelf = storage();
  const timers = fakeTimers();
  const [a, b] = [0, 1].map(() => new Session({ storage: shelf, timers, now: timers.now }));
  const [old, newer] = [token(0, 100), token(1, 101)];
  a.begin({ token: old, user });
  b.adopt();
  void b.refused(old, 'unauthorized', 'over');
  await timers.pass(500);
  a.begin({ token: newer, user });
  await timers.pass(2_000);
  assert.equal(b.token, newer);
  void b.refused(newer, 'token_expired', 'over');
  await settle();
  assert.deepEqual([b.user, b.notice, shelf.read('session')], [null, 'over', null]);
});
