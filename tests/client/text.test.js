/** Texts: links, addresses, words for what happens. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endWords, recordWords, ringOverWords, startWords } from '../../static/call/reasons.js';
import { parseRoute, roomHref, sectionHref } from '../../static/state/place.js';
import { fieldWords } from '../../static/state/words.js';
import { dateInWords, duration, initials, momentInWords, nameList } from '../../static/views/format.js';
import { pieces } from '../../static/views/links.js';

const links = (text) => pieces(text).filter((piece) => piece.href).map((piece) => piece.text);

test('addresses become links, without the punctuation around them', () => {
  assert.deepEqual(links('see https://example.com/a?b=c#d.'), ['https://example.com/a?b=c#d']);
  assert.deepEqual(links('(http://example.com), then <https://b.example>!'), [
    'http://example.com',
    'https://b.example',
  ]);
  assert.deepEqual(links('https://en.wikipedia.org/wiki/Can_(band)'), ['https://en.wikipedia.org/wiki/Can_(band)']);
});

test('nothing but http and https becomes a link', () => {
  for (const text of [
    'javascript:alert(1)',
    'data:text/html,x',
    'xhttps://a',
    'ftp://a.example',
    'https://',
    'file:///etc/passwd',
  ]) {
    assert.deepEqual(links(text), [], text);
  }
});

test('the pieces put together are the text', () => {
  for (const text of [
    '',
    'plain',
    'https://a.example',
    'a https://a.example b https://b.example.',
    'https://a.example/"onx=1',
  ]) {
    const together = pieces(text).map((piece) => piece.text);
    assert.equal(together.join(''), text);
  }
});

test('a moment stands in a sentence with as much of its day as is needed', () => {
  const on = (day, hour) => new Date(2026, 10, day, hour, 2).getTime();
  const words = (then) => momentInWords(then, on(25, 15));
  assert.match(words(on(25, 14)), /^at \d/);
  assert.match(words(on(24, 23)), /^yesterday at \d/);
  assert.match(words(on(3, 14)), /^on .*3.* at \d/);
});

test('a date in a sentence names its day, and its year where that is another', () => {
  const then = new Date(2026, 2, 3, 10, 42);
  const words = (now) => dateInWords(then.toISOString(), now.getTime());
  assert.match(words(new Date(2026, 2, 3, 11)), /^on [^2]*3[^2]* at \d/);
  assert.match(words(new Date(2027, 0, 1)), /^on .*3.*2026.* at \d/);
});

test('only what can be an id is a room in the address', () => {
  assert.equal(parseRoute(`#/rooms/${'a'.repeat(24)}`).roomId, 'a'.repeat(24));
  assert.equal(parseRoute('#/rooms/..%2F').roomId, null);
  assert.equal(parseRoute('').page, 'home');
  assert.equal(parseRoute('#/people').section, 'people');
});

test('the open room and the list beside it are apart in the address', () => {
  const roomId = 'a'.repeat(24);
  for (const section of ['rooms', 'people', 'calls']) {
    assert.deepEqual(parseRoute(sectionHref(section, roomId)), { page: 'home', section, roomId, code: '' });
    assert.deepEqual(parseRoute(sectionHref(section, null)), { page: 'home', section, roomId: null, code: '' });
  }
  assert.equal(roomHref(roomId), `#/rooms/${roomId}`);
  for (const hash of [`#/${roomId}`, `#/settings/${roomId}`, `#/login/${roomId}`, `#/elsewhere/${roomId}`]) {
    assert.equal(parseRoute(hash).roomId, null, hash);
  }
});

test('a link of an invitation or to a new password names its code, and nothing that is no code', () => {
  assert.deepEqual(parseRoute('#/invite/aZ0-_'), { page: 'invite', section: 'rooms', roomId: null, code: 'aZ0-_' });
  assert.equal(parseRoute('#/reset/abc').page, 'reset');
  for (const hash of ['#/invite', '#/invite/', '#/invite/a%2Fb', `#/invite/${'x'.repeat(129)}`]) {
    assert.equal(parseRoute(hash).code, '', hash);
  }
});

test('every reason of an end has words of its own', () => {
  const ends = ['hangup', 'timeout', 'cancelled', 'disconnected', 'rejected', 'unreachable', 'busy', 'offline'];
  const reasons = [...ends, 'answered-elsewhere', 'rejected-elsewhere'];
  for (const group of [true, false]) {
    const words = reasons.map((reason) => endWords(reason, { name: 'Bo', answered: true, group }));
    assert.equal(new Set(words).size, reasons.length);
  }
  assert.match(ringOverWords('answered-elsewhere', 'Bo'), /another device or in another tab/);
  assert.match(ringOverWords('cancelled', 'Bo'), /Missed call from Bo/);
  assert.match(startWords({ code: 'limit_reached', message: '' }, { name: 'x', group: true }), /full/);
});

test('the history tells missed from declined, and what was answered elsewhere from both', () => {
  const [me, other] = ['me', 'other'].map((id) => ({ _id: id, id, username: id }));
  const call = {
    id: '1',
    callType: 'video',
    status: 'ended',
    createdBy: other,
    participants: [other],
    invited: [me],
    createdAt: '',
  };
  for (const endReason of ['timeout', 'cancelled', 'offline', 'busy']) {
    assert.equal(recordWords({ ...call, endReason }, 'me').kind, 'missed');
  }
  assert.equal(recordWords({ ...call, endReason: 'rejected' }, 'me').kind, 'in');
  assert.equal(recordWords({ ...call, participants: [other, me], endReason: 'hangup' }, 'me').kind, 'in');
  assert.equal(recordWords({ ...call, createdBy: me, endReason: 'timeout' }, 'me').words, 'No answer');
});

test('errors of fields are sentences', () => {
  const error = { code: 'validation_failed', fields: [{ path: 'email', msg: 'must be an e-mail address' }] };
  assert.equal(fieldWords(error).email, 'Must be an e-mail address.');
  assert.match(fieldWords({ code: 'username_taken', fields: [] }).username, /taken/);
});

test('names and times are short', () => {
  assert.equal(duration(3_723_000), '1:02:03');
  assert.equal(duration(-5), '0:00');
  assert.equal(initials('ada.lovelace'), 'AL');
  assert.equal(initials('👩🏽‍🚀'), '👩🏽');
  assert.equal(initials('Z\u0351\u036b\u0343\u036aa\u0302\u036blgo'), 'Z');
  assert.equal(initials('\u202eעדה.כהן'), 'עכ');
  assert.equal(initials('\u0301\u202e'), '?');
  assert.equal(nameList(['A', 'B', 'C', 'D']), 'A, B and 2 others');
});
