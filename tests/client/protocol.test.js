/** What goes over the wire, and how its losses look to the rest of the client. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConnection } from '../../static/protocol/connection.js';
import { RequestError, insist } from '../../static/protocol/errors.js';
import { createRest } from '../../static/protocol/rest.js';
import { fakeSocket, fakeTimers } from './fakes.js';

function setUp() {
  const socket = fakeSocket();
  const timers = fakeTimers();
  const refused = [];
  let options;
  const connection = createConnection({
    io: (given) => {
      options = given;
      return socket;
    },
    token: () => 'T',
    onRefused: (code) => refused.push(code),
    timers,
  });
  return { socket, timers, refused, connection, options: () => options };
}

test('each attempt takes the token of that moment', () => {
  const { options } = setUp();
  let given;
  options().auth((data) => (given = data));
  assert.deepEqual(given, { token: 'T' });
});

test('nothing is sent while the connection is away', async () => {
  const { socket, connection } = setUp();
  await assert.rejects(connection.request('send-message', {}), { code: 'offline' });
  assert.equal(socket.emitted.length, 0);
});

test('an acknowledgement answers its request, ok or not', async () => {
  const { socket, connection } = setUp();
  connection.open();
  socket.come();
  const good = connection.request('join-room', { roomId: 'r' });
  socket.emitted[0].ack(null, { ok: true, lastSeq: 3 });
  assert.equal((await good).lastSeq, 3);
  const bad = connection.request('initiate-call', {});
  socket.emitted[1].ack(null, { ok: false, code: 'user_busy', message: 'busy', callId: 'c' });
  await assert.rejects(bad, (error) => error.code === 'user_busy' && error.detail.callId === 'c');
});

test('a session that the server ended is begun again by hand, for Socket.IO leaves it', async () => {
  const { socket, timers, connection } = setUp();
  connection.open();
  socket.come();
  socket.connected = false;
  socket.fire('disconnect', 'io server disconnect');
  assert.equal(connection.status, 'connecting');
  await timers.pass(1_000);
  assert.equal(socket.connects, 2);
});

test('a token that is refused stops the attempts and is told', () => {
  const { socket, refused, connection } = setUp();
  connection.open();
  socket.fire('connect_error', new Error('Authentication error: expired'));
  assert.deepEqual(refused, ['unauthorized']);
  assert.equal(connection.status, 'offline');
  connection.open();
  socket.come();
  socket.receive('error', { code: 'token_expired', message: '' });
  assert.deepEqual(refused, ['unauthorized', 'token_expired']);
});

test('an error of one event is not the end of the session', () => {
  const { socket, refused, connection } = setUp();
  const heard = [];
  connection.on('error', (payload) => heard.push(payload.code));
  connection.open();
  socket.come();
  socket.receive('error', { event: 'typing', code: 'unauthorized' });
  assert.deepEqual([refused, heard], [[], ['unauthorized']]);
});

const answer =
  (status, body, headers = {}) =>
  async () =>
    new Response(body === null ? null : JSON.stringify(body), { status, headers });

test('a refusal of the server has its code, its fields and when to come back', async () => {
  const rest = createRest({
    token: () => null,
    fetch: answer(400, {
      message: 'no',
      code: 'validation_failed',
      errors: [{ path: 'email', msg: 'must be an address' }],
    }),
  });
  await assert.rejects(
    rest.signup({ username: '', email: '', password: '' }),
    (error) => error.fields[0].path === 'email',
  );
  const limited = createRest({
    token: () => null,
    fetch: answer(429, { code: 'rate_limited', message: '' }, { 'Retry-After': '3' }),
  });
  await assert.rejects(limited.rooms(), { code: 'rate_limited', retryAfterMs: 3000 });
});

test('a token that is no longer taken is told of; a wrong password is not that', async () => {
  const told = [];
  const make = (code) =>
    createRest({
      token: () => 'T',
      onRefused: (...args) => told.push(args),
      fetch: answer(401, { code, message: '' }),
    });
  await assert.rejects(make('token_expired').rooms());
  await assert.rejects(make('invalid_credentials').changePassword('a', 'b'));
  assert.deepEqual(told, [['token_expired', 'T']]);
});

test('a server that is away, or something in front of it, is absence and no bug', async () => {
  const down = createRest({
    token: () => null,
    fetch: async () => {
      throw new TypeError('failed to fetch');
    },
  });
  await assert.rejects(down.rooms(), (error) => error.isAbsence);
  const proxy = createRest({ token: () => null, fetch: async () => new Response('<html>', { status: 502 }) });
  await assert.rejects(proxy.rooms(), (error) => error.isAbsence);
});

test('ids and queries are escaped', async () => {
  let url = '';
  const rest = createRest({
    token: () => null,
    fetch: async (path) => {
      url = path;
      return new Response('[]');
    },
  });
  await rest.users({ search: 'a&b=c d', limit: undefined });
  assert.equal(url, '/api/users?search=a%26b%3Dc+d');
  await rest.messages('../x', { before: 3 });
  assert.equal(url, '/api/rooms/..%2Fx/messages?before=3');
});

test('events whose listeners are still to come are kept for them, in order, as long as the connection lasts', () => {
  const { socket, connection } = setUp();
  const heard = [];
  const told = [];
  connection.on('call-ended', (payload) => told.push(['call-ended', payload.callId]));
  connection.hold(['incoming-call', 'call-ended'], (event) => heard.push(event));
  connection.open();
  socket.come();
  socket.receive('incoming-call', { callId: 'of the connection before' });
  socket.connected = false;
  socket.fire('disconnect', 'transport close');
  socket.come();
  socket.receive('incoming-call', { callId: 'a' });
  socket.receive('call-ended', { callId: 'a' });
  assert.deepEqual(heard, ['incoming-call', 'incoming-call', 'call-ended']);
  assert.deepEqual(told, []);
  connection.on('incoming-call', (payload) => told.push(['incoming-call', payload.callId]));
  connection.release();
  assert.deepEqual(told, [['incoming-call', 'a'], ['call-ended', 'a']]);
  socket.receive('incoming-call', { callId: 'b' });
  assert.deepEqual(told.at(-1), ['incoming-call', 'b']);
  assert.equal(heard.length, 3);
});

/** Refuses with these codes, one after another, then succeeds; and says how long was waited. */
async function tried(codes, options = {}) {
  const waits = [];
  const wait = async (ms) => void waits.push(ms);
  let asked = 0;
  const work = async () => {
    const code = codes[asked++];
    if (code) throw new RequestError(code, '', { retryAfterMs: code === 'rate_limited' ? 700 : undefined });
    return 'done';
  };
  const result = await insist(work, { wait, ...options }).catch((error) => error.code);
  return { result, asked, waits };
}

test('what may pass is tried again, as late as the server says', async () => {
  const codes = ['timeout', 'unreachable', 'rate_limited', 'storage', 'overloaded', 'internal'];
  assert.deepEqual(await tried(codes), { result: 'done', asked: 7, waits: [2_000, 2_000, 700, 2_000, 2_000, 2_000] });
});

test('what is refused for good is not asked again, nor anything where there is no connection', async () => {
  for (const code of ['not_in_room', 'limit_reached', 'unauthorized', 'offline']) {
    assert.deepEqual(await tried([code]), { result: code, asked: 1, waits: [] });
  }
});

test('trying ends with the last attempt that was allowed, and when nobody wants it any more', async () => {
  assert.deepEqual(await tried(['storage', 'storage', 'storage'], { attempts: 2 }), {
    result: 'storage',
    asked: 2,
    waits: [2_000],
  });
  assert.deepEqual(await tried(['storage', 'storage'], { goesOn: () => false }), {
    result: 'storage',
    asked: 1,
    waits: [2_000],
  });
});
