/** “Test my connection”, and a call that does not connect, against faults that are really there. */

import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { fits, isOpenToAll } from './barriers.js';
import { CHROMIUM, scenario } from './world.js';

const RELAY = { flags: ['--turn', 'auto', '--turn-port', '0'] };

/**
 * Opens the test and waits until it is over.
 * @returns {Promise<Record<string, {state: string, words: string}>>} by part
 */
async function tests(person) {
  await person.page.goto(`${person.page.url().split('#')[0]}#/settings`);
  await person.button('Test my connection').click();
  return results(person);
}

async function results(person) {
  const dialog = person.page.getByRole('dialog', { name: 'Test my connection' });
  await dialog.getByRole('button', { name: 'Copy the report' }).waitFor({ timeout: 45_000 });
  const rows = await dialog
    .locator('.check')
    .evaluateAll((all) =>
      all.map((row) => [
        row.querySelector('h3').firstChild.textContent,
        { state: row.className.split(' ')[1], words: row.innerText },
      ]),
    );
  return Object.fromEntries(rows);
}

const states = (found) => Object.fromEntries(Object.entries(found).map(([part, { state }]) => [part, state]));

/** A picture of the dialog, where one wants to look. */
const shot = async (person, name) =>
  process.env.SHOTS && person.page.screenshot({ path: join(process.env.SHOTS, `${name}.png`) });

scenario(
  'where nothing is wrong the test says so, measures the line, and gives a report to copy',
  async (world) => {
    const ada = await world.person('Ada');
    const found = await tests(ada);
    await shot(ada, 'connection-good');
    const all = ['This page', 'Microphone', 'Camera', 'Messages', 'Direct path', 'Relay', 'Line'];
    assert.deepEqual(states(found), Object.fromEntries(all.map((part) => [part, 'good'])), JSON.stringify(found));
    assert.match(found.Line.words, /Mbit\/s there and back through the relay, 0 % lost/);
    await ada.sees('All is well.');
    await ada.sees('Your microphone works.');
    await ada.page.getByLabel('Your picture').waitFor();
    await isOpenToAll(ada, 'the test of the connection');
    await fits(ada, 'the test of the connection');
    await ada.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await ada.button('Copy the report').click();
    await ada.sees('Copied.');
    const report = await ada.page.evaluate(() => navigator.clipboard.readText());
    assert.match(report, /Tincan connection test\n[^]*ok {3}Relay: [^]*named: UDP, TCP[^]*ok {3}Line/);
    // Camera and microphone are let go.
    await ada.page.keyboard.press('Escape');
    await ada.page.getByRole('dialog').waitFor({ state: 'detached' });
    const allClosed = await ada.page.evaluate(() =>
      globalThis.connections.every((pc) => pc.connectionState === 'closed' || pc.signalingState === 'closed'),
    );
    assert.equal(allClosed, true);
  },
  RELAY,
);

scenario('without a relay the test says so, and what turns it on', async (world) => {
  const ada = await world.person('Ada');
  const found = await tests(ada);
  await shot(ada, 'connection-no-relay');
  assert.deepEqual([found.Relay.state, found.Line.state, found['Direct path'].state], ['bad', 'none', 'warn']);
  assert.match(found.Relay.words, /This server has no relay[^]*tincan --turn auto/);
  await ada.sees('2 things to look at.');
});

/** Passes http on to the server, and lets no WebSocket through, as some proxies do. */
async function proxyWithoutWebSockets(port) {
  const server = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const on = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    on.on('error', () => outgoing.destroy());
    incoming.pipe(on);
  });
  server.on('upgrade', (_, socket) => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${server.address().port}`,
    close: () => (server.closeAllConnections(), server.close()),
  };
}

scenario(
  'behind a proxy that eats WebSockets the test says that they do not get through, and all works by polling',
  async (world) => {
    const proxy = await proxyWithoutWebSockets(world.server.port);
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
    });
    try {
      const ada = await world.person('Ada', { elsewhere: { browser, url: proxy.url } });
      const found = await tests(ada);
      await shot(ada, 'connection-polling');
      assert.equal(found.Messages.state, 'warn', found.Messages.words);
      assert.match(found.Messages.words, /WebSockets do not get through[^]*Upgrade/);
    } finally {
      await browser.close();
      proxy.close();
    }
  },
);

scenario('where there is no microphone and no camera the test says so', async (world) => {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--use-fake-ui-for-media-stream'],
  });
  try {
    const ada = await world.person('Ada', { elsewhere: { browser, url: world.server.url } });
    const found = await tests(ada);
    assert.deepEqual([found['This page'].state, found.Microphone.state, found.Camera.state], ['good', 'bad', 'bad']);
    assert.match(found.Microphone.words, /No microphone was found/);
    assert.match(found.Camera.words, /No camera was found/);
  } finally {
    await browser.close();
  }
});

scenario(
  'on plain http from elsewhere the test says that the page is not secure, and leads to the one that is',
  async (world) => {
    const ada = await world.person('Ada', { insecure: true, ignoreHTTPSErrors: true });
    const found = await tests(ada);
    await shot(ada, 'connection-insecure');
    assert.equal(found['This page'].state, 'bad');
    const way = ada.page.getByRole('dialog').getByRole('link', { name: 'Open the secure page' });
    assert.equal(await way.getAttribute('href'), `https://chat.test:${world.server.port}/#/settings`);
    // Where the browser gives no clipboard the report is copied the older way.
    await ada.button('Copy the report').click();
    await ada.sees('Copied.');
  },
);

/**
 * Before the page's own scripts: no candidate of the other side arrives, as where two networks have no way to each
 * other.
 */
const NO_WAY = () => {
  RTCPeerConnection.prototype.addIceCandidate = async () => {};
  const set = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function (description) {
    return set.call(this, { type: description.type, sdp: description.sdp.replace(/^a=candidate.*\r\n/gm, '') });
  };
};

const cutOff = (world, name) => world.person(name, { init: (context) => context.addInitScript(NO_WAY) });

scenario(
  'a call that finds no path on a server without a relay says that, and leads to the test',
  async (world) => {
    const [ada, bob] = [await cutOff(world, 'Ada'), await cutOff(world, 'Bob')];
    await ada.rings('Bob');
    await bob.accepts();
    await ada.page.getByText(/this server has no relay that would carry the call/).waitFor({ timeout: 45_000 });
    await shot(ada, 'call-no-relay');
    await isOpenToAll(ada, 'a call that does not connect');
    await ada.button('Test my connection').click();
    const found = await results(ada);
    assert.equal(found.Relay.state, 'bad');
    assert.equal(found.Microphone.state, 'good');
    await ada.page.keyboard.press('Escape');
    await ada.button('Hang up').click();
    await ada.hasNoCall();
  },
  { timeout: 150_000 },
);

scenario(
  'a call whose relay cannot be reached says that; where only the other side is cut off, it says so',
  async (world) => {
    const [ada, bob] = [await cutOff(world, 'Ada'), await cutOff(world, 'Bob')];
    await ada.rings('Bob');
    await bob.accepts();
    await ada.page.getByText(/What holds the call back is at Bob’s side/).waitFor({ timeout: 45_000 });
    await ada.button('Hang up').click();
    await ada.hasNoCall();
    // From now on the relay's addresses lead nowhere.
    const dead = createServer();
    await new Promise((resolve) => dead.listen(0, '127.0.0.1', resolve));
    const { port } = dead.address();
    await new Promise((resolve) => dead.close(resolve));
    const listens = await new Promise((resolve) =>
      connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false)),
    );
    assert.equal(listens, false);
    await ada.context.route('**/api/ice-servers', async (route) => {
      const answer = await (await route.fetch()).json();
      for (const server of answer.iceServers) server.urls = server.urls.map((url) => url.replace(/:\d+/, `:${port}`));
      await route.fulfill({ json: answer });
    });
    await ada.page.reload();
    await ada.rings('Bob');
    await bob.accepts();
    await ada.page.getByText(/The relay of this server cannot be reached from here/).waitFor({ timeout: 60_000 });
  },
  { ...RELAY, timeout: 180_000 },
);
