/** Where one is, what of it is in view, and what a call makes way for. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LastRoom, Place, sectionHref } from '../../static/state/place.js';
import { id, storage } from './fakes.js';

const PHONE = { both: false, lists: false, beside: false, all: false };
const DESK = { both: true, lists: true, beside: true, all: true };

/** @param {string} hash @param {object} fits */
const placeAt = (hash, fits) =>
  Object.assign(new Place(hash), {
    fits,
    replaced: [],
    replace(next) {
      this.replaced.push(next);
    },
  });

/** What was kept of a user whose last room was this one. */
function keptRoom(roomId) {
  const shelf = storage();
  new LastRoom(shelf).note(roomId);
  return new LastRoom(shelf);
}

test('a room stays in view beside the people on a wide page, and has its place taken on a phone', () => {
  for (const [fits, people] of [[PHONE, null], [DESK, id(1)]]) {
    assert.equal(placeAt(sectionHref('people', id(1)), fits).roomInView, people);
    assert.equal(placeAt(sectionHref('rooms', id(1)), fits).roomInView, id(1));
    assert.equal(placeAt('#/settings', fits).roomInView, null);
  }
});

test('the last room is opened again in the place of the address, by whichever way its user comes', () => {
  for (const hash of ['', '#/', '#/rooms']) {
    const place = placeAt(hash, DESK);
    place.begin(keptRoom(id(1)));
    assert.deepEqual([place.roomInView, place.replaced], [id(1), [sectionHref('rooms', id(1))]]);
    place.go('#/rooms');
    assert.equal(place.roomInView, null, 'who leaves the room later leaves it');
  }
  const outside = placeAt('#/login', DESK);
  outside.begin(keptRoom(id(1)));
  assert.equal(outside.route.page, 'login');
  outside.go('#/rooms');
  assert.equal(outside.roomInView, id(1));
});

test('an address that names something, and a phone, are not led to the last room', () => {
  for (const hash of ['#/people', '#/settings', sectionHref('rooms', id(2))]) {
    const place = placeAt(hash, DESK);
    place.begin(keptRoom(id(1)));
    assert.deepEqual(place.replaced, [], hash);
  }
  const phone = placeAt('', PHONE);
  phone.begin(keptRoom(id(1)));
  assert.equal(phone.roomInView, null);
});

test('a call makes way for what cannot be seen beside it, and for nothing else', () => {
  const stays = (call, from, to, fits) => {
    const place = placeAt(from, fits);
    return place.showsBeside(place.go(to), call);
  };
  const [rooms, people, other] = [
    sectionHref('rooms', id(1)),
    sectionHref('people', id(1)),
    sectionHref('rooms', id(2)),
  ];
  const narrow = { ...DESK, all: false };
  assert.equal(stays('large', rooms, people, DESK), true);
  assert.equal(stays('large', rooms, people, PHONE), false);
  assert.equal(stays('large', rooms, other, DESK), false);
  assert.equal(stays('large', rooms, rooms, DESK), false);
  assert.equal(stays('large', rooms, '#/settings', DESK), false);
  assert.equal(stays('beside', rooms, other, narrow), true);
  assert.equal(stays('beside', rooms, people, DESK), true);
  // Room and call stand side by side there, and the lists have no space.
  assert.equal(stays('beside', rooms, people, narrow), false);
  assert.equal(stays('beside', rooms, '#/settings', DESK), false);
});
