/** The frame of the client: dialogs, menus, lists and pages at the sizes of a phone and of a desk, by finger and by keyboard. */

import assert from 'node:assert/strict';
import { scenario, until } from './world.js';

const SIZES = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 800 } };

/** What has the focus, by its name. */
const focused = (person) =>
  person.page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return 'nothing';
    return element.getAttribute('aria-label') || element.labels?.[0]?.textContent.trim() || element.textContent.trim();
  });

const hasFocus = (person, name) => until(async () => (await focused(person)) === name, `focus on “${name}”`);

/** A dialog is there, can be seen whole, and what lies on top of its middle is itself. Then it is closed by Escape. */
async function isInFront(person, title) {
  const dialog = person.page.getByRole('dialog', { name: title });
  await dialog.waitFor();
  const found = await dialog.evaluate((element) => {
    const box = element.getBoundingClientRect();
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + 8);
    return { inside: box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight, top: element.contains(top) };
  });
  assert.deepEqual(found, { inside: true, top: true }, title);
}

async function closes(person, title) {
  await person.page.keyboard.press('Escape');
  await person.page.getByRole('dialog', { name: title }).waitFor({ state: 'detached' });
}

for (const [size, viewport] of Object.entries(SIZES)) {
  scenario(`every dialog opens in front of everything, with the focus where one goes on, at a ${size}`, async (world) => {
    const [ada, bob] = [await world.person('Ada', { viewport }), await world.person('Bob')];
    const room = await world.room('Kitchen', [ada, bob]);
    const link = async (name) => {
      if (size === 'phone') await ada.page.goto(`${world.server.url}/#/rooms`);
      await ada.link(name).click();
    };
    const opens = async (open, title, focus, opener) => {
      await open.click();
      await isInFront(ada, title);
      await hasFocus(ada, focus);
      await closes(ada, title);
      await hasFocus(ada, opener);
    };
    await ada.page.goto(`${world.server.url}/#/rooms`);
    await opens(ada.button('New room'), 'New room', 'Name', 'New room');
    await link(/^People/);
    for (const name of ['Call Bob', 'Video call with Bob']) await opens(ada.button(name, { exact: true }), 'Call Bob', 'Call', name);
    await ada.rings('Bob', { video: false });
    await bob.button('Decline').click();
    await ada.sees('Bob declined.');
    await link(/^Calls/);
    await opens(ada.button('Call Bob back'), 'Call Bob', 'Call', 'Call Bob back');
    await ada.visits(room);
    const head = (name) => ada.button(name, { exact: true });
    await opens(head('Call everybody here'), 'Call Kitchen', 'Call everybody here', 'Call everybody here');
    await opens(head('Video call with everybody here'), 'Call Kitchen', 'Call everybody here', 'Video call with everybody here');
  });
}
