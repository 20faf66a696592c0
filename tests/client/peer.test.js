/** Negotiation with one other: who offers, who gives way, how a path is found again. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Peer } from '../../static/call/peer.js';
import { fragmentOf, fragmentsOf, originOf } from '../../static/call/sdp.js';
import { fakeTimers, settle } from './fakes.js';
import { FakePeerConnection, connectAll } from './rtc.js';

/** Two sides with a wire between them that can be cut. */
function pair() {
  const timers = fakeTimers();
  const wire = { open: true, log: [] };
  const sides = {};
  const make = (name, other, polite) => {
    const made = [];
    const tracks = { audio: { kind: 'audio' }, video: null };
    const peer = new Peer({
      userId: other,
      username: other,
      polite,
      timers,
      connect: () => made[made.push(new FakePeerConnection()) - 1],
      track: (kind) => tracks[kind],
      budget: () => ({ scale: 2, fps: 15, bitrate: 1000 }),
      changed: () => {},
      reachable: () => wire.open,
      send: async (kind, payload) => {
        if (!wire.open) return false;
        wire.log.push(`${name} ${kind}`);
        const there = sides[other];
        const signal = structuredClone(payload);
        void Promise.resolve().then(() =>
          kind === 'offer' ? there.peer.onOffer(signal) : kind === 'answer' ? there.peer.onAnswer(signal) : there.peer.onCandidate(signal),
        );
        return true;
      },
    });
    sides[name] = { peer, made, tracks };
    return sides[name];
  };
  const a = make('a', 'b', true);
  const b = make('b', 'a', false);
  return { a, b, timers, wire, make, connect: () => connectAll(a.peer, b.peer) };
}

test('an offer is answered and both are connected, with one transceiver for sound and one for pictures', async () => {
  const { a, b, connect, wire } = pair();
  await a.peer.offer();
  await connect();
  assert.deepEqual([a.peer.state, b.peer.state], ['connected', 'connected']);
  assert.deepEqual(wire.log, ['a offer', 'b answer']);
  for (const side of [a, b]) {
    assert.deepEqual(side.peer.pc.transceivers.map((one) => one.receiver.track.kind), ['audio', 'video']);
    assert.ok(side.peer.pc.transceivers.every((one) => one.direction === 'sendrecv'));
    assert.equal(side.peer.senderOf('audio').track, side.tracks.audio);
  }
});

test('another track is sent without a new offer', async () => {
  const { a, connect, wire } = pair();
  await a.peer.offer();
  await connect();
  a.tracks.video = { kind: 'video' };
  await a.peer.retrack('video');
  assert.equal(a.peer.senderOf('video').track, a.tracks.video);
  assert.equal(wire.log.length, 2);
});

test('where both offer at once, one gives way and both are connected by one connection each', async () => {
  const { a, b, connect } = pair();
  await Promise.all([a.peer.offer(), b.peer.offer()]);
  await connect();
  await connect();
  assert.deepEqual([a.peer.state, b.peer.state], ['connected', 'connected']);
  assert.equal(originOf(a.peer.pc.remoteDescription.sdp), b.peer.pc.name);
  assert.equal(originOf(b.peer.pc.remoteDescription.sdp), a.peer.pc.name);
  assert.equal(a.peer.pc.transceivers.length, 2);
});

test('both look for a new path at once, and one is found', async () => {
  const { a, b, connect } = pair();
  await a.peer.offer();
  await connect();
  const before = [a.peer.pc, b.peer.pc];
  for (const side of [a, b]) side.peer.pc.become('failed');
  await connect();
  await connect();
  assert.deepEqual([a.peer.state, b.peer.state], ['connected', 'connected']);
  assert.deepEqual([a.peer.pc, b.peer.pc], before);
});

test('three seconds of silence are borne, then a new path is looked for on the same connection', async () => {
  const { a, connect, timers, wire } = pair();
  await a.peer.offer();
  await connect();
  const { pc } = a.peer;
  pc.become('disconnected');
  assert.equal(a.peer.state, 'reconnecting');
  await timers.pass(2_900);
  assert.equal(wire.log.length, 2);
  await timers.pass(200);
  assert.deepEqual(wire.log.slice(2), ['a offer', 'b answer']);
  assert.equal(a.peer.pc, pc);
  assert.equal(pc.iceRound, 1);
});

test('a restart that leads nowhere is followed by a new connection', async () => {
  const { a, connect, timers } = pair();
  await a.peer.offer();
  await connect();
  const { pc } = a.peer;
  pc.become('failed');
  await settle();
  assert.equal(a.peer.pc, pc);
  await timers.pass(5_100);
  assert.notEqual(a.peer.pc, pc);
  assert.equal(pc.closed, true);
  await connect();
  assert.equal(a.peer.state, 'connected');
});

test('who was reloaded is offered a new path by the one who stayed, and answers with a new connection', async () => {
  const { a, b, make, connect } = pair();
  await a.peer.offer();
  await connect();
  b.peer.close();
  const fresh = make('b', 'a', false);
  const { pc } = a.peer;
  await a.peer.comeBack();
  await connectAll(a.peer, fresh.peer);
  assert.equal(a.peer.pc, pc);
  assert.equal(fresh.peer.state, 'connected');
});

test('an offer of another connection replaces the one that was', async () => {
  const { a, b, make, connect } = pair();
  await a.peer.offer();
  await connect();
  const old = a.peer.pc;
  b.peer.close();
  const fresh = make('b', 'a', false);
  await fresh.peer.offer();
  await connectAll(a.peer, fresh.peer);
  assert.notEqual(a.peer.pc, old);
  assert.deepEqual([a.peer.state, fresh.peer.state], ['connected', 'connected']);
});

test('an offer that did not arrive does not make one deaf to the offer of the other', async () => {
  const { a, b, wire, connect } = pair();
  wire.open = false;
  await b.peer.offer();
  assert.equal(b.peer.offerLost, true);
  wire.open = true;
  await a.peer.offer();
  await connect();
  assert.deepEqual([a.peer.state, b.peer.state], ['connected', 'connected']);
});

test('who waited for an offer in vain offers', async () => {
  const { a, timers, connect } = pair();
  a.peer.expectOffer();
  await timers.pass(7_000);
  assert.equal(a.peer.pc, null);
  await timers.pass(2_000);
  await connect();
  assert.equal(a.peer.state, 'connected');
});

test('while the other side is away nothing is tried', async () => {
  const { a, connect, timers, wire } = pair();
  await a.peer.offer();
  await connect();
  a.peer.setAway(true);
  a.peer.pc.become('failed');
  await timers.pass(20_000);
  assert.equal(wire.log.length, 2);
});

test('while the server is away the connection is kept, and a new path is looked for when it is back', async () => {
  const { a, connect, timers, wire } = pair();
  await a.peer.offer();
  await connect();
  const { pc } = a.peer;
  wire.open = false;
  pc.become('failed');
  await timers.pass(30_000);
  assert.equal(a.peer.pc, pc);
  assert.equal(pc.closed, false);
  wire.open = true;
  await timers.pass(5_000);
  await connect();
  assert.equal(a.peer.state, 'connected');
  assert.equal(a.peer.pc, pc);
});

test('an answer to an offer that was replaced is ignored', async () => {
  const { a, wire } = pair();
  wire.open = false;
  await a.peer.offer();
  await a.peer.onAnswer({ answer: { type: 'answer', sdp: 'o=- 9 1' }, offerId: 'another' });
  assert.equal(a.peer.pc.remoteDescription, null);
});

test('candidates wait for the description that they belong to, and those of an old one go nowhere', async () => {
  const { a, wire } = pair();
  await a.peer.onCandidate({ candidate: { candidate: 'candidate:1', usernameFragment: 'new' } });
  await a.peer.onCandidate({ candidate: { candidate: 'candidate:2', usernameFragment: 'old' } });
  await a.peer.onCandidate({ candidate: null });
  wire.open = false;
  await a.peer.onOffer({ offer: { type: 'offer', sdp: 'o=- 77 1\na=ice-ufrag:new\n' } });
  assert.deepEqual(a.peer.pc.candidates.map((one) => one.candidate), ['candidate:1']);
});

test('the size of the call decides how much picture is sent', async () => {
  const { a, connect } = pair();
  await a.peer.offer();
  await connect();
  await a.peer.applyBudget();
  const [encoding] = a.peer.senderOf('video').parameters.encodings;
  assert.deepEqual(encoding, { scaleResolutionDownBy: 2, maxFramerate: 15, maxBitrate: 1000 });
});

test('descriptions tell which connection and which round they are of', () => {
  const sdp = 'v=0\r\no=mozilla 123456 0 IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\nm=audio\r\na=ice-ufrag:efgh\r\n';
  assert.equal(originOf(sdp), '123456');
  assert.deepEqual(fragmentsOf(sdp), ['abcd', 'efgh']);
  assert.equal(fragmentOf({ candidate: 'candidate:1 1 udp 1 1.1.1.1 9 typ host generation 0 ufrag abcd network-id 1' }), 'abcd');
  assert.equal(fragmentOf({ candidate: 'candidate:1' }), null);
});
