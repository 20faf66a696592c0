/**
 * What one does in a room: ring its people, write into it by keyboard and by touch, change it, and choose what it tells
 * of.
 */

import assert from 'node:assert/strict';
import { scenario, until } from './world.js';

const writeTo = (person) => person.page.getByRole('textbox', { name: /^Write to/ });
const dialog = (person, name) => person.page.getByRole('dialog', { name });

/** Which devices a page asked for. */
const asked = (context) =>
  context.addInitScript(() => {
    globalThis.asked = [];
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (wanted) => {
      globalThis.asked.push(...Object.keys(wanted).filter((kind) => wanted[kind]));
      return open(wanted);
    };
  });

for (const [size, viewport] of Object.entries({
  desktop: { width: 1280, height: 800 },
  phone: { width: 390, height: 800 },
})) {
  scenario(`each button beside somebody in a room starts the call that it shows, at a ${size}`, async (world) => {
    const [ada, bob] = [await world.person('Ada', { viewport, init: asked }), await world.person('Bob')];
    await world.room('Kitchen', [ada, bob]);
    const people = ada.page.locator('.drawer');
    const devices = () => ada.page.evaluate(() => globalThis.asked.splice(0).sort());
    for (const [name, kinds] of [['Call Bob', ['audio']], ['Video call with Bob', ['audio', 'video']]]) {
      if (!(await people.isVisible())) await ada.button('People in this room').click();
      await people.getByRole('button', { name, exact: true }).click();
      await dialog(ada, 'Call Bob').waitFor();
      const found = [];
      await until(async () => found.push(...(await devices())) >= kinds.length, `the devices of “${name}”`);
      await dialog(ada, 'Call Bob').getByRole('button', { name: 'Call', exact: true }).click();
      const card = bob.page.getByRole('alertdialog');
      await card.getByText(kinds.includes('video') ? 'Video call' : 'Call', { exact: true }).waitFor();
      await card.getByRole('button', { name: 'Decline' }).click();
      await ada.hasNoCall();
      assert.deepEqual([...found, ...(await devices())].sort(), kinds, name);
    }
  });
}

scenario('Enter sends at a keyboard, and is a new line on a touch screen, where the button sends', async (world) => {
  const ada = await world.person('Ada');
  const bob = await world.person('Bob', { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true });
  await world.room('Kitchen', [ada, bob]);
  assert.equal(await writeTo(bob).getAttribute('enterkeyhint'), 'enter');
  assert.match(await bob.button('Send').getAttribute('title'), /Enter is a new line/);
  await writeTo(bob).tap();
  await bob.page.keyboard.type('one');
  await bob.page.keyboard.press('Enter');
  await bob.page.keyboard.type('two');
  assert.equal(await writeTo(bob).inputValue(), 'one\ntwo');
  await bob.button('Send').tap();
  await ada.reads('two');
  assert.deepEqual(await ada.messages(), ['one\ntwo']);
  // With a keyboard beside it.
  await bob.page.keyboard.type('three');
  await bob.page.keyboard.press('Control+Enter');
  await ada.reads('three');
  assert.equal(await writeTo(ada).getAttribute('enterkeyhint'), 'send');
  await writeTo(ada).focus();
  await ada.page.keyboard.type('four');
  await ada.page.keyboard.press('Shift+Enter');
  await ada.page.keyboard.type('five');
  await ada.page.keyboard.press('Enter');
  await bob.reads('five');
  assert.deepEqual(await bob.messages(), ['one\ntwo', 'three', 'four\nfive']);
});

scenario(
  'what is written from right to left stands so, in the field, in dialogs and in the list of people',
  async (world) => {
    const [ada, dan] = [await world.person('Ada'), await world.person('דניאל')];
    await world.room('Kitchen', [ada, dan]);
    const direction = (locator) => locator.evaluate((element) => getComputedStyle(element).direction);
    await writeTo(ada).fill('שלום');
    assert.equal(await direction(writeTo(ada)), 'rtl');
    await ada.chooses('Change description');
    const field = dialog(ada, 'Change description').getByRole('textbox');
    await field.fill('מטבח');
    assert.equal(await direction(field), 'rtl');
    await ada.page.keyboard.press('Escape');
    assert.equal(await direction(ada.page.locator('.drawer').getByText('דניאל')), 'rtl');
    await writeTo(dan).pressSequentially('x');
    const typing = ada.page.locator('.typing', { hasText: 'is writing' });
    await typing.waitFor();
    assert.equal(await direction(typing.locator('bdi')), 'rtl');
    assert.equal(await direction(typing), 'ltr');
  },
);

scenario('name and description are changed apart, and one change does not undo another', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  const room = await world.room('Kitchen', [ada, bob]);
  await ada.chooses('Change description');
  await dialog(ada, 'Change description').getByRole('textbox').fill('Where it smells good');
  // Meanwhile at another device.
  await world.server.ask('PATCH', `/api/rooms/${room.id}`, { token: ada.grant.token, body: { name: 'Galley' } });
  await bob.page.getByRole('heading', { name: 'Galley', level: 1 }).waitFor();
  await ada.button('Save').click();
  await bob.sees('Where it smells good');
  await ada.chooses('Change name');
  const name = dialog(ada, 'Change name');
  assert.equal(await name.getByRole('textbox').count(), 1);
  assert.equal(await name.getByLabel('Name').inputValue(), 'Galley');
  await name.getByLabel('Name').fill('Pantry');
  await ada.button('Save').click();
  await bob.page.getByRole('heading', { name: 'Pantry', level: 1 }).waitFor();
  await bob.page.locator('.room-head', { hasText: 'Where it smells good' }).waitFor();
});

scenario('a long name leaves the buttons beside it free, in a room and in the list of all people', async (world) => {
  const ada = await world.person('Ada', { viewport: { width: 320, height: 700 }, hasTouch: true, isMobile: true });
  const name = `Bob-${'long'.repeat(6)}`;
  await world.room('Kitchen', [ada, await world.person(name)]);
  const isFree = async (place, count) => {
    const row = ada.page.locator('.row', { hasText: name });
    await row.waitFor();
    const found = await row.evaluate(async (element) => {
      // While the drawer slides in, sizes are a fraction of a pixel off.
      const moving = document
        .getAnimations()
        .filter((animation) => animation.effect.getComputedTiming().endTime < Infinity);
      await Promise.all(moving.map((animation) => animation.finished));
      const end = element.querySelector('.title > *').getBoundingClientRect().right;
      const buttons = [...element.querySelectorAll('.actions button')].map((button) => button.getBoundingClientRect());
      return buttons.map(({ left, width, height }) => ({ free: left >= end, large: Math.min(width, height) >= 44 }));
    });
    assert.deepEqual(found, new Array(count).fill({ free: true, large: true }), place);
  };
  await ada.button('People in this room').click();
  await isFree('in the room', 2);
  await ada.page.goto(`${world.server.url}/#/people`);
  await isFree('in the list', 3);
});

/** Counts tones and notifications; the test says whether somebody looks at the page. */
const heard = (context) =>
  context.addInitScript(() => {
    globalThis.tones = [];
    globalThis.notes = [];
    globalThis.looksAway = false;
    const focused = document.hasFocus.bind(document);
    document.hasFocus = () => !globalThis.looksAway && focused();
    globalThis.Notification = class {
      static permission = 'granted';
      constructor(title, { body }) {
        globalThis.notes.push(`${title}: ${body}`);
      }
      close() {}
    };
    const Native = globalThis.AudioContext;
    globalThis.AudioContext = class extends Native {
      createOscillator() {
        const oscillator = super.createOscillator();
        // Its pitch is set after it was made.
        queueMicrotask(() => globalThis.tones.push(oscillator.frequency.value));
        return oscillator;
      }
    };
  });

const MESSAGE_HZ = 880;
const soundsOf = (person) =>
  person.page.evaluate((hz) => globalThis.tones.filter((one) => one === hz).length, MESSAGE_HZ);
const ringsOf = (person) =>
  person.page.evaluate((hz) => globalThis.tones.filter((one) => one !== hz).length, MESSAGE_HZ);

/** Sounds come at most once a second. */
const apart = (person) => person.page.waitForFunction(() => {
  const key = Object.keys(localStorage).find((name) => name.endsWith('.sounded'));
  return !key || Date.now() - JSON.parse(localStorage.getItem(key)).at > 1_000;
});

async function choose(person, label) {
  await person.chooses('Sounds and notifications');
  await person.page.getByRole('radio', { name: label }).check();
  await person.button('Save').click();
  await dialog(person, 'Sounds and notifications').waitFor({ state: 'detached' });
}

scenario('a room says all, mentions or nothing, with a sound for what is not looked at', async (world) => {
  const [ada, bob] = [await world.person('Ada', { init: heard }), await world.person('Bob')];
  const garden = await world.room('Garden', [ada]);
  const kitchen = await world.room('Kitchen', [ada, bob]);
  let sounds = 0;
  const says = async (text, sounding) => {
    await apart(ada);
    await bob.says(text);
    await ada.page.locator('.row', { hasText: text }).first().waitFor();
    if (sounding) sounds += 1;
    await until(async () => (await soundsOf(ada)) >= sounds, `the sound of “${text}”`);
  };
  const choosesIn = async (label) => {
    await ada.visits(kitchen);
    await choose(ada, label);
    await ada.visits(garden);
  };
  await says('looked at', false);
  await ada.visits(garden);
  await says('all, by default', true);
  await choosesIn('Only when I am mentioned');
  await says('not for ada.bell', false);
  await says('for you, @ada!', true);
  await says('@all: tea', true);
  await choosesIn('Nothing');
  await says('@ada in vain', false);
  await choosesIn('All messages');
  await says('all again', true);
  await ada.link('Settings').click();
  await ada.page.getByRole('checkbox', { name: 'For new messages' }).uncheck();
  await ada.visits(garden);
  await says('without a sound', false);
  await ada.link('Settings').click();
  await ada.page.getByRole('checkbox', { name: 'For new messages' }).check();
  await ada.visits(garden);
  await says('the last', true);
  // Whatever sounded where it should not have would have come before the last.
  assert.equal(await soundsOf(ada), sounds);
});

scenario('notifications of a room follow the same choice, and one tab of two sounds', async (world) => {
  const [ada, bob] = [await world.person('Ada', { init: heard }), await world.person('Bob')];
  const kitchen = await world.room('Kitchen', [ada, bob]);
  const garden = await world.room('Garden', [ada]);
  const notes = () => ada.page.evaluate(() => globalThis.notes);
  await ada.visits(kitchen);
  await choose(ada, 'Only when I am mentioned');
  await ada.visits(garden);
  const tab = await ada.tab(`#/rooms/${garden.id}`);
  await tab.page.getByRole('heading', { name: 'Garden' }).click();
  await tab.page.locator('.row', { hasText: 'Kitchen' }).waitFor();
  await until(() => tab.page.evaluate(() => navigator.userActivation.hasBeenActive), 'the first click');
  for (const { page } of [ada, tab]) await page.evaluate(() => (globalThis.looksAway = true));
  await bob.says('quietly');
  await bob.says('@Ada, come');
  await until(async () => (await notes()).length > 0, 'a notification');
  assert.deepEqual(await notes(), ['Bob in Kitchen: @Ada, come']);
  const both = async () => (await soundsOf(ada)) + (await soundsOf(tab));
  await until(async () => (await both()) > 0, 'the sound of a mention');
  await apart(ada);
  await bob.says('@Ada, again');
  await until(async () => (await both()) > 1, 'the second sound');
  assert.equal(await both(), 2);
  for (const person of [ada, tab]) {
    await until(async () => person.page.locator('.row', { hasText: 'again' }).isVisible(), 'the last message');
  }
});

scenario('a call in a room of which one wants to hear nothing is shown without a sound', async (world) => {
  const [ada, bob] = [await world.person('Ada', { init: heard }), await world.person('Bob')];
  const kitchen = await world.room('Kitchen', [ada, bob]);
  const card = ada.page.getByRole('alertdialog');
  const isRung = async () => {
    await bob.button('Call everybody here').click();
    await bob.page.getByRole('dialog').getByRole('button', { name: 'Call everybody here' }).click();
    await card.waitFor();
  };
  // It rings for as long as it may: whatever was to sound has sounded then.
  const ends = async () => {
    await card.waitFor({ state: 'detached' });
    await bob.hasNoCall();
  };
  await choose(ada, 'Nothing');
  await isRung();
  await ends();
  assert.equal(await ringsOf(ada), 0);
  await choose(ada, 'Only when I am mentioned');
  await isRung();
  await until(async () => (await ringsOf(ada)) > 0, 'the ring');
  await ends();
  await ada.link('Settings').click();
  await ada.page.getByRole('checkbox', { name: 'For incoming calls' }).uncheck();
  const before = await ringsOf(ada);
  await ada.visits(kitchen);
  await isRung();
  await ends();
  assert.equal(await ringsOf(ada), before);
}, { flags: ['--ring-timeout', '2s'] });

scenario('a room of which one wants to hear nothing bears a sign in the list, in every tab', async (world) => {
  const ada = await world.person('Ada');
  const kitchen = await world.room('Kitchen', [ada]);
  await world.room('Garden', [ada]);
  const tab = await ada.tab('#/rooms');
  const silent = (person) => person.link(/^Kitchen\s*without sounds/);
  const sign = async (person) => (await silent(person).waitFor(), silent(person).locator('.silent svg').waitFor());
  await tab.link(/^Kitchen/).waitFor();
  assert.equal(await ada.page.locator('.row .silent').count(), 0);
  await ada.visits(kitchen);
  await choose(ada, 'Nothing');
  await sign(ada);
  await sign(tab);
  await ada.page.reload();
  await sign(ada);
  assert.equal(await ada.page.locator('.row .silent').count(), 1);
  await choose(ada, 'All messages');
  for (const person of [ada, tab]) await silent(person).waitFor({ state: 'detached' });
});

scenario('what was chosen for a room goes with the room', async (world) => {
  const ada = await world.person('Ada');
  await world.room('Kitchen', [ada]);
  const kept = () =>
    ada.page.evaluate(() => Object.keys(localStorage).filter((name) => name.includes('.sounds.')).length);
  await choose(ada, 'Nothing');
  assert.equal(await kept(), 1);
  await ada.chooses('Delete room');
  await dialog(ada, /Delete/).getByRole('button', { name: 'Delete room' }).click();
  await until(async () => (await kept()) === 0, 'the end of the choice');
});
