/** The start of the client in parts: what a room needs first, the rest once it can be read, nothing lost between. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App } from '../../static/app.js';
import { CallDesk } from '../../static/call/desk.js';
import { CALL_EVENTS } from '../../static/protocol/connection.js';
import * as chat from '../../static/state/chat.js';
import { Part } from '../../static/state/part.js';
import { fakeConnection, fakeSocket, fakeTimers, id, room, settle, storage } from './fakes.js';
import { fakeDevices } from './rtc.js';

const me = { id: id(1), username: 'Ada' };

/** An app of somebody who is logged in, on a server that has one room; its parts come when the test says so. */
function setUp(context, { hash = '', tabStorage = storage() } = {}) {
  const asked = [];
  context.mock.method(globalThis, 'fetch', async (path) => {
    asked.push(path);
    const answer = path === '/api/rooms' ? [room(5)] : [];
    return { ok: true, status: 200, headers: new Headers(), json: async () => answer };
  });
  const waiting = {};
  const part = (name) => () => new Promise((resolve) => (waiting[name] = resolve));
  const socket = fakeSocket();
  const shelf = storage();
  shelf.write('session', { token: 'h.e.s', user: me });
  // Of whoever has logged out nothing is used that a tab still has.
  shelf.of(me.id).write('here', true);
  const parts = { room: part('room'), later: part('later') };
  const app = new App({ io: () => socket, storage: shelf, tabStorage, hash, parts });
  const bring = {
    room: async () => {
      waiting.room(chat);
      await settle();
    },
    later: async () => {
      waiting.later({ CallDesk, browserDevices: fakeDevices, watch: () => undefined });
      await settle();
    },
  };
  context.after(() => {
    app.leave();
    clearTimeout(app.session.timer);
  });
  app.start();
  return { app, socket, asked, waiting, bring };
}

test('the rest can come once what one came for can be read, and not before', async (context) => {
  const { app, socket, waiting, bring } = setUp(context, { hash: `#/rooms/${id(5)}` });
  assert.deepEqual(Object.keys(waiting), ['room']);
  await bring.room();
  assert.equal(app.canBeRead, false);
  socket.come();
  await settle();
  assert.equal(app.canBeRead, true);
  assert.equal(waiting.later, undefined);
});

test('a call that rings before the part that listens is there has it brought at once, and rings', async (context) => {
  const { app, socket, waiting, bring } = setUp(context);
  await bring.room();
  socket.connected = true;
  socket.receive('session', { call: null });
  assert.equal(waiting.later, undefined);
  socket.receive('incoming-call', { callId: 'c1', from: id(2), fromUsername: 'Bo', callType: 'audio' });
  assert.ok(waiting.later);
  assert.equal(app.calls, null);
  await bring.later();
  assert.equal(app.calls.incoming.callId, 'c1');
  socket.receive('call-ended', { callId: 'c1', reason: 'hangup' });
  assert.equal(app.calls.incoming, null);
});

test('a tab that was in a call has the part for calls brought first of all', async (context) => {
  const tabStorage = storage();
  tabStorage.of(me.id).write('call', { callId: 'c1', name: 'Bo', audio: true, video: false });
  const { waiting, bring } = setUp(context, { tabStorage });
  await bring.room();
  assert.ok(waiting.later);
});

test('a call that one begins before the part is there is planned once it is', async (context) => {
  const { app, waiting, bring } = setUp(context);
  await bring.room();
  void app.prepareCall({ to: id(2), name: 'Bo', callType: 'audio' });
  assert.ok(waiting.later);
  await bring.later();
  assert.equal(app.calls.plan.name, 'Bo');
});

test('whoever logs out before the parts are there is connected no more', async (context) => {
  const { app, socket, bring } = setUp(context);
  socket.come();
  assert.equal(app.connection.status, 'online');
  app.session.end('Logged out elsewhere.');
  await settle();
  assert.deepEqual([app.connection.status, socket.connected], ['offline', false]);
  await bring.room();
  assert.equal(app.chat, null);
});

test('a part that does not come is asked for again, and that is said once', async () => {
  const timers = fakeTimers();
  let attempts = 0;
  const said = [];
  const load = async () => {
    attempts += 1;
    if (attempts < 4) throw new Error('the network is away');
    return 'part';
  };
  const part = new Part({ load, came: () => said.push('came'), missing: () => said.push('missing'), timers });
  const brought = part.bring();
  assert.equal(part.bring(), brought);
  await settle();
  assert.deepEqual([part.here, part.isMissing, said], [null, true, ['missing']]);
  await timers.pass(10_000);
  assert.equal(await brought, 'part');
  assert.deepEqual([part.here, part.isMissing, attempts, said], ['part', false, 4, ['missing', 'came']]);
});

test('what is kept for the desk is just what it listens to', () => {
  const connection = fakeConnection();
  const names = [];
  connection.on = (event) => (names.push(event), () => undefined);
  const rest = { iceServers: async () => ({ iceServers: [], ttl: 60 }), calls: async () => [] };
  const kept = { storage: storage(), tabStorage: storage(), deviceStorage: storage() };
  const options = { rest, connection, ...kept, devices: fakeDevices(), user: me, timers: fakeTimers() };
  new CallDesk({ ...options, say: () => undefined, roomName: () => undefined });
  assert.deepEqual(names.sort(), [...CALL_EVENTS].sort());
});
