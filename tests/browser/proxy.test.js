/**
 * A real browser behind nginx as documented: the web client, live, and the official Socket.IO client as a page's own
 * script.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { NAME, Proxy, isThere } from './proxy.js';
import { Server } from './server.js';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

test(
  'the client behind nginx is told live, and nothing breaks the policy',
  { timeout: 90_000, skip: !isThere('nginx', 'openssl') && 'there is no nginx or openssl' },
  async () => {
    const server = await new Server(['--trusted-proxy', '127.0.0.1']).start();
    const proxy = await new Proxy().start('nginx', server.port);
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', `--host-resolver-rules=MAP ${NAME} 127.0.0.1`],
    });
    try {
      const context = await browser.newContext({ ignoreHTTPSErrors: true });
      context.setDefaultTimeout(15_000);
      const grant = await server.signUp('Ann');
      await context.addInitScript((text) => {
        globalThis.violations = [];
        document.addEventListener('securitypolicyviolation', (event) =>
          globalThis.violations.push(`${event.violatedDirective}: ${event.blockedURI}`),
        );
        localStorage.setItem('tincan.session', text);
      }, JSON.stringify(grant));
      const page = await context.newPage();
      const opened = page.waitForEvent('websocket', (socket) =>
        socket.url().startsWith(`wss://${NAME}:${proxy.port}/socket.io/`),
      );
      const told = opened.then((socket) => socket.waitForEvent('framereceived'));
      await page.goto(`${proxy.origin}/`);
      await page.getByRole('button', { name: 'New room' }).waitFor();
      await told;
      await server.ask('POST', '/api/rooms', { token: grant.token, body: { name: 'Kitchen' } });
      await page.getByText('Kitchen').first().waitFor();

      await page.addScriptTag({ url: '/socket.io/socket.io.js' });
      for (const transport of ['polling', 'websocket']) {
        const name = await page.evaluate(
          ([token, transport]) =>
            new Promise((resolve, reject) => {
              const socket = globalThis.io({ auth: { token }, transports: [transport], forceNew: true });
              socket
                .once('session', (session) => (socket.close(), resolve(session.username)))
                .once('connect_error', reject);
            }),
          [grant.token, transport],
        );
        assert.equal(name, 'Ann', transport);
      }
      assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
    } finally {
      await browser.close();
      await proxy.close();
      await server.close();
    }
  },
);
