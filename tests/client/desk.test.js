/** Calls as the server tells of them: what rings, what goes on, what a loss or a reload does to it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { budgetFor } from '../../static/call/budget.js';
import { RingClaim } from '../../static/call/claim.js';
import { CallDesk } from '../../static/call/desk.js';
import { gridFor } from '../../static/call/grid.js';
import { qualityOf, sampleOf } from '../../static/call/quality.js';
import { fakeConnection, fakeTimers, id, settle, storage } from './fakes.js';
import { fakeDevices } from './rtc.js';

const me = { id: id(1), username: 'Ada' };
const bo = { from: id(2), fromUsername: 'Bo', fromSocketId: 's2' };

function setUp({ answer, tabStorage = storage(), shelf = storage(), devices = fakeDevices() } = {}) {
  const connection = fakeConnection(async (event, payload) => (await answer?.(event, payload)) || defaults(event));
  const defaults = (event) =>
    event === 'initiate-call'
      ? { ok: true, callId: 'c1', status: 'ringing' }
      : event === 'accept-call'
        ? { ok: true, callId: 'c1', peers: [] }
        : { ok: true };
  connection.status = 'online';
  const timers = fakeTimers();
  const said = [];
  const desk = new CallDesk({
    rest: { iceServers: async () => ({ iceServers: [], ttl: 60 }), calls: async () => [] },
    connection,
    storage: shelf,
    deviceStorage: shelf,
    tabStorage,
    devices,
    user: me,
    say: (words) => said.push(words),
    roomName: () => 'Lunch',
    timers,
  });
  return { desk, connection, said, devices, tabStorage, shelf, timers };
}

async function ringBo(desk) {
  desk.prepare({ to: id(2), name: 'Bo', callType: 'video' });
  await settle();
  await desk.go();
}

test('ringing, answered: the one who rang offers and says what it sends', async () => {
  const { desk, connection } = setUp();
  await ringBo(desk);
  assert.equal(desk.call.state, 'ringing');
  connection.emit('call-accepted', { callId: 'c1', ...bo });
  await settle();
  assert.equal(desk.call.state, 'active');
  const [offer] = connection.of('webrtc-offer');
  assert.deepEqual([offer.to, offer.callId], [id(2), 'c1']);
  assert.deepEqual(connection.of('media-state').at(-1), { callId: 'c1', audio: true, video: true, screen: false });
});

test('accepting answers at once, without waiting for the camera', async () => {
  const devices = fakeDevices();
  devices.open = () => new Promise(() => {});
  const { desk, connection } = setUp({ devices });
  connection.emit('incoming-call', { callId: 'c1', callType: 'video', ...bo });
  await desk.answer(true);
  assert.equal(connection.of('accept-call').length, 1);
  assert.equal(desk.call.state, 'active');
});

test('what the other side says it sends counts, also where it comes before the answer to our accepting', async () => {
  const peers = [{ userId: id(2), username: 'Bob', socketId: 's2' }];
  const { desk, connection } = setUp({
    answer: (event) => {
      if (event !== 'accept-call') return undefined;
      connection.emit('media-state', {
        callId: 'c1',
        from: id(2),
        fromSocketId: 's2',
        audio: false,
        video: false,
        screen: false,
      });
      return { ok: true, callId: 'c1', peers };
    },
  });
  connection.emit('incoming-call', { callId: 'c1', callType: 'video', ...bo });
  await desk.answer(true);
  assert.deepEqual(desk.mesh.peers.get(id(2)).media, { audio: false, video: false, screen: false });
});

for (const [reason, words] of [
  ['timeout', /did not answer/],
  ['hangup', /hung up/],
]) {
  test(`a call that ends by ${reason} says so and lets go of the camera`, async () => {
    const { desk, connection, said, devices } = setUp();
    await ringBo(desk);
    if (reason === 'hangup') connection.emit('call-accepted', { callId: 'c1', ...bo });
    connection.emit('call-ended', { callId: 'c1', reason });
    await settle();
    assert.equal(desk.call, null);
    assert.match(said.at(-1), words);
    assert.ok(devices.made.every((track) => track.stopped));
  });
}

test('busy is told in the dialog, where one can try again', async () => {
  const { desk, connection } = setUp({
    answer: (event) => event === 'initiate-call' && { ok: false, code: 'user_busy' },
  });
  await ringBo(desk);
  assert.match(desk.plan.problem, /busy/);
  assert.equal(desk.call, null);
  assert.equal(connection.of('accept-call').length, 0);
});

test('two who ring each other are in one call', async () => {
  const { desk, connection } = setUp({
    answer: (event) => event === 'initiate-call' && { ok: false, code: 'user_busy', callId: 'theirs' },
  });
  await ringBo(desk);
  assert.deepEqual(connection.of('accept-call'), [{ callId: 'theirs' }]);
  assert.equal(desk.call.state, 'active');
});

test('a call answered in another tab rings here no more, and says why', async () => {
  const { desk, connection, said } = setUp();
  connection.emit('incoming-call', { callId: 'c1', callType: 'video', ...bo });
  connection.emit('call-ended', { callId: 'c1', reason: 'answered-elsewhere' });
  await settle();
  assert.equal(desk.incoming, null);
  assert.match(said[0], /another device or in another tab/);
});

test('after a reload within the grace it comes back by itself', async () => {
  const tabStorage = storage();
  const first = setUp({ tabStorage });
  await ringBo(first.desk);
  first.connection.emit('call-accepted', { callId: 'c1', ...bo });
  first.desk.leaving();

  const peers = [{ userId: id(2), username: 'Bo', socketId: 's2' }];
  const second = setUp({ tabStorage, answer: (event) => event === 'accept-call' && { ok: true, callId: 'c1', peers } });
  const call = {
    callId: 'c1',
    callType: 'video',
    status: 'active',
    socketId: 'old',
    answeredAt: '2026-01-01T00:00:00.000Z',
  };
  second.connection.emit('session', { socketId: 's9', userId: me.id, username: 'Ada', call });
  await settle();
  assert.deepEqual(second.connection.of('accept-call'), [{ callId: 'c1' }]);
  assert.equal(second.desk.call.since, Date.parse(call.answeredAt));
  assert.deepEqual([...second.desk.mesh.peers.keys()], [id(2)]);
});

test('another tab does not take the call, but can be told to', async () => {
  const { desk, connection } = setUp();
  const call = { callId: 'c1', callType: 'video', status: 'active', socketId: 'other' };
  connection.emit('session', { socketId: 's9', userId: me.id, username: 'Ada', call });
  await settle();
  assert.equal(connection.of('accept-call').length, 0);
  assert.equal(desk.elsewhere.callId, 'c1');
  await desk.moveHere();
  assert.equal(connection.of('accept-call').length, 1);
  assert.equal(desk.call.callId, 'c1');
});

test('a duplicated tab, which has the same notes, leaves the call where it is', async () => {
  const tabStorage = storage();
  const first = setUp({ tabStorage });
  await ringBo(first.desk);
  const copy = setUp({ tabStorage });
  copy.connection.emit('session', {
    socketId: 's9',
    userId: me.id,
    username: 'Ada',
    call: { callId: 'c1', callType: 'video', status: 'active', socketId: 's1' },
  });
  await settle();
  assert.equal(copy.connection.of('accept-call').length, 0);
  assert.equal(copy.desk.elsewhere.callId, 'c1');
});

test('when the socket is back, the call is accepted again and its connections are kept', async () => {
  const peers = [{ userId: id(2), username: 'Bo', socketId: 's3' }];
  const { desk, connection } = setUp({
    answer: (event) => event === 'accept-call' && { ok: true, callId: 'c1', peers },
  });
  await ringBo(desk);
  connection.emit('call-accepted', { callId: 'c1', ...bo });
  await settle();
  const { pc } = desk.mesh.peers.get(id(2)).link;
  connection.emit('session', {
    socketId: 's8',
    userId: me.id,
    username: 'Ada',
    call: { callId: 'c1', callType: 'video', status: 'active', socketId: null },
  });
  await settle();
  assert.equal(connection.of('accept-call').length, 1);
  assert.equal(desk.mesh.peers.get(id(2)).link.pc, pc);
});

/** In a call, the socket is another one, and the server is too busy to take it in, twice. */
async function backAtBusyServer() {
  const peers = [{ userId: id(2), username: 'Bo', socketId: 's3' }];
  const troubles = ['overloaded', 'storage'];
  const answer = (event) =>
    event === 'accept-call' &&
    (troubles.length ? { ok: false, code: troubles.shift() } : { ok: true, callId: 'c1', peers });
  const all = setUp({ answer });
  await ringBo(all.desk);
  all.connection.emit('call-accepted', { callId: 'c1', ...bo });
  await settle();
  all.connection.emit('session', {
    socketId: 's8',
    userId: me.id,
    username: 'Ada',
    call: { callId: 'c1', callType: 'video', status: 'active', socketId: null },
  });
  await settle();
  return all;
}

test('who comes back while the server is busy is in the call as soon as it is not', async () => {
  const { desk, connection, timers } = await backAtBusyServer();
  for (let turn = 0; turn < 3; turn += 1) await timers.pass(2_100);
  assert.equal(connection.of('accept-call').length, 3);
  assert.equal(desk.call.state, 'active');
});

test('who hangs up while the server is asked again is out, and it is asked no more', async () => {
  const { desk, connection, timers, said } = await backAtBusyServer();
  await desk.hangUp();
  for (let turn = 0; turn < 3; turn += 1) await timers.pass(2_100);
  assert.equal(connection.of('accept-call').length, 1);
  assert.deepEqual([desk.call, said], [null, []]);
});

test('a call that ended while one was away is over', async () => {
  const { desk, connection, said } = setUp();
  await ringBo(desk);
  connection.emit('call-accepted', { callId: 'c1', ...bo });
  connection.emit('session', { socketId: 's8', userId: me.id, username: 'Ada' });
  await settle();
  assert.equal(desk.call, null);
  assert.equal(said.length, 1);
});

for (const reloaded of [false, true]) {
  const teller = reloaded ? ', by the page after a reload too' : '';
  test(`who hangs up while the server is away is out at once, and it is told when it is back${teller}`, async () => {
    const tabStorage = storage();
    const first = setUp({ tabStorage });
    await ringBo(first.desk);
    first.connection.emit('call-accepted', { callId: 'c1', ...bo });
    await settle();
    first.connection.status = 'connecting';
    await first.desk.hangUp();
    assert.equal(first.desk.call, null);
    const { desk, connection } = reloaded ? setUp({ tabStorage }) : first;
    connection.status = 'online';
    connection.emit('session', {
      socketId: 's9',
      userId: me.id,
      username: 'Ada',
      call: { callId: 'c1', callType: 'video', status: 'active', socketId: null },
    });
    await settle();
    assert.deepEqual(connection.of('end-call'), [{ callId: 'c1' }]);
    assert.deepEqual([desk.call, desk.elsewhere], [null, null]);
    connection.emit('session', { socketId: 's10', userId: me.id, username: 'Ada' });
    await settle();
    assert.equal(connection.of('end-call').length, 1, 'once heard it is not told again');
  });
}

test('a call declined while the server is away rings no more, and is declined when it is back', async () => {
  const { desk, connection } = setUp();
  connection.emit('incoming-call', { callId: 'c1', callType: 'video', ...bo });
  connection.status = 'connecting';
  await desk.decline();
  connection.status = 'online';
  connection.emit('session', { socketId: 's9', userId: me.id, username: 'Ada' });
  connection.emit('incoming-call', { callId: 'c1', callType: 'video', ...bo });
  await settle();
  assert.equal(desk.incoming, null);
  assert.equal(connection.of('reject-call').length, 1);
});

test('what the server could not do just then is told again', async () => {
  const troubles = ['storage', 'overloaded'];
  const trouble = (event) => event === 'end-call' && troubles.length > 0 && { ok: false, code: troubles.shift() };
  const { desk, connection, timers } = setUp({ answer: trouble });
  await ringBo(desk);
  const heard = desk.hangUp();
  for (let turn = 0; turn < 4; turn += 1) await timers.pass(2_100);
  await heard;
  assert.equal(connection.of('end-call').length, 3);
});

test('who is logged out in another tab leaves the call', async () => {
  const { desk, connection } = setUp();
  await ringBo(desk);
  connection.emit('call-accepted', { callId: 'c1', ...bo });
  desk.close();
  await settle();
  assert.deepEqual(connection.of('end-call'), [{ callId: 'c1' }]);
});

test('who comes back to a group with a new socket is offered a new path; who leaves is named', async () => {
  const { desk, connection, said } = setUp();
  desk.prepare({ roomId: id(9), name: 'Lunch', callType: 'video' });
  await desk.go();
  connection.emit('call-accepted', { callId: 'c1', ...bo });
  connection.emit('call-accepted', { callId: 'c1', from: id(3), fromUsername: 'Cy', fromSocketId: 's3' });
  await settle();
  connection.emit('call-away', { callId: 'c1', from: id(2), fromSocketId: 's2' });
  assert.equal(desk.mesh.peers.get(id(2)).away, true);
  const before = connection.of('webrtc-offer').length;
  connection.emit('call-accepted', { callId: 'c1', ...bo, fromSocketId: 's4' });
  await settle();
  assert.equal(connection.of('webrtc-offer').length, before + 1);
  connection.emit('call-left', { callId: 'c1', from: id(3), fromSocketId: 's3', reason: 'hangup' });
  assert.match(said.at(-1), /Cy left/);
});

test('a declined group call rings on', async () => {
  const { desk, connection, said } = setUp();
  desk.prepare({ roomId: id(9), name: 'Lunch', callType: 'audio' });
  await desk.go();
  connection.emit('call-rejected', { callId: 'c1', from: id(2), fromUsername: 'Bo' });
  assert.equal(desk.call.state, 'ringing');
  assert.match(said.at(-1), /Bo declined/);
});

test('of two tabs one rings', async () => {
  const shelf = storage();
  const wait = async () => settle();
  const tabs = ['a', 'b'].map((tab) => new RingClaim({ storage: shelf, tab, wait }));
  const rings = await Promise.all(tabs.map((tab) => tab.claim('c1', true)));
  assert.equal(rings.filter(Boolean).length, 1);
  tabs[rings.indexOf(true)].release();
  assert.equal(await tabs[rings.indexOf(false)].claim('c1', true), true);
});

test('pictures are laid out as large as they can be', () => {
  assert.deepEqual(gridFor(1, 1000, 600), { columns: 1, rows: 1 });
  assert.deepEqual(gridFor(4, 1000, 700), { columns: 2, rows: 2 });
  assert.deepEqual(gridFor(2, 300, 900), { columns: 1, rows: 2 });
  for (let count = 1; count <= 16; count += 1) {
    const { columns, rows } = gridFor(count, 1200, 700);
    assert.ok(columns * rows >= count && columns * (rows - 1) < count, `${count}`);
  }
});

test('from five on everybody sends less', () => {
  for (let people = 2; people < 16; people += 1) assert.ok(budgetFor(people).bitrate >= budgetFor(people + 1).bitrate);
  assert.equal(budgetFor(4).lines, 720);
  assert.ok(budgetFor(5).lines < 720 && budgetFor(5).fps < budgetFor(4).fps);
});

test('quality is about what happened since the last look', () => {
  const at = (received, lost, roundTrip) =>
    sampleOf(
      [
        { type: 'inbound-rtp', packetsReceived: received, packetsLost: lost, jitter: 0.01 },
        { type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: roundTrip },
      ],
      0,
    );
  assert.equal(qualityOf(null, at(1000, 2, 0.05)).level, 'good');
  assert.equal(qualityOf(at(1000, 300, 0.05), at(2000, 301, 0.05)).level, 'good');
  assert.equal(qualityOf(at(1000, 0, 0.05), at(1950, 50, 0.05)).level, 'fair');
  assert.equal(qualityOf(at(1000, 0, 0.05), at(1800, 200, 0.05)).level, 'poor');
  assert.equal(qualityOf(null, at(1000, 0, 0.9)).words, 'Poor connection');
});
