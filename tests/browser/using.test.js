/** Hurried use: one goes, writes, scrolls and turns the page while others write; nothing is lost, doubled or moved. */

import assert from 'node:assert/strict';
import { scenario, until } from './world.js';

const PHONE = { width: 700, height: 800 };
const DESK = { width: 1280, height: 800 };

/** The numbers of the messages in the page, from the top. @returns {Promise<number[]>} */
const numbers = (person) =>
  person.page.locator('.message[data-seq]').evaluateAll((all) => all.map((one) => Number(one.dataset.seq)));
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** The messages in the page follow each other, each once. */
async function isWhole(person) {
  const held = await numbers(person);
  assert.deepEqual(held, range(held[0], held.at(-1)));
}

/** A message, the first that begins in view where none is named, and how far below the upper edge of the list it is. */
const topmost = (person, seq) =>
  person.page.evaluate((seq) => {
    const edge = document.querySelector('.scroll').getBoundingClientRect().top;
    const all = [...document.querySelectorAll('.message[data-seq]')];
    const one = all.find((one) => (seq ? Number(one.dataset.seq) === seq : one.getBoundingClientRect().top >= edge));
    return { seq: Number(one.dataset.seq), top: Math.round(one.getBoundingClientRect().top - edge) };
  }, seq);

const isAtEnd = (person) =>
  person.page.evaluate(() => {
    const { scrollHeight, scrollTop, clientHeight } = document.querySelector('.scroll');
    return scrollHeight - scrollTop - clientHeight < 2;
  });

/** Scrolls up by so many pixels, and waits until the page has taken note of it. */
async function scrollsUp(person, pixels) {
  await person.page.evaluate(
    (by) =>
      new Promise((resolve) => {
        const scroller = document.querySelector('.scroll');
        scroller.addEventListener('scroll', () => requestAnimationFrame(resolve), { once: true });
        scroller.scrollTop -= by;
      }),
    pixels,
  );
  await person.button(/^Jump to the newest/).waitFor();
}

/**
 * Somebody who writes to all of the rooms in turn until stopped.
 * @returns {() => Promise<number[]>} ends it: how many are stored in each
 */
async function writer(world, grant, rooms) {
  const socket = await world.server.socket(grant);
  for (const { id: roomId } of rooms) await socket.emitWithAck('join-room', { roomId });
  const counts = rooms.map(() => 0);
  let over = false;
  const work = (async () => {
    for (let turn = 0; !over; turn = (turn + 1) % rooms.length) {
      const { id: roomId, name } = rooms[turn];
      const { message } = await socket.emitWithAck('send-message', { roomId, content: `${name} goes on` });
      counts[turn] = message.seq;
      // The pace of those who write, not a wait for anything.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    socket.close();
  })();
  work.catch(() => undefined);
  return async () => {
    over = true;
    await work;
    return counts;
  };
}

scenario('from room to room in a hurry while all of them grow: each shows its own, to the end', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.server.signUp('Bob')];
  const rooms = [];
  for (const name of ['Attic', 'Balcony', 'Cellar']) rooms.push(await world.room(name, [ada]));
  const stop = await writer(world, bob, rooms);
  for (let step = 0; step < 40; step += 1) {
    const { name } = rooms[(step * 2 + (step % 5 === 0 ? 1 : 0)) % rooms.length];
    // Not by the mouse of the tests, which waits until a row stands still.
    await ada.link(new RegExp(`^${name}`)).dispatchEvent('click');
    // At times long enough for the room to be drawn, at times not.
    if (step % 3 === 0) await ada.page.getByRole('heading', { name, level: 1 }).waitFor();
    if (step % 4 === 0) await ada.page.locator('.message[data-seq]').first().waitFor();
  }
  const counts = await stop();
  for (const [index, room] of rooms.entries()) {
    await ada.visits(room);
    const jump = ada.button(/^Jump to the newest/);
    await until(async () => {
      if (await jump.isVisible()) await jump.click({ timeout: 1000 }).catch(() => undefined);
      return (await numbers(ada)).at(-1) === counts[index];
    }, `the end of ${room.name}`);
    await isWhole(ada);
    assert.deepEqual([...new Set(await ada.messages())], [`${room.name} goes on`]);
    await ada.link(new RegExp(`^${room.name}`)).locator('.badge').waitFor({ state: 'detached' });
  }
}, { timeout: 120_000 });

scenario('who sends and is gone at once has sent it, to that room alone; both fields are empty', async (world) => {
  const ada = await world.person('Ada');
  const rooms = [await world.room('Attic', [ada]), await world.room('Balcony', [ada])];
  const sent = [[], []];
  for (let n = 0; n < 12; n += 1) {
    const [here, there] = n % 2 ? [1, 0] : [0, 1];
    const field = ada.page.getByRole('textbox', { name: `Write to ${rooms[here].name}` });
    await ada.link(new RegExp(`^${rooms[here].name}`)).click();
    await field.fill(`number ${n}`);
    sent[here].push(`number ${n}`);
    // Both in one turn of the page: nothing has been answered in between.
    await ada.page.evaluate((hash) => {
      document.querySelector('.composer').closest('form').requestSubmit();
      location.hash = hash;
    }, `#/rooms/${rooms[there].id}`);
  }
  for (const [index, room] of rooms.entries()) {
    await ada.visits(room);
    for (const text of sent[index]) await ada.reads(text);
    assert.deepEqual(await ada.messages(), sent[index]);
    assert.equal(await ada.page.getByRole('textbox', { name: `Write to ${room.name}` }).inputValue(), '');
  }
});

scenario('what one writes stays as it was typed while a room grows by hundreds', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.server.signUp('Bob')];
  const room = await world.room('Attic', [ada]);
  const stop = await writer(world, bob, [room]);
  const text = 'the quick brown fox jumps over the lazy dog, and back again';
  const field = ada.page.getByRole('textbox', { name: 'Write to Attic' });
  await field.pressSequentially(text);
  assert.equal(await field.inputValue(), text);
  await ada.page.keyboard.press('Control+Enter');
  await ada.reads(text);
  assert.equal(await field.inputValue(), '');
  const [count] = await stop();
  await until(async () => (await numbers(ada)).at(-1) >= count, 'the last message');
  await isWhole(ada);
  assert.ok(await isAtEnd(ada), 'the end stays in view');
});

scenario('far up nothing moves while thousands come, and one reads on to the end without a hole', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.server.signUp('Bob')];
  const room = await world.room('Attic', [ada]);
  await world.server.fill(bob, room.id, 500);
  await until(async () => (await numbers(ada)).at(-1) === 500, 'the end of the room');
  await scrollsUp(ada, 1500);
  const before = await topmost(ada);
  await ada.page.evaluate(() => {
    const scroller = document.querySelector('.scroll');
    const edge = scroller.getBoundingClientRect().top;
    const first = [...scroller.querySelectorAll('[data-seq]')].find((one) => one.getBoundingClientRect().top >= edge);
    globalThis.tops = new Set();
    globalThis.most = 0;
    const look = () => {
      globalThis.tops.add(Math.round(first.getBoundingClientRect().top - edge));
      globalThis.most = Math.max(globalThis.most, scroller.querySelectorAll('.message').length);
      globalThis.looking = requestAnimationFrame(look);
    };
    look();
  });
  await world.server.fill(bob, room.id, 2000, (n) => `later ${n}`);
  await ada.button('Jump to the newest (2,000)').waitFor();
  const { tops, most } = await ada.page.evaluate(() => {
    cancelAnimationFrame(globalThis.looking);
    return { tops: [...globalThis.tops], most: globalThis.most };
  });
  assert.deepEqual(tops, [before.top]);
  assert.ok(most <= 300, `${most} messages in the page`);
  assert.deepEqual(await topmost(ada), before);
  const passed = [];
  while (passed.at(-1) !== 2500) {
    const held = await numbers(ada);
    assert.ok(held.length <= 300, `${held.length} messages in the page`);
    passed.push(...held.filter((seq) => seq > (passed.at(-1) ?? held[0] - 1)));
    await ada.page.locator('.scroll').evaluate((scroller) => (scroller.scrollTop = scroller.scrollHeight));
    await until(async () => passed.at(-1) === 2500 || (await numbers(ada)).at(-1) > passed.at(-1), 'the next messages');
  }
  assert.deepEqual(passed, range(passed[0], 2500));
  await ada.button(/^Jump to the newest/).waitFor({ state: 'detached' });
  assert.ok(await isAtEnd(ada));
}, { timeout: 120_000 });

scenario('a message that comes while one scrolls up moves nothing, and is not read', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.server.signUp('Bob')];
  const room = await world.room('Attic', [ada]);
  const socket = await world.server.socket(bob);
  await socket.emitWithAck('join-room', { roomId: room.id });
  const say = (content) => socket.emitWithAck('send-message', { roomId: room.id, content });
  for (let n = 1; n <= 60; n += 1) await say(`number ${n}`);
  await ada.reads('number 60');
  for (let n = 1; n <= 5; n += 1) {
    await scrollsUp(ada, 400);
    const before = await topmost(ada);
    await say(`late ${n}`);
    await ada.button('Jump to the newest (1)').waitFor();
    assert.deepEqual(await topmost(ada), before);
    await ada.button('Jump to the newest (1)').click();
    await ada.button(/^Jump to the newest/).waitFor({ state: 'detached' });
    await ada.reads(`late ${n}`);
    assert.ok(await isAtEnd(ada));
  }
  socket.close();
});

scenario('a jump to the newest while an older page is on its way ends at the newest', async (world) => {
  const ada = await world.person('Ada');
  const room = await world.room('Attic', [ada]);
  await world.server.fill(ada.grant, room.id, 900);
  await ada.page.reload();
  await ada.reads('message 900');
  let release;
  const held = new Promise((resolve) => (release = resolve));
  let asked = 0;
  // Those of the room are let go of at its other end before long, so that the jump has to ask for them.
  while ((await numbers(ada)).at(-1) === 900) {
    const [first] = await numbers(ada);
    await ada.page.locator('.scroll').evaluate((scroller) => (scroller.scrollTop = 0));
    await until(async () => (await numbers(ada))[0] < first, 'older messages');
  }
  await ada.page.route(/\/messages\?.*before=/, async (route) => {
    asked += 1;
    await held;
    await route.continue();
  });
  await ada.page.locator('.scroll').evaluate((scroller) => (scroller.scrollTop = 0));
  await until(async () => asked > 0, 'the question for older messages');
  await ada.button(/^Jump to the newest/).click();
  await until(async () => (await numbers(ada)).at(-1) === 900, 'the newest');
  const answered = ada.page.waitForResponse(/\/messages\?.*before=/);
  release();
  await answered;
  await world.server.fill(ada.grant, room.id, 1, () => 'the last one');
  await ada.reads('the last one');
  await isWhole(ada);
  assert.equal((await numbers(ada)).at(-1), 901);
  assert.ok(await isAtEnd(ada));
});

scenario('who reads far up goes on reading there while the page becomes narrow, and wide again', async (world) => {
  const ada = await world.person('Ada');
  const room = await world.room('Attic', [ada]);
  const words = 'some words of a message that takes several lines on a narrow page. ';
  const long = (n) => `number ${n}: ${words.repeat(n % 5)}`;
  await world.server.fill(ada.grant, room.id, 200, long);
  await ada.page.reload();
  await ada.reads('number 200');
  const sidebar = ada.page.locator('.sidebar');
  const turn = async (size) => {
    await ada.page.setViewportSize(size);
    await until(async () => (await sidebar.isVisible()) === size.width >= 768, `the page of ${size.width} pixels`);
    await ada.page.evaluate(async () => {
      for (let n = 0; n < 3; n += 1) await new Promise(requestAnimationFrame);
    });
  };
  // At the end first: that is where it stays.
  for (const size of [PHONE, DESK]) {
    await turn(size);
    await until(() => isAtEnd(ada), `the end in view at ${size.width} pixels`);
  }
  await scrollsUp(ada, 3000);
  const others = [390, 767, 768].map((width) => ({ width, height: 800 }));
  for (const size of [PHONE, DESK, ...others, DESK]) {
    const { seq, top } = await topmost(ada);
    await turn(size);
    const now = await topmost(ada, seq);
    assert.ok(Math.abs(now.top - top) < 2, `message ${seq} moved by ${now.top - top} at ${size.width} pixels`);
  }
  // Beside another list the room stays as it is.
  const before = await topmost(ada);
  await ada.link(/^People/).click();
  await ada.page.getByText('Nobody else yet').waitFor();
  assert.deepEqual(await topmost(ada), before);
});

scenario('who loads the page anew far up finds what is new, and no more is read than was seen', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.server.signUp('Bob')];
  const room = await world.room('Attic', [ada]);
  await world.server.fill(bob, room.id, 300);
  await until(async () => (await numbers(ada)).at(-1) === 300, 'the end of the room');
  await scrollsUp(ada, 2000);
  await world.server.fill(bob, room.id, 120, (n) => `later ${n}`);
  await ada.button('Jump to the newest (120)').waitFor();
  for (let n = 0; n < 3; n += 1) {
    await ada.page.reload();
    await ada.page.locator('.new-line').waitFor();
    const line = ada.page.locator('.new-line');
    const first = await line.evaluate((one) => Number(one.nextElementSibling.dataset.seq));
    // What is in view after each time counts as seen, and what is not does not.
    assert.ok(n === 0 ? first === 301 : first > 301 && first < 400, `the line stands before ${first}`);
    await isWhole(ada);
    const before = first;
    const count = async () => Number(/\((\d+)\)/.exec(await ada.button(/^Jump to the newest/).textContent())[1]);
    await until(async () => (await count()) < 420 - before + 1, 'what is in view to be read');
    assert.ok((await count()) > 0);
  }
  await ada.button(/^Jump to the newest/).click();
  await ada.reads('later 120');
  await isWhole(ada);
});
