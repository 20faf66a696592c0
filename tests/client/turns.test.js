/** Many who come at once: offers are answered in turn, none is given up, and pictures leave the machine to it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { budgetFor } from '../../static/call/budget.js';
import { Mesh } from '../../static/call/mesh.js';
import { Turns } from '../../static/call/turns.js';
import { fakeTimers, id, settle } from './fakes.js';
import { FakePeerConnection } from './rtc.js';

test('so many begin at once, and each that is over lets the next one begin', async () => {
  const begun = [];
  const turns = new Turns(() => 2);
  const all = [0, 1, 2, 3, 4].map((index) => {
    const turn = turns.take();
    void turn.come.then(() => begun.push(index));
    return turn;
  });
  await settle();
  assert.deepEqual(begun, [0, 1]);
  all[1].done();
  await settle();
  assert.deepEqual(begun, [0, 1, 2]);
  // One that is not wanted any more holds nobody up, and takes nobody's place.
  all[3].done();
  all[0].done();
  await settle();
  assert.deepEqual(begun.sort(), [0, 1, 2, 3, 4]);
});

test('nobody is left waiting where a busy machine allows fewer than before', async () => {
  let most = 3;
  const turns = new Turns(() => most);
  const first = [turns.take(), turns.take(), turns.take()];
  let begun = false;
  void turns.take().come.then(() => (begun = true));
  most = 0;
  first[0].done();
  await settle();
  assert.equal(begun, false);
  first[1].done();
  first[2].done();
  await settle();
  assert.equal(begun, true);
});

/** Ada comes into a call where eight others are, each of whom offers her a connection at once. */
function newcomer() {
  const timers = fakeTimers();
  const signals = [];
  const made = [];
  const mesh = new Mesh({
    callId: 'c1',
    me: id(1),
    timers,
    connection: { status: 'online', request: async (event, payload) => void signals.push({ event, ...payload }) },
    connect: () => made[made.push(new FakePeerConnection()) - 1],
    track: () => null,
    changed: () => {},
  });
  const others = [2, 3, 4, 5, 6, 7, 8, 9].map((number) => ({ userId: id(number), username: `U${number}` }));
  const offer = (userId) =>
    mesh.signal('webrtc-offer', {
      from: userId,
      fromUsername: 'U',
      offerId: 'o',
      offer: { type: 'offer', sdp: `o=- ${Number(userId)} 1\r\nm=audio 9\r\nm=video 9\r\nm=video 9\r\n` },
    });
  const answered = () => signals.filter(({ event }) => event === 'webrtc-answer').map(({ to }) => to);
  const pcOf = (userId) => mesh.peers.get(userId).link.pc;
  return { mesh, timers, made, signals, others, offer, answered, pcOf };
}

test('a newcomer answers a few offers at a time in the order in which they came, and offers none anew', async () => {
  const { mesh, timers, others, offer, answered, pcOf, signals } = newcomer();
  mesh.joined(others);
  for (const { userId } of others) void offer(userId);
  await settle();
  const ids = others.map(({ userId }) => userId);
  assert.deepEqual(answered(), ids.slice(0, 4));
  await timers.pass(9_000);
  for (const userId of ids.slice(0, 4)) pcOf(userId).become('connected');
  await settle();
  assert.deepEqual(answered(), ids);
  for (const userId of ids.slice(4)) pcOf(userId).become('connected');
  await timers.pass(60_000);
  assert.deepEqual(
    [...mesh.peers.values()].map((peer) => peer.state),
    ids.map(() => 'connected'),
  );
  assert.equal(signals.filter(({ event }) => event === 'webrtc-offer').length, 0);
});

test('an answer that leads to nothing gives its turn to the next', async () => {
  const { mesh, timers, others, offer, answered } = newcomer();
  mesh.joined(others);
  for (const { userId } of others) void offer(userId);
  await timers.pass(300_000);
  assert.deepEqual([...new Set(answered())].sort(), others.map(({ userId }) => userId).sort());
});

test('where a description takes long, one is made at a time', async () => {
  const { mesh, others, offer, answered } = newcomer();
  mesh.joined(others);
  mesh.peers.get(id(9)).took = 3_000;
  for (const { userId } of others) void offer(userId);
  await settle();
  assert.deepEqual(answered(), [id(2)]);
});

test('while many are being connected pictures are tiny, until all are, or that takes too long', async () => {
  const { mesh, timers, others, offer, pcOf } = newcomer();
  mesh.joined(others);
  void offer(id(2));
  await settle();
  const fps = () => mesh.peers.get(id(2)).link.transceiver('video').sender.parameters.encodings[0].maxFramerate;
  assert.equal(fps(), 5);
  pcOf(id(2)).become('connected');
  await settle();
  assert.equal(fps(), 5);
  await timers.pass(21_000);
  assert.equal(fps(), budgetFor(9).fps);
  mesh.add(id(10), 'U10');
  await settle();
  assert.equal(fps(), 5);
  for (const userId of others.map((one) => one.userId).concat(id(10))) mesh.away(userId);
  for (const peer of mesh.peers.values()) peer.become('connected');
  await settle();
  assert.equal(fps(), budgetFor(10).fps);
});

test('while the machine is not up to the call pictures are tiny, and no large ones are taken', async () => {
  const { mesh, others, offer, pcOf } = newcomer();
  const taken = [];
  mesh.options.take = ({ lines }) => taken.push(lines);
  mesh.joined(others);
  for (const { userId } of others.slice(0, 4)) void offer(userId);
  await settle();
  for (const { userId } of others.slice(0, 4)) pcOf(userId).become('connected');
  mesh.settle();
  const fps = () => mesh.budget.fps;
  assert.equal(fps(), budgetFor(9).fps);
  mesh.peers.get(id(2)).signs.lag = 2_000;
  mesh.measure(1_000);
  await settle();
  assert.equal(fps(), 5);
  for (let now = 2_000; now < 20_000; now += 2_000) {
    mesh.measure(now);
    await settle();
  }
  assert.equal(fps(), budgetFor(9).fps);
  assert.equal(taken.at(-1), 360);
  for (const { userId } of others.slice(1)) mesh.left(userId);
  assert.equal(taken.at(-1), 720);
});

test('of a few each has its whole picture at once', () => {
  for (const people of [2, 3, 4]) assert.deepEqual(budgetFor(people, true), budgetFor(people));
});
