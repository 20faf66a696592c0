/** “Test my connection” and why a call does not connect: against faults that a browser, a network and a server have. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionCheck } from '../../static/call/check.js';
import { IceServers } from '../../static/call/ice.js';
import { Line } from '../../static/call/line.js';
import { LocalMedia } from '../../static/call/media.js';
import { only, waysToRelay } from '../../static/call/relay.js';
import { Unconnected } from '../../static/call/unconnected.js';
import { fakeTimers, settle, storage } from './fakes.js';
import { fakeDevices } from './rtc.js';

const STUN = { urls: ['stun:chat.example:3478'] };
const TURN = {
  urls: ['turn:chat.example:3478?transport=udp', 'turn:chat.example:3478?transport=tcp'],
  username: '1:a',
  credential: 'x',
};

/** Connections on a network where these URLs answer, and those are refused with a code. */
function network({ answering = [], refused = {}, host = true } = {}) {
  const made = [];
  const connect = (configuration) => {
    const pc = { configuration, closed: false, localDescription: null, close: () => (pc.closed = true) };
    Object.assign(pc, {
      createDataChannel: () => ({}),
      addIceCandidate: async () => {},
      setRemoteDescription: async () => {},
      createAnswer: async () => ({}),
    });
    pc.createOffer = async () => ({ type: 'offer', sdp: '' });
    pc.setLocalDescription = async () => {
      const urls = configuration.iceServers.flatMap((server) => server.urls);
      queueMicrotask(() => {
        // A line is only tried.
        if (!pc.onicecandidateerror) return;
        const found = (type) =>
          pc.onicecandidate({ candidate: { candidate: `candidate:1 1 udp 1 h 9 typ ${type}`, type } });
        if (host && configuration.iceTransportPolicy !== 'relay') found('host');
        for (const url of urls) {
          if (refused[url]) pc.onicecandidateerror({ errorCode: refused[url], url, errorText: 'refused' });
          else if (answering.includes(url)) found(url.startsWith('stun') ? 'srflx' : 'relay');
        }
        pc.onicecandidate({ candidate: null });
      });
    };
    made.push(pc);
    return pc;
  };
  return { connect, made };
}

/** A server that lets these transports through. */
const letsThrough = (...transports) => ({
  made: 0,
  another({ transports: [transport] }) {
    this.made += 1;
    const handlers = {};
    return {
      on: (event, handler) => (handlers[event] = handler),
      off() {},
      disconnect() {},
      connect: () =>
        queueMicrotask(() =>
          transports.includes(transport) ? handlers.connect() : handlers.connect_error(new Error(`${transport} error`)),
        ),
    };
  },
});

function setUp({
  servers = [STUN, TURN],
  net = network(),
  connection = letsThrough('websocket', 'polling'),
  devices = fakeDevices(),
  inCall = false,
} = {}) {
  devices.connect = net.connect;
  const timers = fakeTimers();
  const ice = new IceServers({ iceServers: async () => ({ iceServers: servers, ttl: 60 }) });
  const media = new LocalMedia({ devices, storage: storage() });
  return { check: new ConnectionCheck({ connection, ice, devices, media, inCall, timers }), timers, ice, net, media };
}

/** Runs to its end, and says what was found of each part. */
async function outcome({ check, timers }) {
  const run = check.run();
  for (let turn = 0; turn < 5; turn += 1) await settle();
  await timers.pass(60_000);
  await run;
  return Object.fromEntries([...check.found].map(([part, { state }]) => [part, state]));
}

test('where all is well, all is said to be well, but for a relay that carries nothing', async () => {
  const set = setUp({ net: network({ answering: [...STUN.urls, ...TURN.urls] }) });
  const { line, ...rest } = await outcome(set);
  assert.deepEqual(rest, {
    page: 'good',
    microphone: 'good',
    camera: 'good',
    live: 'good',
    direct: 'good',
    relay: 'good',
  });
  // These connections carry nothing.
  assert.equal(line, 'bad');
});

test('it counts as running until all was tested once, so that nobody takes the beginning for the end', async () => {
  const set = setUp();
  assert.equal(set.check.running, true);
  await outcome(set);
  assert.equal(set.check.running, false);
  const again = outcome(set);
  assert.equal(set.check.running, true);
  await again;
});

test('a proxy that lets no WebSocket through is told from a server that cannot be reached', async () => {
  const polled = setUp({ connection: letsThrough('polling') });
  assert.equal((await outcome(polled)).live, 'warn');
  assert.match(polled.check.found.get('live').words, /WebSockets do not get through/);
  assert.equal((await outcome(setUp({ connection: letsThrough() }))).live, 'bad');
});

test('without devices it says which are missing; without a secure page it names the way to one', async () => {
  const none = setUp({ devices: fakeDevices({ refuse: { audio: 'NotFoundError', video: 'NotFoundError' } }) });
  const found = await outcome(none);
  assert.deepEqual([found.microphone, found.camera], ['bad', 'bad']);
  assert.match(none.check.found.get('camera').words, /No camera was found/);

  const insecure = setUp({
    devices: fakeDevices({ available: false, secure: { url: 'https://chat.example/', warning: '' } }),
  });
  assert.equal((await outcome(insecure)).page, 'bad');
  assert.match(insecure.check.found.get('page').mend, /Open the secure page/);
});

test('in a call it opens no camera that is off, and leaves the microphone as it is', async () => {
  const devices = fakeDevices();
  const set = setUp({ devices, inCall: true });
  assert.equal((await outcome(set)).camera, 'none');
  assert.equal(devices.made.length, 0);
});

test('no relay, one that is held back, one over TCP alone and one that refuses have words of their own', async () => {
  const words = async (options) => {
    const set = setUp(options);
    const { relay } = await outcome(set);
    return [relay, set.check.found.get('relay').words];
  };
  const [none, noWords] = await words({ servers: [STUN] });
  assert.deepEqual([none, /has no relay/.test(noWords)], ['bad', true]);
  const [held, heldWords] = await words({ net: network({ refused: { [TURN.urls[0]]: 701, [TURN.urls[1]]: 701 } }) });
  assert.deepEqual([held, /cannot be reached from here/.test(heldWords)], ['bad', true]);
  const [slow, slowWords] = await words({ net: network({ answering: [TURN.urls[1]] }) });
  assert.deepEqual([slow, /holds UDP back/.test(slowWords)], ['warn', true]);
  const [refused, refusedWords] = await words({
    net: network({ refused: { [TURN.urls[0]]: 401, [TURN.urls[1]]: 401 } }),
  });
  assert.deepEqual([refused, /refuses your credentials/.test(refusedWords)], ['bad', true]);
});

test('the report names every part, with what was found', async () => {
  const set = setUp({ servers: [STUN], connection: letsThrough('polling') });
  await outcome(set);
  const report = set.check.report(['browser: one']);
  for (const words of ['browser: one', 'WARN Messages', 'BAD  Relay', 'websocket no (websocket error)', '-    Line']) {
    assert.ok(report.includes(words), words);
  }
  assert.doesNotMatch(report, /1:a|credential/);
});

test('each way is asked by itself, and every connection is closed again', async () => {
  assert.deepEqual(only([STUN, TURN], 'tcp').map(({ urls }) => urls), [[TURN.urls[1]]]);
  const net = network({ answering: TURN.urls });
  const { named, open } = await waysToRelay(net.connect, [STUN, TURN]);
  assert.deepEqual([named, open], [['udp', 'tcp'], ['udp', 'tcp']]);
  assert.ok(net.made.every((pc) => pc.closed && pc.configuration.iceTransportPolicy === 'relay'));
});

/** Two connections that find each other at once; every `nth` packet is lost. */
function pair(timers, { nth = Infinity, trip = 20 } = {}) {
  const pcs = [];
  let sent = 0;
  return () => {
    const pc = { addIceCandidate: async () => {}, close() {}, setRemoteDescription: async () => {} };
    pc.createOffer = pc.createAnswer = async () => ({});
    pc.setLocalDescription = async () => (pc.localDescription = {});
    pc.createDataChannel = () => {
      pc.channel = {
        readyState: 'open',
        bufferedAmount: 0,
        send(data) {
          pc.channel.bufferedAmount += data.byteLength;
          sent += 1;
          const lost = sent % nth === 0;
          const copy = data.buffer.slice(0);
          timers.setTimeout(() => {
            pc.channel.bufferedAmount -= data.byteLength;
            if (!lost) pcs[1].into?.onmessage({ data: copy });
          }, trip);
        },
      };
      queueMicrotask(() => {
        pcs[1].into = {};
        pcs[1].ondatachannel({ channel: pcs[1].into });
        pc.channel.onopen();
      });
      return pc.channel;
    };
    pcs.push(pc);
    return pc;
  };
}

test('speed, loss and round trip are those of the line', async () => {
  const timers = fakeTimers();
  const line = new Line({ connect: pair(timers, { nth: 10 }), timers, now: timers.now });
  assert.equal(await line.open(), true);
  const measuring = line.measure();
  await timers.pass(8_000);
  const { bits, loss, roundTrip } = await measuring;
  assert.ok(Math.abs(loss - 0.1) < 0.02, `loss ${loss}`);
  assert.equal(roundTrip, 20);
  assert.ok(bits > 10_000_000, `bits ${bits}`);
});

function doubting({ servers, net, online = true, theirs = 'x', state = 'connecting' } = {}) {
  const { ice } = setUp({ servers, net });
  const unconnected = new Unconnected({ ice, connect: net.connect, online: () => online, changed: () => {} });
  const peer = { username: 'Bob', state, away: false, link: { theirs } };
  const wait = async (looks = 40) => {
    for (let look = 0; look < looks; look += 1) unconnected.look([peer]);
    for (let turn = 0; turn < 5; turn += 1) await settle();
    return unconnected.reason?.words ?? '';
  };
  return { unconnected, peer, wait };
}

test('a call that does not connect says which fault it is', async () => {
  const reasons = [
    [{ servers: [STUN], net: network() }, /this server has no relay/],
    [
      { net: network({ refused: { [TURN.urls[0]]: 701, [TURN.urls[1]]: 701 } }) },
      /relay of this server cannot be reached/,
    ],
    [{ net: network({ host: false }) }, /finds no network/],
    [{ net: network({ answering: TURN.urls }) }, /at Bob’s side/],
    [{ net: network(), theirs: '' }, /Bob’s browser does not answer/],
    [{ net: network(), online: false }, /server cannot be reached/],
  ];
  for (const [options, words] of reasons) assert.match(await doubting(options).wait(), words);
});

test('nothing is said before its time, of one who is away, and once the call connects', async () => {
  const early = doubting({ servers: [STUN], net: network() });
  assert.equal(await early.wait(39), '');
  assert.equal(early.unconnected.name, '');
  await early.wait(1);
  assert.equal(early.unconnected.name, 'Bob');
  early.peer.state = 'connected';
  await early.wait(1);
  assert.deepEqual([early.unconnected.name, early.unconnected.reason], ['', null]);
  const away = doubting({ servers: [STUN], net: network() });
  away.peer.away = true;
  await away.wait(100);
  assert.equal(away.unconnected.name, '');
});
