/**
 * Two servers on one MongoDB behind nginx as the documents configure it: with what leads an address to one server for
 * clients that poll, and without it for clients on WebSockets.
 */

import assert from 'node:assert/strict';
import { Agent, request } from 'node:https';
import { test } from 'node:test';
import { block, isThere, Proxy } from '../browser/proxy.js';
import { Replicas, missing } from '../browser/replicas.js';
import { Program } from './program.js';

const skip = missing() || (!isThere('nginx', 'openssl') && 'there is no nginx or openssl');

/** Comes from that address of this machine, leads every name here, and takes the test's own certificate. */
const from = (localAddress) =>
  new Agent({
    localAddress,
    rejectUnauthorized: false,
    lookup: (_name, { all }, done) =>
      all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
  });

/** Which server nginx leads an address to. */
const leads = (proxy, address) =>
  new Promise((resolve, reject) => {
    const sent = request(`${proxy.origin}/health`, { agent: from(address) }, (answer) =>
      answer.resume().on('end', () => resolve(answer.headers['x-server'])),
    );
    sent.on('error', reject).end();
  });

/** Two servers behind nginx. @param {boolean} sticky whether an address stays with a server */
async function behind(sticky, body) {
  const replicas = await new Replicas().start();
  const flags = ['--trusted-proxy', '127.0.0.1', '--metrics', 'on'];
  const servers = [await replicas.server(flags), await replicas.server(flags)];
  let upstream = await block('nginx before several servers');
  servers.forEach(({ port }, n) => (upstream = upstream.replace(`127.0.0.1:500${n}`, `127.0.0.1:${port}`)));
  if (!sticky) upstream = upstream.replace('ip_hash;', '');
  // The test wants to know who answered.
  const pass = 'proxy_pass http://tincan; add_header X-Server $upstream_addr;';
  const change = (text) => upstream + text.replace('proxy_pass http://127.0.0.1:5000;', pass);
  const proxy = await new Proxy().start('nginx', servers[0].port, change);
  const programs = [];
  const program = (grant, address, transport) => {
    const options = { agent: from(address), transports: [transport], extraHeaders: { Origin: proxy.origin } };
    programs.push(new Program(proxy.origin, grant, { ...options, rejectUnauthorized: false }));
    return programs.at(-1);
  };
  try {
    await body({ servers, proxy, program });
  } finally {
    for (const one of programs) one.close();
    await proxy.close();
    for (const one of [...servers, replicas]) await one.close();
  }
}

/** Each says so many things, and everybody gets all of them, in the order of their numbers. */
async function talk(programs, roomId, count) {
  const last = programs[0].seen + programs.length * count;
  for (const program of programs) program.unasked.length = 0;
  for (let n = 0; n < count; n++) for (const program of programs) program.send(roomId, `${program.user.username} ${n}`);
  for (const program of programs) {
    await program.delivered();
    await program.caughtUp(last);
    const told = program.unasked.filter((one) => one.name === 'new-message').map((one) => one.payload.seq);
    assert.deepEqual(told, Array.from({ length: told.length }, (_, n) => last - told.length + 1 + n));
  }
}

test('clients that poll stay with their servers behind nginx, and talk across them', { timeout: 120_000, skip }, () =>
  behind(true, async ({ servers, proxy, program }) => {
    const addresses = new Map();
    for (let n = 1; addresses.size < servers.length; n++) {
      assert.ok(n < 200, 'nginx leads every address to one server');
      addresses.set(await leads(proxy, `127.0.${n}.1`), `127.0.${n}.1`);
    }
    const grants = [await servers[0].signUp('ann'), await servers[1].signUp('bob')];
    const { id } = await servers[0].ask('POST', '/api/rooms', { token: grants[0].token, body: { name: 'Kitchen' } });
    const programs = servers.map(({ port }, n) =>
      program(grants[n], addresses.get(`127.0.0.1:${port}`), 'polling'),
    );
    for (const one of programs) await one.event('session'), await one.join(id);
    await talk(programs, id, 30);
    // One server goes, and the client that was there comes back at the other.
    await servers[1].kill();
    await programs[1].event('disconnect');
    await programs[1].event('resumed');
    await talk(programs, id, 10);
  }));

test('clients on WebSockets need no server of their own behind nginx', { timeout: 120_000, skip }, () =>
  behind(false, async ({ servers, program }) => {
    const grants = [];
    for (const name of ['ann', 'bob', 'cat', 'dan']) grants.push(await servers[grants.length % 2].signUp(name));
    const { id } = await servers[0].ask('POST', '/api/rooms', { token: grants[0].token, body: { name: 'Kitchen' } });
    const programs = [];
    for (const grant of grants) {
      programs.push(program(grant, '127.0.0.1', 'websocket'));
      await programs.at(-1).event('session');
      await programs.at(-1).join(id);
    }
    for (const server of servers) {
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      assert.match(metrics, /^tincan_sockets [1-9]/m, 'each server has some of them');
    }
    await talk(programs, id, 20);
  }));
