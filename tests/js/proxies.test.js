/**
 * Behind nginx and HAProxy as the documents configure them: page, REST, polling and WebSocket, with an Origin as a
 * browser sends it.
 */

import assert from 'node:assert/strict';
import { Agent, request } from 'node:https';
import { test } from 'node:test';
import { io } from 'socket.io-client';
import { Proxy, isThere } from '../browser/proxy.js';
import { Server } from '../browser/server.js';

/** Leads every name here, and takes the test's own certificate. */
const here = () =>
  new Agent({
    rejectUnauthorized: false,
    lookup: (_name, options, done) =>
      options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
  });

function ask(proxy, path, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const sent = request(
      proxy.origin + path,
      { method, agent: here(), headers: { ...headers, ...(body && { 'Content-Type': 'application/json' }) } },
      (answer) => {
        let text = '';
        answer
          .on('data', (chunk) => (text += chunk))
          .on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
      },
    );
    sent.on('error', reject);
    sent.end(body && JSON.stringify(body));
  });
}

function connect(proxy, token, transport, { origin = proxy.origin, prefix = '' } = {}) {
  const socket = io(proxy.origin, {
    path: `${prefix}/socket.io`,
    auth: { token },
    transports: [transport],
    agent: here(),
    extraHeaders: { Origin: origin },
    reconnection: false,
    rejectUnauthorized: false,
    timeout: 10_000,
  });
  return new Promise((resolve, reject) =>
    socket.once('connect', () => resolve(socket)).once('connect_error', (error) => (socket.close(), reject(error))),
  );
}

async function works(proxy, prefix = '') {
  const page = await ask(proxy, `${prefix}/`);
  assert.equal(page.status, 200);
  assert.match(page.text, /<html/);
  const number = proxy.port;
  const body = { username: `user${number}`, email: `user${number}@example.com`, password: 'correct horse' };
  const signup = await ask(proxy, `${prefix}/api/auth/signup`, {
    method: 'POST',
    headers: { Origin: proxy.origin },
    body,
  });
  assert.equal(signup.status, 201, signup.text);
  assert.equal(signup.headers['access-control-allow-origin'], proxy.origin);
  const { token } = JSON.parse(signup.text);
  for (const transport of ['polling', 'websocket']) {
    const socket = await connect(proxy, token, transport, { prefix });
    assert.equal(socket.io.engine.transport.name, transport);
    assert.equal((await socket.emitWithAck('no-such-event', {})).code, 'unknown_event');
    socket.close();
    await assert.rejects(connect(proxy, token, transport, { prefix, origin: 'https://evil.example' }), transport);
  }
  return page;
}

for (const [kind, program] of [
  ['nginx', 'nginx'],
  ['HAProxy', 'haproxy'],
]) {
  test(
    `a page behind ${kind} as documented reaches the server by every way`,
    { timeout: 60_000, skip: !isThere(program, 'openssl') && `there is no ${program} or openssl` },
    async () => {
      const server = await new Server(['--trusted-proxy', '127.0.0.1']).start();
      const proxy = await new Proxy().start(kind, server.port);
      try {
        const { headers } = await works(proxy);
        assert.match(headers['content-security-policy'], new RegExp(` wss://chat\\.example\\.com:${proxy.port}$`));
      } finally {
        await proxy.close();
        await server.close();
      }
    },
  );
}

const nginx = { timeout: 60_000, skip: !isThere('nginx', 'openssl') && 'there is no nginx or openssl' };

test('behind nginx a host without its port is own, whatever the port', nginx, async () => {
  const server = await new Server().start();
  const proxy = await new Proxy().start('nginx', server.port, (text) => text.replace('Host $http_host', 'Host $host'));
  try {
    await works(proxy);
  } finally {
    await proxy.close();
    await server.close();
  }
});

for (const [way, change] of [
  ['leaves it in the paths', (text) => text],
  ['takes it away', (text) => text.replace('127.0.0.1:5000;', '127.0.0.1:5000/;')],
]) {
  test(`below a prefix, behind nginx that ${way}, the official client and REST reach the server`, nginx, async () => {
    const server = await new Server(['--trusted-proxy', '127.0.0.1']).start();
    const proxy = await new Proxy().start('nginx', server.port, (text) =>
      change(text.replace('location / {', 'location /chat/ {')),
    );
    await server.kill('SIGTERM');
    server.flags.push('--public-url', `${proxy.origin}/chat`);
    await server.start();
    try {
      await works(proxy, '/chat');
      const without = await ask(proxy, '/chat');
      assert.equal(new URL(without.headers.location, proxy.origin).pathname, '/chat/');
    } finally {
      await proxy.close();
      await server.close();
    }
  });
}

test('behind nginx that changes the host the public address is own', nginx, async () => {
  const server = new Server();
  const proxy = new Proxy();
  await server.start();
  await proxy.start('nginx', server.port, (text) =>
    text.replace(/.*\bHost \$http_host;\n/g, '').replace(/.*X-Forwarded-Host.*\n/, ''),
  );
  await server.kill('SIGTERM');
  server.flags.push('--public-url', proxy.origin);
  await server.start();
  try {
    await works(proxy);
  } finally {
    await proxy.close();
    await server.close();
  }
});
