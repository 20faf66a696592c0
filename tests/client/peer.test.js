/** Negotiation with one other: who offers, who gives way, how a path is found again. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Peer } from '../../static/call/peer.js';
import { Turns } from '../../static/call/turns.js';
import { fragmentOf, fragmentsOf, originOf, startingAt } from '../../static/call/sdp.js';
import { fakeTimers, settle } from './fakes.js';
import { FakePeerConnection, connectAll } from './rtc.js';

/** Two sides with a wire between them that can be cut. */
function pair() {
  const timers = fakeTimers();
  const wire = { open: true, log: [] };
  const sides = {};
  const make = (name, other, polite) => {
    const made = [];
    const tracks = { audio: { kind: 'audio' }, video: null, screen: null };
    const peer = new Peer({
      userId: other,
      username: other,
      polite,
      timers,
      connect: () => made[made.push(new FakePeerConnection()) - 1],
      track: (kind) => tracks[kind],
      budget: () => ({ lines: 360, fps: 15, bitrate: 1000, screen: { fps: 5, bitrate: 2000 }, start: 0 }),
      others: () => 1,
      turns: new Turns(() => 4),
      changed: () => {},
      signed: () => {},
      reachable: () => wire.open,
      send: async (kind, payload) => {
        if (!wire.open) return false;
        wire.log.push(`${name} ${kind}`);
        const there = sides[other];
        const signal = structuredClone(payload);
        void Promise.resolve().then(() =>
          kind === 'offer'
            ? there.peer.onOffer(signal)
            : kind === 'answer'
              ? there.peer.onAnswer(signal)
              : there.peer.onCandidate(signal),
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

test('an offer is answered and both connect, with one transceiver each for sound, camera and screen', async () => {
  const { a, b, connect, wire } = pair();
  await a.peer.offer();
  await connect();
  assert.deepEqual([a.peer.state, b.peer.state], ['connected', 'connected']);
  assert.deepEqual(wire.log, ['a offer', 'b answer']);
  for (const side of [a, b]) {
    assert.deepEqual(
      side.peer.link.pc.transceivers.map((one) => one.receiver.track.kind),
      ['audio', 'video', 'video'],
    );
    assert.ok(side.peer.link.pc.transceivers.every((one) => one.direction === 'sendrecv'));
    assert.equal(side.peer.link.transceiver('audio').sender.track, side.tracks.audio);
  }
});

test('another track is sent without a new offer', async () => {
  const { a, connect, wire } = pair();
  await a.peer.offer();
  await connect();
  a.tracks.video = { kind: 'video' };
  await a.peer.link.retrack();
  assert.equal(a.peer.link.transceiver('video').sender.track, a.tracks.video);
  assert.equal(wire.log.length, 2);
});

test('where both offer at once, one gives way and both are connected by one connection each', async () => {
  const { a, b, connect } = pair();
  await Promise.all([a.peer.offer(), b.peer.offer()]);
  await connect();
  await connect();
  assert.deepEqual([a.peer.state, b.peer.state], ['connected', 'connected']);
  assert.equal(originOf(a.peer.link.pc.remoteDescription.sdp), b.peer.link.pc.name);
  assert.equal(originOf(b.peer.link.pc.remoteDescription.sdp), a.peer.link.pc.name);
  assert.equal(a.peer.link.pc.transceivers.length, 3);
});

test('both look for a new path at once, and one is found', async () => {
  const { a, b, connect } = pair();
  await a.peer.offer();
  await connect();
  const before = [a.peer.link.pc, b.peer.link.pc];
  for (const side of [a, b]) side.peer.link.pc.become('failed');
  await connect();
  await connect();
  assert.deepEqual([a.peer.state, b.peer.state], ['connected', 'connected']);
  assert.deepEqual([a.peer.link.pc, b.peer.link.pc], before);
});

test('three seconds of silence are borne, then a new path is looked for on the same connection', async () => {
  const { a, connect, timers, wire } = pair();
  await a.peer.offer();
  await connect();
  const { pc } = a.peer.link;
  pc.become('disconnected');
  assert.equal(a.peer.state, 'reconnecting');
  await timers.pass(2_900);
  assert.equal(wire.log.length, 2);
  await timers.pass(200);
  assert.deepEqual(wire.log.slice(2), ['a offer', 'b answer']);
  assert.equal(a.peer.link.pc, pc);
  assert.equal(pc.iceRound, 1);
});

test('a restart that leads nowhere is followed by a new connection', async () => {
  const { a, connect, timers } = pair();
  await a.peer.offer();
  await connect();
  const { pc } = a.peer.link;
  pc.become('failed');
  await settle();
  assert.equal(a.peer.link.pc, pc);
  await timers.pass(5_100);
  assert.notEqual(a.peer.link.pc, pc);
  assert.equal(pc.closed, true);
  await connect();
  assert.equal(a.peer.state, 'connected');
});

test('who was reloaded answers a new path for the page before with a connection of its own, at once', async () => {
  const { a, b, make, wire } = pair();
  await a.peer.offer();
  await connectAll(a.peer, b.peer);
  b.peer.close();
  const fresh = make('b', 'a', false);
  fresh.peer.expectOffer();
  const { pc } = a.peer.link;
  wire.log.length = 0;
  await a.peer.comeBack();
  await connectAll(a.peer, fresh.peer);
  assert.deepEqual(wire.log, ['a offer', 'b offer', 'a answer']);
  assert.equal(pc.closed, true);
  assert.deepEqual([a.peer.state, fresh.peer.state], ['connected', 'connected']);
  assert.equal(originOf(a.peer.link.pc.remoteDescription.sdp), fresh.peer.link.pc.name);
});

test('who comes back with a new socket alone keeps the connection, over a new path', async () => {
  const { a, b, connect, wire } = pair();
  await a.peer.offer();
  await connect();
  const before = [a.peer.link.pc, b.peer.link.pc];
  wire.log.length = 0;
  await a.peer.comeBack();
  b.peer.socketBack();
  await connect();
  assert.deepEqual([a.peer.link.pc, b.peer.link.pc], before);
  assert.deepEqual(wire.log, ['a offer', 'b answer']);
});

test('two that each hold a connection which the other has no more find together', async () => {
  const { a, b, connect } = pair();
  await a.peer.offer();
  await connect();
  for (const side of [a, b]) {
    side.peer.open();
    side.peer.link.theirs = 'gone';
  }
  await Promise.all([a.peer.offer(), b.peer.offer()]);
  for (let turn = 0; turn < 4; turn += 1) await connect();
  assert.equal(originOf(a.peer.link.pc.remoteDescription.sdp), b.peer.link.pc.name);
  assert.equal(originOf(b.peer.link.pc.remoteDescription.sdp), a.peer.link.pc.name);
});

for (const stuck of ['setRemoteDescription', 'createOffer', 'setLocalDescription']) {
  test(`a connection whose ${stuck} never ends is given up, and the next one connects`, async () => {
    const { a, connect, timers } = pair();
    const native = FakePeerConnection.prototype[stuck];
    const first = a.made;
    FakePeerConnection.prototype[stuck] = function (...args) {
      return this === first[0] ? new Promise(() => {}) : native.apply(this, args);
    };
    try {
      const offered = a.peer.offer();
      await timers.pass(21_000);
      await connect();
      assert.equal(first[0].closed, true);
      await offered;
      assert.equal(a.peer.state, 'connected');
    } finally {
      FakePeerConnection.prototype[stuck] = native;
    }
  });
}

test('of a connection that never came about only the side that offered makes another', async () => {
  const { a, b, connect, timers } = pair();
  await a.peer.offer();
  await settle();
  for (const side of [a, b]) side.peer.link.pc.become('failed');
  await timers.pass(100);
  await timers.pass(5_100);
  assert.deepEqual([a.made.length, b.made.length], [2, 2]);
  assert.equal(b.peer.offered, false);
  await connect();
  assert.deepEqual([a.peer.state, b.peer.state], ['connected', 'connected']);
});

test('a connection that is on its way is waited for as long as something happens', async () => {
  const { a, timers, wire } = pair();
  await a.peer.offer();
  wire.open = false;
  const { pc } = a.peer.link;
  pc.iceConnectionState = 'checking';
  for (const sign of ['onicegatheringstatechange', 'onsignalingstatechange', 'oniceconnectionstatechange']) {
    await timers.pass(4_000);
    pc[sign]();
  }
  await timers.pass(4_000);
  await a.peer.onCandidate({ candidate: { candidate: 'candidate:1' } });
  await timers.pass(4_000);
  wire.open = true;
  assert.equal(a.peer.restarts, 0);
  pc.iceConnectionState = 'failed';
  pc.oniceconnectionstatechange();
  await timers.pass(1_100);
  assert.equal(a.peer.restarts, 1);
});

test('camera and screen are sent beside each other, and come as such', async () => {
  const { a, b, connect } = pair();
  await a.peer.offer();
  await connect();
  a.tracks.video = { kind: 'video' };
  a.tracks.screen = { kind: 'video' };
  await a.peer.link.retrack();
  assert.deepEqual(
    a.peer.link.pc.transceivers.map((one) => one.sender.track),
    [a.tracks.audio, a.tracks.video, a.tracks.screen],
  );
  const { link } = b.peer;
  for (const transceiver of link.pc.transceivers) link.pc.ontrack({ track: transceiver.receiver.track, transceiver });
  b.peer.media = { audio: true, video: true, screen: true };
  assert.equal(b.peer.camera, link.transceiver('video').receiver.track);
  assert.equal(b.peer.screen, link.transceiver('screen').receiver.track);
  assert.notEqual(b.peer.camera, b.peer.screen);
});

test('to a client that shows one picture the screen goes in the place of the camera', async () => {
  const { a } = pair();
  a.tracks.video = { kind: 'video' };
  a.tracks.screen = { kind: 'video' };
  await a.peer.onOffer({ offer: { type: 'offer', sdp: 'o=- 77 1\na=ice-ufrag:x\nm=audio 9\nm=video 9\n' } });
  const { link } = a.peer;
  assert.deepEqual(
    link.pc.transceivers.map((one) => one.sender.track),
    [a.tracks.audio, a.tracks.screen],
  );
  a.tracks.screen = null;
  await link.retrack();
  assert.deepEqual(
    link.pc.transceivers.map((one) => one.sender.track),
    [a.tracks.audio, a.tracks.video],
  );
  link.pc.ontrack({ track: link.transceiver('video').receiver.track, transceiver: link.transceiver('video') });
  a.peer.media = { audio: true, video: true, screen: true };
  assert.equal(a.peer.camera, null);
  assert.equal(a.peer.screen, link.transceiver('video').receiver.track);
});

test('to a client that takes a second picture without a word the one picture goes both ways', async () => {
  const { a, wire } = pair();
  wire.open = false;
  a.tracks.video = { kind: 'video' };
  await a.peer.offer();
  const { link } = a.peer;
  await link.takeAnswer({ answer: { type: 'answer', sdp: 'o=- 77 1\nm=audio 9\nm=video 9\nm=video 9\n' } });
  assert.deepEqual(
    link.pc.transceivers.map((one) => one.sender.track),
    [a.tracks.audio, a.tracks.video, a.tracks.video],
  );
});

test('who was heard before speaks no more when the sound stops, is muted or is gone', async () => {
  const { a, connect } = pair();
  await a.peer.offer();
  await connect();
  const source = { timestamp: 1, audioLevel: 0.5 };
  a.peer.link.transceiver('audio').receiver.getSynchronizationSources = () => [source];
  const look = (more = {}) => {
    Object.assign(source, more);
    a.peer.signs.listen();
    return a.peer.signs.speaking;
  };
  assert.equal(look(), true);
  assert.equal(look({ timestamp: 2 }), true);
  // Between two words nobody has stopped to speak.
  assert.deepEqual([look(), look(), look(), look()], [true, true, true, false]);
  assert.equal(look({ timestamp: 3 }), true);
  a.peer.setAway(true);
  assert.equal(look({ timestamp: 4 }), false);
  a.peer.setAway(false);
  assert.equal(look({ timestamp: 5 }), true);
  a.peer.media = { audio: false, video: true, screen: false };
  assert.equal(look({ timestamp: 6 }), false);
});

test('that somebody speaks is no reason to show all anew', async () => {
  const { a, connect } = pair();
  await a.peer.offer();
  await connect();
  const told = [];
  Object.assign(a.peer.options, { changed: () => told.push('all'), signed: () => told.push('sign') });
  a.peer.link.transceiver('audio').receiver.getSynchronizationSources = () => [{ timestamp: 1, audioLevel: 0.5 }];
  a.peer.signs.listen();
  await a.peer.signs.measure(1);
  assert.deepEqual([...new Set(told)], ['sign']);
});

test('how good a connection was says nothing of the next one', async () => {
  const { a, connect } = pair();
  await a.peer.offer();
  await connect();
  const stats = (received) => async () =>
    new Map([['x', { type: 'inbound-rtp', packetsReceived: received, packetsLost: 0 }]]);
  a.peer.link.pc.getStats = stats(1000);
  await a.peer.signs.measure(1);
  assert.equal(a.peer.signs.quality.level, 'good');
  let answer;
  a.peer.link.pc.getStats = () => new Promise((resolve) => (answer = resolve));
  const late = a.peer.signs.measure(2);
  a.peer.open();
  answer(await stats(2000)());
  await late;
  assert.equal(a.peer.link.sizes.sample, null);
  await a.peer.signs.measure(3);
  assert.equal(a.peer.signs.quality, null);
});

test('an offer of another connection replaces the one that was', async () => {
  const { a, b, make, connect } = pair();
  await a.peer.offer();
  await connect();
  const old = a.peer.link.pc;
  b.peer.close();
  const fresh = make('b', 'a', false);
  await fresh.peer.offer();
  await connectAll(a.peer, fresh.peer);
  assert.notEqual(a.peer.link.pc, old);
  assert.deepEqual([a.peer.state, fresh.peer.state], ['connected', 'connected']);
});

test('an offer that did not arrive does not make one deaf to the offer of the other', async () => {
  const { a, b, wire, connect } = pair();
  wire.open = false;
  await b.peer.offer();
  assert.equal(b.peer.link.offerLost, true);
  wire.open = true;
  await a.peer.offer();
  await connect();
  assert.deepEqual([a.peer.state, b.peer.state], ['connected', 'connected']);
});

test('who waited for an offer in vain offers', async () => {
  const { a, timers, connect } = pair();
  a.peer.expectOffer();
  await timers.pass(7_000);
  assert.equal(a.peer.link, null);
  await timers.pass(2_000);
  await connect();
  assert.equal(a.peer.state, 'connected');
});

test('while the other side is away nothing is tried', async () => {
  const { a, connect, timers, wire } = pair();
  await a.peer.offer();
  await connect();
  a.peer.setAway(true);
  a.peer.link.pc.become('failed');
  await timers.pass(20_000);
  assert.equal(wire.log.length, 2);
});

test('while the server is away the connection is kept, and a new path is looked for when it is back', async () => {
  const { a, connect, timers, wire } = pair();
  await a.peer.offer();
  await connect();
  const { pc } = a.peer.link;
  wire.open = false;
  pc.become('failed');
  await timers.pass(30_000);
  assert.equal(a.peer.link.pc, pc);
  assert.equal(pc.closed, false);
  wire.open = true;
  await timers.pass(5_000);
  await connect();
  assert.equal(a.peer.state, 'connected');
  assert.equal(a.peer.link.pc, pc);
});

test('an answer to an offer that was replaced is ignored', async () => {
  const { a, wire } = pair();
  wire.open = false;
  await a.peer.offer();
  await a.peer.onAnswer({ answer: { type: 'answer', sdp: 'o=- 9 1' }, offerId: 'another' });
  assert.equal(a.peer.link.pc.remoteDescription, null);
});

test('candidates wait for the description that they belong to, and those of an old one go nowhere', async () => {
  const { a, wire } = pair();
  await a.peer.onCandidate({ candidate: { candidate: 'candidate:1', usernameFragment: 'new' } });
  await a.peer.onCandidate({ candidate: { candidate: 'candidate:2', usernameFragment: 'old' } });
  await a.peer.onCandidate({ candidate: null });
  wire.open = false;
  await a.peer.onOffer({ offer: { type: 'offer', sdp: 'o=- 77 1\na=ice-ufrag:new\n' } });
  assert.deepEqual(
    a.peer.link.pc.candidates.map((one) => one.candidate),
    ['candidate:1'],
  );
});

test('the size of the call decides how much picture is sent', async () => {
  const { a, connect } = pair();
  await a.peer.offer();
  await connect();
  await a.peer.link.applyBudget();
  const [encoding] = a.peer.link.transceiver('video').sender.parameters.encodings;
  assert.deepEqual(encoding, { scaleResolutionDownBy: 2, maxFramerate: 15, maxBitrate: 1000 });
});

test('a picture begins with middle size, and has its full one as soon as the line is seen to carry it', async () => {
  const { a, connect } = pair();
  a.peer.options.budget = () => ({ lines: 720, fps: 30, bitrate: 1000, screen: { fps: 5, bitrate: 2000 }, start: 0 });
  await a.peer.offer();
  await connect();
  const { sender } = a.peer.link.transceiver('video');
  const now = () => [sender.parameters.encodings[0].scaleResolutionDownBy, sender.parameters.degradationPreference];
  assert.deepEqual(now(), [2, 'maintain-resolution']);
  const measure = async (targetBitrate) => {
    a.peer.link.pc.getStats = async () => new Map([['x', { type: 'outbound-rtp', kind: 'video', targetBitrate }]]);
    await a.peer.signs.measure(1);
    await settle();
  };
  await measure(300);
  assert.deepEqual(now(), [2, 'maintain-framerate']);
  await measure(900);
  assert.deepEqual(now(), [1, 'maintain-framerate']);
  await measure(100);
  assert.deepEqual(now(), [1, 'maintain-framerate'], 'from here on the browser adapts by itself');
});

test('descriptions tell which connection and which round they are of', () => {
  const sdp = 'v=0\r\no=mozilla 123456 0 IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\nm=audio\r\na=ice-ufrag:efgh\r\n';
  assert.equal(originOf(sdp), '123456');
  assert.deepEqual(fragmentsOf(sdp), ['abcd', 'efgh']);
  assert.equal(
    fragmentOf({ candidate: 'candidate:1 1 udp 1 1.1.1.1 9 typ host generation 0 ufrag abcd network-id 1' }),
    'abcd',
  );
  assert.equal(fragmentOf({ candidate: 'candidate:1' }), null);
});

test('a description says with how much picture to begin, once for each codec of the camera', () => {
  const lines = (...all) => all.map((line) => `${line}\r\n`).join('');
  const head = lines('v=0', 'm=audio 9 UDP 111', 'a=rtpmap:111 opus/48000/2');
  const screen = lines('m=video 9 UDP 96', 'a=rtpmap:96 VP8/90000');
  const camera = lines(
    'm=video 9 UDP 96 97 98',
    'a=rtpmap:96 VP8/90000',
    'a=rtpmap:97 rtx/90000',
    'a=fmtp:97 apt=96',
    'a=rtpmap:98 VP9/90000',
    'a=fmtp:98 profile-id=0',
  );
  const begun = lines(
    'm=video 9 UDP 96 97 98',
    'a=rtpmap:96 VP8/90000',
    'a=fmtp:96 x-google-start-bitrate=900',
    'a=rtpmap:97 rtx/90000',
    'a=fmtp:97 apt=96',
    'a=rtpmap:98 VP9/90000',
    'a=fmtp:98 profile-id=0;x-google-start-bitrate=900',
  );
  assert.equal(startingAt(head + camera + screen, 900_000), head + begun + screen);
  assert.equal(startingAt(head, 900_000), head);
});
