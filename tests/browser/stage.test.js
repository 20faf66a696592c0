/**
 * The call in the page: large, beside the room, in a corner; what it covers, where the focus goes, what never lies over
 * a control.
 */

import assert from 'node:assert/strict';
import { scenario, until } from './world.js';

const SIZES = {
  desk: { width: 1280, height: 800 },
  tablet: { width: 768, height: 1024 },
  phone: { width: 390, height: 844 },
  small: { width: 320, height: 568 },
  sideways: { width: 844, height: 390 },
};

/** Ada and Bob in a call of their room, Ada's large. */
async function inRoomCall(world, { callType = 'video', ...options } = {}) {
  const [ada, bob] = [await world.person('Ada', options), await world.person('Bob')];
  const room = await world.room('Kitchen', [ada, bob]);
  await calls(ada, [bob], callType);
  return { ada, bob, room };
}

async function calls(person, others, callType = 'video') {
  await person.button(callType === 'video' ? 'Video call with everybody here' : 'Call everybody here').click();
  await person.page.getByRole('dialog').getByRole('button', { name: 'Call everybody here' }).click();
  for (const other of others) await other.accepts();
  for (const one of [person, ...others]) await one.page.locator('.tile[data-state=connected]').first().waitFor();
}

const place = (person) => person.page.locator('.shell').getAttribute('data-call');
const stands = (person, where) => until(async () => (await place(person)) === where, `the call ${where || 'gone'}`);

/** What has the focus: a class of it, or `body`. */
const focus = (person) =>
  person.page.evaluate(
    () =>
      document.activeElement
        ?.closest('.stage, .corner-call, .incoming, .composer, .drawer, .main, .sidebar, dialog')
        ?.className.split(' ')[0] ?? document.activeElement?.tagName,
  );
const focusIs = (person, where) => until(async () => (await focus(person)) === where, `focus in ${where}`);

/**
 * Which controls lie under these elements, by name. What is in a dialog in front of everything, or cannot be pressed
 * just now, does not count.
 */
const under = (person, selector) =>
  person.page.evaluate((selector) => {
    const boxes = [...document.querySelectorAll(selector)];
    const controls = [...document.querySelectorAll('button, a[href], input, textarea, select')].filter(
      (one) =>
        one.checkVisibility({ visibilityProperty: true }) &&
        !one.closest(selector) &&
        !one.closest('dialog:modal') &&
        !one.closest('.scroll') &&
        getComputedStyle(one).pointerEvents !== 'none',
    );
    const clipped = (control) => {
      // What is scrolled out of its list is not there to be pressed.
      const box = control.getBoundingClientRect();
      const list = control.closest('.sidebar-list, .page')?.getBoundingClientRect();
      if (!list) return box;
      const [top, bottom] = [Math.max(box.top, list.top), Math.min(box.bottom, list.bottom)];
      return new DOMRect(box.left, top, box.width, Math.max(0, bottom - top));
    };
    return boxes.flatMap((element) => {
      const a = element.getBoundingClientRect();
      return controls
        .filter((control) => {
          const b = clipped(control);
          return (
            Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5 &&
            Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.5
          );
        })
        .map((control) => control.getAttribute('aria-label') ?? control.textContent);
    });
  }, selector);

scenario(
  'a click on a room or on the settings during a large call is seen: the call goes to a corner, and comes back',
  async (world) => {
    const { ada, bob, room } = await inRoomCall(world);
    await world.server.ask('POST', '/api/rooms', { token: bob.grant.token, body: { name: 'Garden' } });
    await stands(ada, 'large');
    for (const [go, heading] of [
      [() => ada.link(/Garden/).click(), 'Garden'],
      [() => ada.link('Settings').click(), 'Settings'],
      [() => ada.link(/Kitchen/).click(), 'Kitchen'],
      // It is open already: the address does not change, and what was clicked is seen all the same.
      [() => ada.link(/Kitchen/).click(), 'Kitchen'],
    ]) {
      await go();
      await stands(ada, 'corner');
      await ada.page.getByRole('heading', { name: heading, level: 1 }).waitFor();
      assert.equal(await ada.page.locator('main').evaluate((main) => main.inert), false);
      await ada.page
        .getByRole('region', { name: 'Call' })
        .getByRole('button', { name: 'Back to the call: Kitchen' })
        .click();
      await stands(ada, 'large');
    }
    await ada.page.getByRole('button', { name: 'Make the call small' }).click();
    const corner = ada.page.getByRole('region', { name: 'Call', exact: true });
    await corner.locator('video').waitFor();
    await corner.getByRole('button', { name: 'Camera' }).click();
    await bob.tile('Ada').getByText('Camera off').waitFor();
    await corner.getByRole('button', { name: 'Microphone' }).click();
    await bob.tile('Ada').getByText('Microphone off').waitFor();
    await ada.visits(room);
    await ada.says('written meanwhile');
    await ada.reads('written meanwhile');
    await corner.getByRole('button', { name: 'Hang up' }).click();
    await bob.sees('Everybody else has left.');
  },
);

scenario(
  'the call in a corner is moved by hand and by keys, keeps its corner, and covers nothing one presses',
  async (world) => {
    const { ada } = await inRoomCall(world);
    await ada.button('Make the call small').click();
    const box = () => ada.page.locator('.corner-call').boundingBox();
    const at = async (vertical, horizontal) => {
      const { width, height } = ada.page.viewportSize();
      const b = await box();
      return (
        (b.y + b.height / 2 < height / 2 ? 'top' : 'bottom') === vertical &&
        (b.x + b.width / 2 < (width + (width > 767 ? 320 : 0)) / 2 ? 'left' : 'right') === horizontal
      );
    };
    await until(() => at('top', 'right'), 'the first place');
    const handle = ada.button(/^Move the call/);
    await handle.focus();
    await ada.page.keyboard.press('ArrowDown');
    await until(() => at('bottom', 'right'), 'bottom right by key');
    await ada.page.keyboard.press('ArrowLeft');
    await until(() => at('bottom', 'left'), 'bottom left by key');
    const from = await handle.boundingBox();
    await ada.page.mouse.move(from.x + 8, from.y + 8);
    await ada.page.mouse.down();
    await ada.page.mouse.move(900, 150, { steps: 4 });
    await ada.page.mouse.move(1200, 120, { steps: 4 });
    await ada.page.mouse.up();
    await until(() => at('top', 'right'), 'top right by hand');
    await handle.focus();
    for (const [size, viewport] of Object.entries(SIZES)) {
      await ada.page.setViewportSize(viewport);
      for (const key of ['ArrowUp', 'ArrowRight', 'ArrowDown', 'ArrowLeft']) {
        await ada.page.keyboard.press(key);
        await ada.page.evaluate(() =>
          Promise.all(
            document
              .querySelector('.corner-call')
              .getAnimations()
              .map((one) => one.finished.catch(() => undefined)),
          ),
        );
        await until(async () => {
          const b = await box();
          return (
            b.x >= 0 &&
            b.y >= 0 &&
            b.x + b.width <= viewport.width &&
            b.y + b.height <= viewport.height &&
            (await under(ada, '.corner-call')).length === 0
          );
        }, `a place inside of the page and over no control at ${size} after ${key}`);
      }
    }
    await ada.page.setViewportSize(SIZES.desk);
    await until(() => at('bottom', 'left'), 'the last place');
    await ada.page.reload();
    await ada.page.locator('.tile[data-state=connected]').waitFor();
    await ada.button('Make the call small').click();
    await until(() => at('bottom', 'left'), 'the same corner after a reload');
  },
);

scenario(
  'the chat stands beside the large call where there is room, and in its place where there is none',
  async (world) => {
    const { ada, bob } = await inRoomCall(world);
    const chat = ada.page.getByRole('toolbar').getByRole('button', { name: /^Chat/ });
    await bob.button('Make the call small').click();
    await bob.says('can you see this?');
    await ada.page.getByRole('button', { name: 'Chat, 1 unread' }).waitFor();
    await chat.click();
    await stands(ada, 'beside');
    const [stage, main] = [
      await ada.page.locator('.stage').boundingBox(),
      await ada.page.locator('main').boundingBox(),
    ];
    assert.ok(stage.x + stage.width <= main.x + 1, 'the room stands right of the stage');
    assert.ok(main.width >= 320 && main.width <= 420, `${main.width} px`);
    await ada.says('yes');
    await bob.reads('yes');
    await ada.button('Chat', { exact: true }).waitFor();
    // Too narrow for both: the call comes first, and the chat takes its place when asked for.
    await ada.page.setViewportSize(SIZES.phone);
    await stands(ada, 'large');
    await focusIs(ada, 'stage');
    await chat.click();
    await stands(ada, 'corner');
    await ada.reads('yes');
  },
);

scenario('what a large call covers is reached by no key and read to nobody', async (world) => {
  const { ada, bob } = await inRoomCall(world);
  const reached = async () => {
    const places = new Set();
    for (let step = 0; step < 30; step += 1) {
      await ada.page.keyboard.press('Tab');
      places.add(await focus(ada));
    }
    return places;
  };
  assert.ok(!(await reached()).has('main'));
  assert.ok(!(await reached()).has('composer'));
  assert.equal(await ada.page.getByRole('textbox', { name: 'Write to Kitchen' }).count(), 0);
  await ada.page.setViewportSize(SIZES.sideways);
  assert.equal(await ada.link(/Kitchen/).count(), 0, 'no list beside a call on a phone held sideways');
  const stage = await ada.page.locator('.stage').boundingBox();
  assert.equal(stage.width, SIZES.sideways.width);
  await bob.button('Hang up').click();
  await ada.page.getByRole('textbox', { name: 'Write to Kitchen' }).waitFor();
});

scenario(
  'the focus is where one works: in the stage as it opens, in the room as it shrinks or ends, at home after declining',
  async (world) => {
    const { ada, bob } = await inRoomCall(world, { callType: 'audio' });
    await focusIs(ada, 'stage');
    await ada.button('Make the call small').click();
    await focusIs(ada, 'composer');
    await ada.button('Back to the call: Kitchen').click();
    await focusIs(ada, 'stage');
    await ada.button('Hang up').click();
    await focusIs(ada, 'composer');
    await bob.hasNoCall();
    await focusIs(bob, 'composer');
    // From a list without a room, what began the call has it back.
    await ada.page.goto(`${world.server.url}/#/people`);
    await ada.rings('Bob', { video: false });
    await bob.button('Decline').click();
    await ada.hasNoCall();
    await focusIs(bob, 'composer');
    await until(async () => (await focus(ada)) !== 'BODY', 'focus somewhere');
  },
);

scenario(
  'the card of a call is the next thing for the keyboard, takes no focus, and is answered by keys that are shown',
  async (world) => {
    const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
    await world.room('Kitchen', [ada, bob]);
    const field = bob.page.getByRole('textbox', { name: 'Write to Kitchen' });
    await field.fill('half a sen');
    await ada.rings('Bob', { video: false });
    await bob.button('Accept', { exact: true }).waitFor();
    await bob.page.keyboard.type('tence');
    assert.equal(await field.inputValue(), 'half a sentence');
    await bob.page.keyboard.press('Tab');
    assert.equal(await focus(bob), 'incoming');
    const buttons = await bob.page.locator('.incoming button').count();
    for (let step = 0; step < buttons; step += 1) await bob.page.keyboard.press('Tab');
    await focusIs(bob, 'composer');
    await bob.sees('Alt+Shift+D');
    await bob.page.keyboard.press('Alt+Shift+D');
    await ada.sees('Bob declined.');
    await focusIs(bob, 'composer');
    assert.equal(await field.inputValue(), 'half a sentence');
    await ada.rings('Bob', { video: false });
    await bob.button('Accept', { exact: true }).waitFor();
    await bob.page.keyboard.press('Alt+Shift+A');
    await bob.page.locator('.tile[data-state=connected]').waitFor();
    // In the stage a letter is enough; in a field it is a letter.
    await focusIs(bob, 'stage');
    await bob.page.keyboard.press('m');
    await ada.tile('Bob').getByText('Microphone off').waitFor();
    await bob.page.keyboard.press('c');
    await stands(bob, 'beside');
    await field.focus();
    await bob.page.keyboard.type(' m');
    assert.equal(await field.inputValue(), 'half a sentence m');
    assert.equal(await bob.button('Microphone').getAttribute('aria-pressed'), 'false');
  },
);

for (const touch of [false, true]) {
  scenario(
    `no toast lies over a control, at any size, in any state, ${touch ? 'by finger' : 'by mouse'}`,
    async (world) => {
      const { ada, bob } = await inRoomCall(world, touch ? { hasTouch: true, isMobile: true } : {});
      const check = async (state) => {
        for (const [size, viewport] of Object.entries(SIZES)) {
          await ada.page.setViewportSize(viewport);
          await until(async () => (await ada.page.locator('.toast').count()) > 0, `a toast (${state}, ${size})`);
          await ada.page.evaluate(() =>
            Promise.all(
              document
                .getAnimations()
                .filter((one) => one.effect.getComputedTiming().iterations !== Infinity)
                .map((one) => one.finished.catch(() => undefined)),
            ),
          );
          await until(
            async () => (await under(ada, '.toast')).length === 0,
            `toasts beside all controls (${state}, ${size})`,
          );
        }
        await ada.page.setViewportSize(SIZES.desk);
      };
      // Held by the pointer's being over it, a toast stays as long as it is looked at here.
      const toast = async (act) => {
        await act();
        const one = ada.page.locator('.toast').first();
        await one.waitFor();
        await one.dispatchEvent('pointerenter');
      };
      await toast(async () => {
        await ada.button('Make the call small').click();
        await ada
          .button(/^(Call|Video call with) Bob$/)
          .or(ada.link(/^People/))
          .first()
          .click();
        await ada.button('Call Bob', { exact: true }).first().click();
        await ada.sees('You are in a call already.');
      });
      await stands(ada, 'large');
      await check('a large call');
      await ada.button('Make the call small').click();
      await check('the call in a corner');
      await ada.link(/^Rooms/).click();
      await ada.link(/Kitchen/).click();
      await check('a room, the call in a corner');
      await ada.button('Hang up').click();
      await bob.sees('Everybody else has left.');
      await bob.rings('Ada', { video: false });
      await ada.button('Accept', { exact: true }).waitFor();
      await check('a call that rings');
      // Behind a dialog a toast would be seen by nobody: it waits.
      await ada.button('New room').click();
      await ada.page.getByRole('dialog', { name: 'New room' }).waitFor();
      await bob.button('Hang up').click();
      await ada.button('Accept', { exact: true }).waitFor({ state: 'detached' });
      assert.equal(await ada.page.locator('.toast').count(), 0);
      await ada.page.keyboard.press('Escape');
      await ada.sees('Missed call from Bob.');
    },
    { timeout: 120_000 },
  );
}

scenario('a tile is kept large by its button, and a name stays beside any quality', async (world) => {
  const people = [];
  for (const name of ['Ada', 'Bartholomew.of.the.long.name', 'Cyd'])
    people.push(await world.person(name, { viewport: { width: 600, height: 600 } }));
  const [ada, bob] = people;
  await world.room('Kitchen', people);
  await calls(ada, people.slice(1));
  await until(async () => (await ada.page.locator('.tile[data-state=connected]').count()) === 2, 'both others');
  // The last row of three is one tile, in the middle.
  const middle = await ada.page.evaluate(() => {
    const [grid, last] = [document.querySelector('.tiles.grid'), [...document.querySelectorAll('.cell')].at(-1)].map(
      (one) => one.getBoundingClientRect(),
    );
    return Math.abs(grid.left + grid.width / 2 - (last.left + last.width / 2));
  });
  assert.ok(middle < 2, `${middle} px beside the middle`);
  // A picture that is taken out of the page, were it for a moment, begins anew.
  await ada.page.evaluate(() => {
    globalThis.takenOut = 0;
    const count = (records) =>
      (globalThis.takenOut += records
        .flatMap(({ removedNodes }) => [...removedNodes])
        .filter((one) => one.querySelector?.('video')).length);
    new MutationObserver(count).observe(document.querySelector('.tiles'), { childList: true, subtree: true });
  });
  const pin = ada.button('Keep Cyd’s picture large');
  await pin.focus();
  await ada.page.keyboard.press('Enter');
  await ada.page.locator('.spot .tile', { hasText: 'Cyd' }).waitFor();
  assert.equal(await pin.getAttribute('aria-pressed'), 'true');
  assert.equal(await pin.evaluate((button) => button === document.activeElement), true);
  // The large one stays in sight while the others are looked through.
  for (const viewport of [{ width: 1280, height: 400 }, SIZES.small]) {
    await ada.page.setViewportSize(viewport);
    const { spot, tiles, last } = await ada.page.evaluate(() => {
      const tiles = document.querySelector('.tiles');
      tiles.scrollTo(10_000, 10_000);
      const boxes = [
        tiles,
        document.querySelector('.spot'),
        [...tiles.querySelectorAll('.cell:not(.spot)')].at(-1),
      ].map((one) => one.getBoundingClientRect());
      const [place, spot, last] = boxes.map(({ left, top, right, bottom }) => ({ left, top, right, bottom }));
      return { tiles: place, spot, last };
    });
    const inside = (box) =>
      box.left >= tiles.left - 1 &&
      box.top >= tiles.top - 1 &&
      box.right <= tiles.right + 1 &&
      box.bottom <= tiles.bottom + 1;
    assert.ok(inside(spot) && inside(last), JSON.stringify({ viewport, tiles, spot, last }));
    assert.ok(
      (spot.right - spot.left) * (spot.bottom - spot.top) > 2 * (last.right - last.left) * (last.bottom - last.top),
    );
  }
  await ada.page.setViewportSize({ width: 600, height: 600 });
  await pin.press('Enter');
  await ada.page.locator('.spot').waitFor({ state: 'detached' });
  assert.equal(await ada.page.evaluate(() => globalThis.takenOut), 0);
  await ada.page.setViewportSize(SIZES.small);
  await ada.tile(bob.name).locator('.quality').waitFor();
  const { name, words } = await ada.tile(bob.name).evaluate((tile) => ({
    name: tile.querySelector('figcaption .one-line').clientWidth,
    words: tile.querySelector('.quality').title === tile.querySelector('.quality .hidden-visually').textContent,
  }));
  assert.ok(name > 50, `${name} px of the name`);
  assert.ok(words);
});

scenario('the picture of the other stands in a window of its own, and comes back', async (world) => {
  const { ada } = await inRoomCall(world);
  await ada.hearsAndSees();
  await ada.button('Picture in picture').click();
  await until(
    () => ada.page.evaluate(() => document.pictureInPictureElement?.getAttribute('aria-label') === 'Bob’s picture'),
    'a window with the picture',
  );
  assert.equal(await ada.button('Picture in picture').getAttribute('aria-pressed'), 'true');
  await ada.button('Picture in picture').click();
  await until(() => ada.page.evaluate(() => document.pictureInPictureElement === null), 'the picture back in the page');
  // The panel of devices closes at Escape, and what opened it has the focus.
  await ada.button('Devices').click();
  await ada.page.getByRole('combobox', { name: 'Camera' }).focus();
  await ada.page.keyboard.press('Escape');
  await ada.page.locator('.stage-devices').waitFor({ state: 'detached' });
  assert.equal(await ada.page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Devices');
});

scenario('all that is touched in a call is as large as a finger', async (world) => {
  const { ada, bob } = await inRoomCall(world, { hasTouch: true, isMobile: true });
  const small = (selector) =>
    ada.page.locator(selector).evaluate((part) =>
      [...part.querySelectorAll('button, select')]
        .filter((one) => one.checkVisibility({ visibilityProperty: true }))
        .map((one) => ({
          name: one.getAttribute('aria-label') ?? one.textContent ?? one.id,
          box: one.getBoundingClientRect(),
        }))
        .filter(({ box }) => box.width < 43.5 || box.height < 43.5)
        .map(({ name, box }) => `${name}: ${box.width} × ${box.height}`),
    );
  for (const [size, viewport] of Object.entries(SIZES)) {
    await ada.page.setViewportSize(viewport);
    await ada.button('Devices').click();
    await ada.page.locator('.stage-devices').waitFor();
    assert.deepEqual(await small('.stage'), [], `stage at ${size}`);
    await ada.button('Devices').click();
    const { right, width } = await ada.page
      .locator('.controls')
      .evaluate((row) => ({ right: row.lastElementChild.getBoundingClientRect().right, width: innerWidth }));
    assert.ok(right <= width, `all controls are in the page at ${size}`);
    await ada.button('Make the call small').click();
    assert.deepEqual(await small('.corner-call'), [], `corner at ${size}`);
    await ada.button(/^Back to the call/).click();
  }
  await ada.page.setViewportSize(SIZES.phone);
  await ada.button('Hang up').click();
  await bob.hasNoCall();
  await bob.rings('Ada');
  await ada.button('Accept', { exact: true }).waitFor();
  assert.deepEqual(await small('.incoming'), []);
  assert.equal(
    await ada.page.locator('.incoming kbd').first().isVisible(),
    false,
    'no keys where there is no keyboard',
  );
});

scenario('full screen keeps all that comes up in sight, and a trouble with a device is put aside', async (world) => {
  const { ada, bob } = await inRoomCall(world, {
    callType: 'audio',
    init: (context) =>
      context.addInitScript(() => {
        const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = (wanted) =>
          wanted.video ? Promise.reject(new DOMException('', 'NotReadableError')) : open(wanted);
      }),
  });
  await ada.button('Camera').click();
  await ada.sees('The camera is in use');
  await ada.page.locator('.media-problem').getByRole('button', { name: 'Dismiss' }).click();
  await ada.page.locator('.media-problem').waitFor({ state: 'detached' });
  await ada.page.setViewportSize(SIZES.small);
  await ada.button('Camera').click();
  await ada.sees('Another program may hold it.');
  const [problem, body] = await Promise.all(
    ['.media-problem', '.stage-body'].map((selector) => ada.page.locator(selector).boundingBox()),
  );
  assert.ok(problem.y + problem.height <= body.y + body.height, 'what helps is in sight, or can be scrolled to');
  await ada.page.setViewportSize(SIZES.desk);
  await ada.button('Full screen').click();
  await until(() => ada.page.evaluate(() => document.fullscreenElement === document.documentElement), 'full screen');
  await bob.button('Hang up').click();
  await ada.hasNoCall();
  await until(() => ada.page.evaluate(() => document.fullscreenElement === null), 'the page as before');
});

scenario('the level of the microphone is shown and the loudspeaker tried, before a call and in it', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  await ada.link(/^People/).click();
  await ada.button('Call Bob', { exact: true }).first().click();
  await ada.sees('Your microphone works.');
  await ada.button('Play a sound').click();
  await ada.button('Playing…').waitFor();
  await ada.button('Play a sound').waitFor();
  await ada.page.getByRole('dialog').getByRole('button', { name: 'Call', exact: true }).click();
  // One has the same colour everywhere: it is made of the id, not of the name.
  const colour = (selector) =>
    ada.page
      .locator(selector)
      .first()
      .evaluate((one) => [...one.classList].find((name) => name.startsWith('hue-')));
  await ada.page.locator('.ringing .avatar').first().waitFor();
  assert.equal(await colour('.pulse .avatar'), await colour('.sidebar-list .row .avatar'));
  await bob.accepts();
  await ada.button('Devices').click();
  await ada.page.locator('.stage-devices').getByText('Your microphone works.').waitFor();
  await ada.page.locator('.stage-devices').getByRole('button', { name: 'Play a sound' }).waitFor();
});
