/** Programs that use the official clients, against the real executable. */

import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { io as io3 } from 'socket.io-client-3';
import { Server } from '../browser/server.js';
import { Cable } from './cable.js';
import { Program } from './program.js';

const CANDIDATES = 20;

describe('programs with the official clients', () => {
  const server = new Server();
  const open = new Set();
  let number = 0;

  before(() => server.start());
  after(async () => {
    for (const one of open) one.close?.(), one.remove?.();
    await server.close();
  });

  const keep = (one) => (open.add(one), one);

  async function user(options, client) {
    const grant = await server.signUp(`user${++number}`);
    const cable = keep(await new Cable(server).lay());
    const program = keep(new Program(cable.url, grant, options, client));
    await program.event('connect');
    await program.event('session');
    return { program, cable, grant };
  }

  async function room(grant) {
    return (await server.ask('POST', '/api/rooms', { token: grant.token, body: { name: `room ${++number}` } })).id;
  }

  /** Everything that was stored in a room. */
  async function history(grant, roomId) {
    const all = [];
    for (;;) {
      const path = `/api/rooms/${roomId}/messages?limit=200&after=${all.length}`;
      const page = await server.ask('GET', path, { token: grant.token });
      if (page.length === 0) return all;
      all.push(...page);
    }
  }

  /** Sets a call up: ringing, answer, then offer, answer and candidates in both directions. */
  async function call(caller, callee) {
    const { callId } = await caller.ok('initiate-call', { to: callee.user.id });
    const incoming = await callee.event('incoming-call');
    assert.deepEqual(
      [incoming.callId, incoming.from, incoming.fromSocketId],
      [callId, caller.user.id, caller.session.socketId],
    );
    const { peers } = await callee.ok('accept-call', { callId });
    assert.deepEqual(peers.map((peer) => peer.userId), [caller.user.id]);
    await negotiate(caller, callee, callId);
    return callId;
  }

  /** Who is in gets `call-accepted` and offers; who accepted answers. */
  async function negotiate(offerer, answerer, callId) {
    const accepted = await offerer.event('call-accepted');
    assert.deepEqual([accepted.callId, accepted.from], [callId, answerer.user.id]);
    const to = accepted.fromSocketId;
    await offerer.ok('webrtc-offer', { to, callId, offer: { type: 'offer', sdp: 'an offer' } });
    const offer = await answerer.event('webrtc-offer');
    assert.deepEqual(
      [offer.offer.sdp, offer.from, offer.fromUsername],
      ['an offer', offerer.user.id, offerer.user.username],
    );
    await answerer.ok('webrtc-answer', {
      to: offer.fromSocketId,
      callId,
      answer: { type: 'answer', sdp: 'an answer' },
    });
    assert.equal((await offerer.event('webrtc-answer')).answer.sdp, 'an answer');
    for (const [from, other] of [
      [offerer, answerer],
      [answerer, offerer],
    ]) {
      for (let index = 0; index < CANDIDATES; index += 1) {
        from.socket.emit('webrtc-ice-candidate', { callId, candidate: { index } });
      }
      from.socket.emit('webrtc-ice-candidate', { callId, candidate: null });
      for (let index = 0; index < CANDIDATES; index += 1) {
        assert.equal((await other.event('webrtc-ice-candidate')).candidate.index, index);
      }
      assert.equal((await other.event('webrtc-ice-candidate')).candidate, null);
    }
  }

  for (const [name, transports] of [
    ['websocket alone', ['websocket']],
    ['polling alone', ['polling']],
    ['polling and then websocket', ['polling', 'websocket']],
  ]) {
    test(`two meet, chat, call, lose their connections, come back and have missed nothing: ${name}`, async () => {
      const [ann, bob] = [await user({ transports }), await user({ transports })];
      const roomId = await room(ann.grant);
      await ann.program.join(roomId);
      await bob.program.join(roomId);
      assert.equal((await ann.program.event('user-joined')).userId, bob.program.user.id);
      for (let index = 1; index <= 5; index += 1) ann.program.send(roomId, `message ${index}`);
      await bob.program.caughtUp(5);
      const callId = await call(ann.program, bob.program);

      let sent = 5;
      for (const [gone, there] of [[bob, ann], [ann, bob]]) {
        gone.cable.cut();
        await gone.program.event('disconnect');
        for (let index = 0; index < 30; index += 1) there.program.send(roomId, `while away ${index}`);
        await there.program.delivered();
        sent += 30;
        // What one writes meanwhile waits for the connection.
        gone.program.send(roomId, 'written offline');
        sent += 1;
        gone.cable.mend();
        await gone.program.event('resumed', () => gone.program.socket.connected);
        await Promise.all([ann.program.caughtUp(sent), bob.program.caughtUp(sent)]);
        await gone.program.ok('accept-call', { callId });
        await negotiate(there.program, gone.program, callId);
      }
      await bob.program.ok('end-call', { callId });
      assert.equal((await ann.program.event('call-ended', (ended) => ended.reason === 'hangup')).callId, callId);
      const stored = await history(ann.grant, roomId);
      assert.equal(stored.length, sent);
      for (const { program } of [ann, bob]) assert.deepEqual([...program.messages.keys()].length, sent);
    });
  }

  test('a client of 3.x chats with one of 4.x, and comes back', async () => {
    const [old, young] = [await user({}, io3), await user({})];
    const roomId = await room(old.grant);
    await old.program.join(roomId);
    await young.program.join(roomId);
    young.program.send(roomId, 'from 4.x');
    await old.program.caughtUp(1);
    old.program.send(roomId, 'from 3.x');
    await young.program.caughtUp(2);
    await call(young.program, old.program);
    old.cable.cut();
    await old.program.event('disconnect');
    young.program.send(roomId, 'while away');
    await young.program.delivered();
    old.cable.mend();
    await old.program.caughtUp(3);
    assert.deepEqual(
      [1, 2, 3].map((seq) => old.program.messages.get(seq).content),
      ['from 4.x', 'from 3.x', 'while away'],
    );
  });

  test('the token may come in the header of the handshake, and without a good one nobody connects', async () => {
    const grant = await server.signUp(`user${++number}`);
    const extraHeaders = { Authorization: `Bearer ${grant.token}` };
    for (const transports of [['websocket'], ['polling']]) {
      const program = keep(new Program(server.url, grant, { auth: {}, extraHeaders, transports }));
      assert.equal((await program.event('session')).userId, grant.user.id);
      for (const auth of [{}, { token: 'nonsense' }]) {
        const stranger = keep(new Program(server.url, grant, { auth, transports }));
        const error = await stranger.event('connect_error');
        assert.match(error.message, /^Authentication error/);
      }
    }
  });

  test('a shutdown is told, and clients come back by themselves', async () => {
    // As in a browser, a connection is used again: nobody new is let in at the end, not even to poll.
    const agent = new Agent({ keepAlive: true });
    const [ann, bob] = [await user({ transports: ['websocket'] }), await user({ transports: ['polling'], agent })];
    const roomId = await room(ann.grant);
    await ann.program.join(roomId);
    await bob.program.join(roomId);
    const stopped = server.kill('SIGTERM');
    for (const { program } of [ann, bob]) {
      assert.ok((await program.event('server-shutdown')).reconnectInMs > 0);
      assert.notEqual(await program.event('disconnect'), 'io server disconnect');
    }
    await stopped;
    await server.start();
    await Promise.all([ann, bob].map(({ program }) => program.event('resumed', () => program.socket.connected)));
    ann.program.send(roomId, 'again');
    await bob.program.caughtUp(1);
  });

  test('a kill -9 costs no acknowledged message and doubles none', async () => {
    const [ann, bob] = [await user({ transports: ['websocket'] }), await user({})];
    const roomId = await room(ann.grant);
    await ann.program.join(roomId);
    await bob.program.join(roomId);
    for (const [round, most] of [600, 1200].entries()) {
      const before = ann.program.acknowledged.size;
      for (let index = before; index < most; index += 1) ann.program.send(roomId, `message ${index}`);
      const some = before + 100 * (round + 1);
      await ann.program.until('some acknowledgements', () => ann.program.acknowledged.size >= some || undefined);
      await server.kill('SIGKILL');
      const kept = new Map(ann.program.acknowledged);
      await server.start();
      await ann.program.delivered();
      await bob.program.caughtUp(most);
      const stored = await history(bob.grant, roomId);
      assert.equal(new Set(stored.map((message) => message.clientId)).size, most, 'none is missing');
      assert.equal(stored.length, most, 'none is doubled');
      assert.deepEqual(stored.map((message) => message.seq), stored.map((_, index) => index + 1));
      for (const message of kept.values()) assert.deepEqual(stored[message.seq - 1], message, 'as it was acknowledged');
      assert.deepEqual([...bob.program.messages.keys()].length, most);
    }
  });
});
