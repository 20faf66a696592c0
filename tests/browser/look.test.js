/**
 * What everybody must be able to see and use: no script of others runs, no barrier, no overflow, the keyboard is
 * enough.
 */

import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fits, isOpenToAll } from './barriers.js';
import { scenario, until } from './world.js';

scenario('log-in and sign-up are open to all', async (world) => {
  // The first account is greeted otherwise.
  await world.server.signUp('First');
  const guest = await world.person('Guest', { outside: true });
  await guest.button('Log in').waitFor();
  await isOpenToAll(guest, 'log-in');
  await fits(guest, 'log-in');
  await guest.field('E-mail or name').fill('x');
  await guest.field('Password').fill('y');
  await guest.button('Log in').click();
  await guest.page.getByRole('alert').waitFor();
  await isOpenToAll(guest, 'log-in that failed');
  await guest.link('Sign up').click();
  await guest.button('Sign up').click();
  await guest.page.locator('#field-email-wrong').waitFor();
  await isOpenToAll(guest, 'sign-up with errors');
  await fits(guest, 'sign-up');
});

scenario('rooms, people, calls, settings and dialogs are open to all', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  await isOpenToAll(ada, 'no rooms');
  const room = await world.room('Kitchen', [ada, bob]);
  await bob.says('Hello, see https://example.com');
  await ada.reads('Hello');
  await ada.says('Hi');
  await ada.reads('Hi');
  await isOpenToAll(ada, 'a room');
  await fits(ada, 'a room');
  await ada.page.getByLabel('More about this room').click();
  await isOpenToAll(ada, 'the menu of a room');
  await ada.chooses('Change name');
  await isOpenToAll(ada, 'a dialog');
  await fits(ada, 'a dialog');
  await ada.button('Cancel').click();
  await world.server.ask('POST', '/api/rooms', { token: ada.grant.token, body: { name: 'Garden' } });
  await ada.link(/Garden/).click();
  await ada.button('Join room').waitFor();
  await isOpenToAll(ada, 'a room from outside');
  await ada.link(/^People/).click();
  await ada.button('Call Bob', { exact: true }).first().waitFor();
  await isOpenToAll(ada, 'people');
  await ada.link(/^Calls/).click();
  await ada.sees('No calls yet');
  await isOpenToAll(ada, 'calls');
  await ada.link('Settings').click();
  await isOpenToAll(ada, 'settings');
  await fits(ada, 'settings');
  await ada.visits(room);
  await world.server.kill();
  await ada.sees('Connection lost');
  await ada.says('kept');
  await ada.page.locator('.message.waiting').waitFor();
  await isOpenToAll(ada, 'a room without connection');
  await world.server.start();
  await ada.reads('kept');
});

scenario('on a phone the looks to choose from stand side by side', async (world) => {
  const ada = await world.person('Ada', { at: '#/settings' });
  for (const width of [390, 360]) {
    await ada.page.setViewportSize({ width, height: 740 });
    const choices = ada.page.getByRole('group', { name: 'Look' }).locator('.choice');
    await choices.nth(2).waitFor();
    const tops = await choices.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
    assert.equal(tops.length, 3);
    assert.equal(new Set(tops).size, 1, `at ${width} pixels: ${tops}`);
  }
});

scenario('calls are open to all', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  await ada.link(/^People/).click();
  await ada.button('Video call with Bob').click();
  await ada.page.locator('.preview video').waitFor();
  await isOpenToAll(ada, 'the preview');
  await fits(ada, 'the preview');
  await ada.page.getByRole('dialog').getByRole('button', { name: 'Call', exact: true }).click();
  await bob.button('Accept', { exact: true }).waitFor();
  await isOpenToAll(bob, 'the card of a call');
  await fits(bob, 'the card of a call');
  await isOpenToAll(ada, 'ringing');
  await bob.accepts();
  await ada.hearsAndSees();
  await ada.button('Microphone').click();
  await bob.tile('Ada').getByText('Microphone off').waitFor();
  await ada.button('Devices').click();
  for (const [person, view] of [[ada, 'a call with devices'], [bob, 'a call']]) {
    await isOpenToAll(person, view);
    await fits(person, view);
  }
  await ada.button('Share screen').click();
  await bob.tile('Ada shares the screen').locator('video').waitFor();
  await isOpenToAll(bob, 'a shared screen');
  await bob.button('Make the call small').click();
  await isOpenToAll(bob, 'a small call');
  await fits(bob, 'a small call');
  await ada.button('Hang up').click();
  await bob.sees('Ada hung up.');
  await isOpenToAll(bob, 'after a call');
  await ada.rings('Bob');
  await bob.button('Accept', { exact: true }).waitFor();
  await ada.button('Hang up').click();
  await bob.sees('Missed call from Ada.');
  await isOpenToAll(bob, 'a missed call');
  await bob.link(/^Calls/).click();
  await bob.page.locator('.row .missed').waitFor();
  await isOpenToAll(bob, 'the history of calls');
  await fits(bob, 'the history of calls');
});

const CORPUS = [
  '<script>globalThis.broken = 1</script>',
  '<img src=x onerror="globalThis.broken = 2">',
  '<svg/onload=globalThis.broken=3>',
  '"><iframe srcdoc="<script>parent.broken=4</script>">',
  "'-globalThis.broken=5-'",
  '${globalThis.broken=6}{{constructor.constructor("broken=7")()}}',
  'javascript:globalThis.broken=8',
  'https://example.com/"onmouseover="globalThis.broken=9',
  '</p></article></div><style>*{display:none}</style>',
  '<a href="javascript:broken=10">click</a> ' +
    '<math><mtext></form><form><mglyph><style></math><img src onerror=broken=11>',
  '&lt;b&gt; &amp; \u202egnp.exe \u2066',
];

scenario('no text of others runs, and all of it is shown as it was written', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  const make = (name, description) =>
    world.server.ask('POST', '/api/rooms', { token: bob.grant.token, body: { name, description } });
  for (const text of CORPUS) await make(text.slice(0, 100), text);
  const room = await make('Corpus', CORPUS[1]);
  const socket = await world.server.socket(bob.grant);
  await socket.emitWithAck('join-room', { roomId: room.id });
  for (const content of CORPUS) await socket.emitWithAck('send-message', { roomId: room.id, content });
  await ada.visits(room);
  await ada.button('Join room').click();
  await ada.reads(CORPUS.at(-1).slice(0, 8));
  assert.deepEqual(await ada.messages(), CORPUS);
  const names = await ada.page.locator('.sidebar-list .title > span:first-child').allTextContents();
  for (const text of CORPUS) assert.ok(names.includes(text.slice(0, 100).trim()), text);
  // A room whose name is markup, in view, in the title, in the head, in a dialog, in a call.
  await ada.page.locator('.sidebar-list a', { hasText: 'onerror' }).first().click();
  await ada.button('Join room').click();
  await socket.emitWithAck('typing', { roomId: room.id, typing: true });
  await socket.emitWithAck('initiate-call', { to: ada.grant.user.id, callType: 'video' });
  await ada.button('Decline').click();
  for (const link of await ada.page.locator('.message a').all()) {
    assert.match(await link.getAttribute('href'), /^https:\/\/example\.com\//);
  }
  socket.close();
  for (const page of [ada.page, bob.page]) assert.equal(await page.evaluate(() => globalThis.broken), undefined);
  const foreign = '#app :is(script, iframe, style, img[src="x"], math, [onload], [onerror], [onmouseover])';
  assert.equal(await ada.page.locator(foreign).count(), 0);
});

scenario('the keyboard is enough, from log-in to a call', async (world) => {
  const bob = await world.person('Bob');
  await world.server.signUp('Ada');
  const ada = await world.person('Ada.at.home', { outside: true });
  const { keyboard } = ada.page;
  const focus = () =>
    ada.page.evaluate(
      () =>
        document.activeElement?.getAttribute('aria-label') ||
        document.activeElement?.textContent?.trim() ||
        document.activeElement?.id,
    );
  const tabTo = async (wanted) => {
    for (let step = 0; step < 60; step += 1) {
      if (wanted.test((await focus()) ?? '')) return;
      await keyboard.press('Tab');
    }
    assert.fail(`the keyboard does not reach ${wanted}`);
  };
  await until(async () => (await focus()) === 'field-email', 'focus in the first field');
  await keyboard.type('Ada');
  await keyboard.press('Tab');
  await keyboard.type('correct horse');
  await keyboard.press('Enter');
  await ada.button('New room').waitFor();
  await tabTo(/^New room$/);
  await keyboard.press('Enter');
  await ada.page.getByRole('dialog').waitFor();
  await tabTo(/^field-name$/);
  await keyboard.type('Kitchen');
  await keyboard.press('Enter');
  await until(async () => /^Write to Kitchen/.test(await focus()), 'focus in the field to write');
  await keyboard.type('by hand');
  await keyboard.press('Enter');
  await ada.reads('by hand');
  await tabTo(/^People$/);
  await keyboard.press('Enter');
  await ada.button('Call Bob', { exact: true }).first().waitFor();
  await tabTo(/^Call Bob$/);
  await keyboard.press('Enter');
  await ada.page.getByRole('dialog').waitFor();
  await keyboard.press('Escape');
  await ada.page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.match(await focus(), /^Call Bob$/);
  await keyboard.press('Enter');
  await ada.page.getByRole('dialog').waitFor();
  await tabTo(/^Call$/);
  await keyboard.press('Enter');
  await bob.accepts();
  await ada.hearsAndSees(1, { video: false });
  await tabTo(/^Hang up$/);
  await keyboard.press('Enter');
  await bob.hasNoCall();
});

const copy = await mkdtemp(join(tmpdir(), 'tincan-client-'));
await cp(new URL('../../static/', import.meta.url), copy, { recursive: true });
after(() => rm(copy, { recursive: true }));

scenario('a client that changed shows at the next load, and a file that did not costs no body', async (world) => {
  const ada = await world.person('Ada');
  const file = join(copy, 'views/shell.js');
  await writeFile(file, (await readFile(file, 'utf8')).replace('New room<', 'New place<'));
  await ada.page.reload();
  await ada.button('New place').waitFor();
  const first = await fetch(`${world.server.url}/main.js`);
  const again = await fetch(`${world.server.url}/main.js`, { headers: { 'If-None-Match': first.headers.get('etag') } });
  assert.equal(again.status, 304);
}, { flags: ['--client-dir', copy] });

/** A tab that nobody looks at, whose notifications and sounds are counted. */
const aside = (context) =>
  context.addInitScript(() => {
    globalThis.notified = [];
    globalThis.sounds = 0;
    globalThis.Notification = class {
      static permission = 'granted';
      constructor(title, { body, tag }) {
        globalThis.notified.push({ title, body, tag });
      }
      close() {}
    };
    const Native = globalThis.AudioContext;
    globalThis.AudioContext = class extends Native {
      constructor() {
        super();
        globalThis.sounds += 1;
      }
    };
    Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
    document.hasFocus = () => false;
  });

scenario('who looks elsewhere is notified of messages and calls, and one of two tabs rings', async (world) => {
  const [ada, bob] = [await world.person('Ada', { init: aside }), await world.person('Bob')];
  const room = await world.room('Kitchen', [ada, bob]);
  const tab = await ada.tab(`#/rooms/${room.id}`);
  // Who is here is told to those who are in: so the tab is.
  await tab.sees('Online, 2');
  await bob.says('Are you there?');
  await until(async () => (await ada.page.title()).startsWith('(1)'), 'the count in the title');
  const notified = (person) => person.page.evaluate(() => globalThis.notified);
  for (const person of [ada, tab]) await until(async () => (await notified(person)).length === 1, 'a notification');
  const [{ title, body, tag }] = await notified(ada);
  assert.deepEqual([title, body], ['Bob in Kitchen', 'Are you there?']);
  // The other tab has one of the same tag: the browser shows one.
  assert.equal((await notified(tab))[0].tag, tag);
  const sounds = async () => {
    const [here, there] = await Promise.all([ada, tab].map((one) => one.page.evaluate(() => globalThis.sounds)));
    return here + there;
  };
  await until(async () => (await sounds()) === 1, 'the sound of the message, in one tab');
  await bob.rings('Ada');
  await until(async () => (await sounds()) > 1, 'a ring');
  await until(
    async () => [...(await notified(ada)), ...(await notified(tab))].some((one) => one.title === 'Bob is calling'),
    'a notification of the call',
  );
  await ada.button('Decline').click();
  await bob.sees('Ada declined.');
  assert.equal(await sounds(), 2);
});
