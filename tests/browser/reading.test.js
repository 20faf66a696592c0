/**
 * Reading a room: where it opens, what counts as read, what stays in its place, what screen readers and keyboards get.
 */

import assert from 'node:assert/strict';
import { scenario, until } from './world.js';

const scroller = (person) => person.page.locator('.scroll');
const inView = (person, selector) =>
  person.page.evaluate((selector) => {
    const view = document.querySelector('.scroll').getBoundingClientRect();
    const box = document.querySelector(selector)?.getBoundingClientRect();
    return Boolean(box) && box.top >= view.top && box.bottom <= view.bottom;
  }, selector);
/** What the browser keeps: the number up to which a room was read. */
const readOf = (person, room) =>
  person.page.evaluate((id) => {
    const name = Object.keys(localStorage).find(
      (key) => /(^|\.)read(\.|$)/.test(key) && localStorage.getItem(key).includes(id),
    );
    return name ? JSON.parse(localStorage.getItem(name))[id] : 0;
  }, room.id);
const lines = (n) => `number ${n}`;

/**
 * What is kept follows what is seen within a second.
 * @returns {Promise<number>} the last message in view, once the mark stands there
 */
async function readToWhatIsSeen(person, room) {
  const lastInView = () =>
    scroller(person).evaluate((element) => {
      const edge = element.getBoundingClientRect().bottom + 1;
      const seen = [...element.querySelectorAll('[data-seq]')].filter(
        (one) => one.getBoundingClientRect().bottom <= edge,
      );
      return Number(seen.at(-1)?.dataset.seq ?? 0);
    });
  let seen = 0;
  await until(async () => {
    seen = await lastInView();
    return seen > 0 && (await readOf(person, room)) === seen;
  }, 'the mark to stand at what is seen');
  return seen;
}

scenario('a room opens at the first message that was not read, and is read as one reads on', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  const room = await world.room('Kitchen', [ada, bob]);
  const garden = await world.room('Garden', [ada]);
  await world.server.fill(bob.grant, room.id, 400, lines);
  await ada.link(/Kitchen/).locator('.badge').waitFor();
  await ada.visits(room);
  await ada.page.locator('.new-line').waitFor({ state: 'detached' }).catch(() => undefined);
  // Nothing was read before: the first message of all is the first unread one.
  await until(() => inView(ada, '[data-seq="1"]'), 'the first message in view');
  const jump = ada.button(/^Jump to the newest \(\d+\)$/);
  await jump.waitFor();
  const first = await readToWhatIsSeen(ada, room);
  assert.ok(first > 0 && first < 60, `read up to ${first}`);
  // On by the wheel: what comes into view is read, what does not is not.
  await scroller(ada).hover();
  // Listened for before it is scrolled, which may be over within a frame.
  await scroller(ada).evaluate((element) => {
    globalThis.scrolled = new Promise((resolve) =>
      element.addEventListener('scrollend', () => resolve(), { once: true }),
    );
  });
  await ada.page.mouse.wheel(0, 1500);
  await ada.page.evaluate(() => globalThis.scrolled);
  const second = await readToWhatIsSeen(ada, room);
  assert.ok(second > first && second < 200, `read up to ${second}`);
  // Elsewhere and back: it opens where one left off, with the line before what is new.
  await ada.visits(garden);
  await ada.visits(room);
  await ada.page.locator('.new-line').waitFor();
  await until(() => inView(ada, '.new-line'), 'the line in view');
  await until(() => inView(ada, `[data-seq="${second + 1}"]`), 'the first unread message in view');
  await jump.click();
  await ada.reads('number 400');
  await until(async () => (await readOf(ada, room)) === 400, 'all to be read');
  await ada.link(/Kitchen/).locator('.badge').waitFor({ state: 'detached' });
  await jump.waitFor({ state: 'detached' });
});

scenario('a room with a thousand unread messages is read to its end without a hole', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  const room = await world.room('Kitchen', [ada, bob]);
  await world.room('Garden', [ada]);
  await world.server.fill(bob.grant, room.id, 1000, lines);
  await ada.visits(room);
  await ada.reads('number 1');
  const passed = [];
  const numbers = () => ada.page.locator('.message').evaluateAll((all) => all.map((one) => Number(one.dataset.seq)));
  for (;;) {
    const held = await numbers();
    assert.ok(held.length <= 300, `${held.length} messages in the page`);
    passed.push(...held.filter((seq) => seq > (passed.at(-1) ?? 0)));
    if (passed.at(-1) === 1000) break;
    await scroller(ada).evaluate((element) => (element.scrollTop = element.scrollHeight));
    await until(async () => (await numbers()).at(-1) > passed.at(-1), 'the next messages');
  }
  assert.deepEqual(passed, Array.from({ length: 1000 }, (_, index) => index + 1));
  await scroller(ada).evaluate((element) => (element.scrollTop = element.scrollHeight));
  // At the end it takes what comes live again.
  await bob.visits(room);
  await bob.says('and one more');
  await ada.reads('and one more');
}, { timeout: 120_000 });

scenario('messages under the large call are not read, and a badge says so', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  const room = await world.room('Kitchen', [ada, bob]);
  await ada.rings('Bob', { video: false });
  await bob.accepts();
  await ada.hearsAndSees(1, { video: false });
  // The room stayed open beside the list of people: the large call stands over it.
  assert.ok(ada.page.url().endsWith(room.id), ada.page.url());
  await ada.page.locator('.shell[data-call="large"]').waitFor();
  const socket = await world.server.socket(bob.grant);
  await socket.emitWithAck('join-room', { roomId: room.id });
  await socket.emitWithAck('send-message', { roomId: room.id, content: 'under the call' });
  await until(async () => /^\(1\)/.test(await ada.page.title()), 'the count in the title');
  await ada.button('Make the call small').first().click();
  await until(async () => !/^\(1\)/.test(await ada.page.title()), 'the message to be read once it can be seen');
  socket.close();
});

scenario('who looks in from outside sees what is written there, in the room and in the list', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  const room = await world.room('Kitchen', [bob]);
  await ada.visits(room);
  await ada.sees('You are looking in from outside');
  await bob.says('nobody outside hears this');
  await ada.reads('nobody outside hears this');
  assert.match(await ada.link(/Kitchen/).textContent(), /Bob: nobody outside hears this/);
  // A failure is quiet, and the next look finds what is new.
  await ada.page.route('**/api/rooms/*', (route) => route.abort());
  await bob.says('not yet');
  await ada.page.waitForRequest(/\/api\/rooms\/[0-9a-f]+$/);
  assert.equal(await ada.page.getByRole('alert').count(), 0);
  await ada.page.unroute('**/api/rooms/*');
  await ada.reads('not yet');
  // The room is deleted while one looks.
  await world.server.ask('DELETE', `/api/rooms/${room.id}`, { token: bob.grant.token });
  await ada.sees('This room is gone');
});

scenario('each message shows its time when it is pointed at or has the focus, and nothing moves', async (world) => {
  const ada = await world.person('Ada');
  await world.room('Kitchen', [ada]);
  for (const text of ['one', 'two', 'three']) {
    await ada.says(text);
    await ada.reads(text);
  }
  const message = (n) => ada.page.locator(`[data-seq="${n}"]`);
  const opacity = (n) =>
    message(n)
      .locator('time')
      .evaluate((time) => getComputedStyle(time).opacity);
  const boxes = () =>
    ada.page.locator('.message').evaluateAll((all) => all.map((one) => JSON.stringify(one.getBoundingClientRect())));
  assert.equal(await opacity(1), '1');
  assert.equal(await opacity(2), '0');
  const before = await boxes();
  await message(2).hover();
  assert.equal(await opacity(2), '1');
  assert.deepEqual(await boxes(), before);
  const [time, words] = await Promise.all(['time', '.text'].map((part) => message(2).locator(part).boundingBox()));
  assert.ok(time.x + time.width <= words.x + 4, 'the time lies beside the words');
  // Screen readers get name, time and words of each as a named article of the feed.
  for (const n of [1, 2, 3]) {
    const article = ada.page
      .getByRole('feed')
      .getByRole('article', { name: /^Ada .*\d+[:.]\d\d.* (one|two|three)$/ })
      .nth(n - 1);
    assert.equal(await article.getAttribute('data-seq'), String(n));
  }
  // By the keyboard: from the list to its last message, up and down.
  await ada.page.mouse.move(0, 0);
  await scroller(ada).focus();
  const focused = () => ada.page.evaluate(() => document.activeElement.dataset.seq);
  for (const [key, seq] of [['ArrowUp', '3'], ['ArrowUp', '2'], ['ArrowUp', '1'], ['ArrowDown', '2']]) {
    await ada.page.keyboard.press(key);
    assert.equal(await focused(), seq);
  }
  assert.equal(await opacity(2), '1');
  assert.equal(await opacity(3), '0');
});

scenario('on a touch screen a tap shows the time of a message', async (world) => {
  const ada = await world.person('Ada', { hasTouch: true, isMobile: true, viewport: { width: 390, height: 800 } });
  await world.room('Kitchen', [ada]);
  for (const text of ['one', 'two']) {
    await ada.says(text);
    await ada.reads(text);
  }
  const time = ada.page.locator('[data-seq="2"] time');
  assert.equal(await time.evaluate((one) => getComputedStyle(one).opacity), '0');
  await ada.page.locator('[data-seq="2"] .text').tap();
  assert.equal(await time.evaluate((one) => getComputedStyle(one).opacity), '1');
});

scenario('Hebrew and Arabic run from the right, and stacked marks cover no other message', async (world) => {
  const ada = await world.person('Ada');
  await world.room('Kitchen', [ada]);
  const tall = `Z${'\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308'.repeat(12)}algo`;
  const texts = [
    'שלום לכולם',
    'مرحبا بالجميع',
    'plain words',
    'English, then שלום',
    'שלום then English https://example.com/a',
    tall,
    'the next one',
  ];
  for (const text of texts) {
    await ada.says(text);
    await ada.page.locator(`[data-seq="${texts.indexOf(text) + 1}"]`).waitFor();
  }
  const text = (n) => ada.page.locator(`[data-seq="${n}"] .text`);
  const directions = await Promise.all(
    texts.map((_, index) => text(index + 1).evaluate((one) => getComputedStyle(one).direction)),
  );
  assert.deepEqual(directions, ['rtl', 'rtl', 'ltr', 'ltr', 'rtl', 'ltr', 'ltr']);
  assert.equal(await text(5).locator('a').evaluate((one) => getComputedStyle(one).direction), 'ltr');
  // The words begin at the right edge of their column.
  const gap = await text(1).evaluate((one) => {
    const range = document.createRange();
    range.selectNodeContents(one);
    return one.getBoundingClientRect().right - range.getBoundingClientRect().right;
  });
  assert.ok(gap < 12, `${gap} px from the right`);
  // Its neighbours look the same whether the tall one is there or not.
  await ada.page.mouse.move(0, 0);
  const neighbours = async () => [await text(5).screenshot(), await text(7).screenshot()];
  const shown = await neighbours();
  const marks = await text(6).evaluate((one) => {
    const clip = getComputedStyle(one).overflowY;
    one.style.visibility = 'hidden';
    return clip;
  });
  assert.equal(marks, 'clip');
  const hidden = await neighbours();
  shown.forEach((picture, index) => assert.ok(picture.equals(hidden[index]), `neighbour ${index} is covered`));
});

scenario(
  'five thousand messages at a hundred a second are all there, and the page answers meanwhile',
  async (world) => {
    const [ada, bob] = [await world.person('Ada'), await world.server.signUp('Bob')];
    const room = await world.room('Kitchen', [ada]);
    const socket = await world.server.socket(bob);
    await socket.emitWithAck('join-room', { roomId: room.id });
    await ada.page.evaluate(() => {
      globalThis.seen = new Set();
      globalThis.said = [];
      globalThis.most = 0;
      const feed = document.querySelector('.feed');
      new MutationObserver((records) => {
        for (const { addedNodes } of records) {
          for (const node of addedNodes) if (node.dataset?.seq) globalThis.seen.add(Number(node.dataset.seq));
        }
        globalThis.most = Math.max(globalThis.most, feed.querySelectorAll('.message').length);
      }).observe(feed, { childList: true });
      new MutationObserver(() => globalThis.said.push(performance.now())).observe(
        document.querySelector('[aria-live="polite"].hidden-visually'),
        { childList: true, characterData: true, subtree: true },
      );
    });
    const count = 5000;
    const begun = Date.now();
    const acknowledged = [];
    for (let n = 1; n <= count; n += 1) {
      const early = begun + n * 10 - Date.now();
      // The pace of those who write, not a wait for anything.
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      acknowledged.push(socket.emitWithAck('send-message', { roomId: room.id, content: `number ${n}` }));
    }
    await Promise.all(acknowledged);
    await ada.page.locator(`[data-seq="${count}"]`).waitFor();
    const { seen, most, said } = await ada.page.evaluate(() => ({
      seen: globalThis.seen.size,
      most: globalThis.most,
      said: globalThis.said,
    }));
    assert.equal(seen, count);
    assert.ok(most <= 300, `${most} messages in the page`);
    assert.ok(
      said.length >= 2 && said.every((at, index) => index === 0 || at - said[index - 1] > 3000),
      'announcements come one at a time',
    );
    socket.close();
  },
  { timeout: 150_000 },
);
