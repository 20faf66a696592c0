/**
 * A real browser at https://chat.example.com/chat, behind nginx that leaves the prefix in the paths, and behind one
 * that takes it away.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { NAME, Proxy, isThere } from './proxy.js';
import { Server } from './server.js';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const below = (text) => text.replace('location / {', 'location /chat/ {');
/**
 * How a proxy may serve the server below /chat: as documented, without the prefix, and without it where there is no
 * slash behind it either.
 */
const WAYS = {
  'leaves the prefix': below,
  'takes the prefix away': (text) => below(text).replace('127.0.0.1:5000;', '127.0.0.1:5000/;'),
  'takes it away where nothing follows it, too': (text) =>
    text.replace('location / {', 'location /chat {\n rewrite ^/chat/?(.*)$ /$1 break;'),
};

/** A server that knows where it is reached, and the proxy before it. */
async function start(change) {
  const server = await new Server(['--trusted-proxy', '127.0.0.1']).start();
  const proxy = await new Proxy().start('nginx', server.port, change);
  await server.kill('SIGTERM');
  server.flags.push('--public-url', `${proxy.origin}/chat`);
  await server.start();
  return { server, proxy };
}

for (const [way, change] of Object.entries(WAYS)) {
  test(
    `all of the client works below a prefix, behind a proxy that ${way}`,
    { timeout: 90_000, skip: !isThere('nginx', 'openssl') && 'there is no nginx or openssl' },
    async () => {
      const { server, proxy } = await start(change);
      const browser = await chromium.launch({
        executablePath: CHROMIUM,
        args: ['--no-sandbox', '--ignore-certificate-errors', `--host-resolver-rules=MAP ${NAME} 127.0.0.1`],
      });
      try {
        const context = await browser.newContext({ ignoreHTTPSErrors: true });
        context.setDefaultTimeout(15_000);
        await context.addInitScript(() => {
          globalThis.violations = [];
          document.addEventListener('securitypolicyviolation', (event) =>
            globalThis.violations.push(`${event.violatedDirective}: ${event.blockedURI}`),
          );
        });
        await server.signUp('Ann');
        const page = await context.newPage();
        const astray = [];
        page.on('request', (request) => {
          const { host, pathname } = new URL(request.url());
          if (host.startsWith(NAME) && pathname !== '/chat' && !pathname.startsWith('/chat/')) {
            astray.push(request.url());
          }
        });
        const opened = page.waitForEvent('websocket', (socket) =>
          socket.url().startsWith(`wss://${NAME}:${proxy.port}/chat/socket.io/`),
        );
        await page.goto(`${proxy.origin}/chat`);
        await page.waitForURL((url) => url.pathname === '/chat/');
        // What the browser asked for from /chat, before it knew better, came to nothing.
        astray.length = 0;
        await page.getByLabel('E-mail or name').fill('Ann');
        await page.getByLabel('Password').fill('correct horse');
        await page.getByRole('button', { name: 'Log in' }).click();
        await page.getByRole('button', { name: 'New room' }).waitFor();
        await opened;

      const { token } = await page.evaluate(() => JSON.parse(localStorage.getItem('tincan/chat/.session')));
      const room = await server.ask('POST', '/api/rooms', { token, body: { name: 'Kitchen' } });
      await page.goto(`${proxy.origin}/chat/#/rooms/${room.id}`);
      await page.getByRole('heading', { name: 'Kitchen' }).waitFor();

      // What the browser keeps lies below the prefix: the page comes back without the server.
      const scope = await page.evaluate(() => navigator.serviceWorker.ready.then((one) => one.scope));
      assert.equal(scope, `${proxy.origin}/chat/`);
      await page.waitForFunction(() => navigator.serviceWorker.controller);
      const manifest = await page.evaluate(async () => {
        const address = document.querySelector('link[rel="manifest"]').href;
        const { start_url, icons } = await (await fetch(address)).json();
        return [start_url, icons[0].src].map((path) => new URL(path, address).href);
      });
      assert.deepEqual(manifest, [`${proxy.origin}/chat/`, `${proxy.origin}/chat/icons/tincan.svg`]);
      await server.kill('SIGTERM');
      await page.reload();
      await page.getByRole('heading', { name: 'Kitchen' }).waitFor();
      assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
      assert.deepEqual(astray, []);
    } finally {
      await browser.close();
      await proxy.close();
      await server.close();
    }
  });
}
