/** What this browser keeps of a user, and when it goes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Belongings, dropLeftovers } from '../../static/state/storage.js';
import { Marks } from '../../static/state/marks.js';
import { Outbox } from '../../static/state/outbox.js';
import { id, storage } from './fakes.js';

/** Tabs of one browser, in which the same user is logged in. */
function browserWith(tabs, userId = id(1)) {
  const shelf = storage();
  const open = () => {
    const tabStorage = storage();
    return { tabStorage, belongings: new Belongings({ storage: shelf, tabStorage, userId }) };
  };
  return { shelf, tabs: Array.from({ length: tabs }, open) };
}

test('a log-out removes everything of the user and nothing of the device, in the other tab too', () => {
  const { shelf, tabs } = browserWith(2);
  const other = new Belongings({ storage: shelf, tabStorage: storage(), userId: id(2) });
  shelf.write('theme', 'dark');
  other.ofBrowser.write('draft.x', 'of somebody else');
  for (const { belongings } of tabs) {
    belongings.ofTab.write('call', { callId: 'c' });
    belongings.ofBrowser.write('draft.x', 'half a thought');
  }
  const [here, there] = tabs;
  here.belongings.remove();
  // Too late: the other tab has not heard of it yet.
  there.belongings.ofBrowser.write('draft.y', 'typed meanwhile');
  there.belongings.sessionOver();
  there.belongings.ofBrowser.write('draft.z', 'by a timer');
  assert.deepEqual(shelf.names('').sort(), ['theme', `user.${id(2)}.draft.x`, `user.${id(2)}.here`]);
  for (const { tabStorage } of tabs) assert.deepEqual(tabStorage.names(''), []);
});

test('a session that ran out keeps what was written, but not what the rooms said', () => {
  const { shelf, tabs } = browserWith(1);
  const [{ belongings }] = tabs;
  belongings.ofBrowser.write('draft.x', 'half a thought');
  belongings.ofBrowser.write('known', { rooms: [] });
  belongings.ofBrowser.write(`known.${id(9)}`, []);
  belongings.sessionOver();
  const again = new Belongings({ storage: shelf, tabStorage: storage(), userId: id(1) });
  assert.equal(again.ofBrowser.read('draft.x'), 'half a thought');
  assert.deepEqual(again.ofBrowser.names('known'), []);
});

test('a tab that is restored after a log-out forgets what it kept', () => {
  const { shelf, tabs } = browserWith(1);
  const [{ belongings }] = tabs;
  const restored = storage();
  restored.of(id(1)).write('call', { name: 'Bo' });
  dropLeftovers(shelf, restored);
  assert.deepEqual(restored.users(), [id(1)]);
  belongings.remove();
  dropLeftovers(shelf, restored);
  assert.deepEqual(restored.names(''), []);
});

test('what an older version kept is found again, and only by its user', () => {
  const shelf = storage();
  const item = { clientId: 'c1', roomId: id(9), content: 'hello', at: 1, order: 0, state: 'waiting' };
  shelf.write(`read.${id(1)}`, { [id(9)]: 4 });
  shelf.write(`draft.${id(1)}.${id(9)}`, 'half a thought');
  shelf.write(`outbox.${id(1)}.c1`, item);
  shelf.write(`callsSeen.${id(1)}`, id(5));
  const other = new Belongings({ storage: shelf, tabStorage: storage(), userId: id(2) });
  assert.deepEqual(other.ofBrowser.names(''), ['here']);
  const { ofBrowser } = new Belongings({ storage: shelf, tabStorage: storage(), userId: id(1) });
  const marks = new Marks({ storage: ofBrowser });
  assert.equal(marks.read[id(9)], 4);
  assert.equal(marks.draft(id(9)), 'half a thought');
  assert.equal(marks.drafts(), 1);
  assert.deepEqual([...new Outbox({ storage: ofBrowser }).items.values()], [item]);
  assert.equal(ofBrowser.read('callsSeen'), id(5));
  assert.deepEqual(shelf.names('').filter((name) => !name.startsWith('user.')), []);
});
