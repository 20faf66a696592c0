/** Whom a message names, what a user wants to be told of, and which tab says it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageClaim } from '../../static/call/claim.js';
import {
  begunMention,
  completions,
  isMentioned,
  isNamed,
  mentionPlaces,
  mentionsIn,
} from '../../static/state/mentions.js';
import { Sounds } from '../../static/state/marks.js';
import { storage } from './fakes.js';

const found = (text, ...names) => [...mentionsIn(text, names)].sort();

test('a name after @ is a mention, in any case, at the beginning and after what is no letter, mark or digit', () => {
  assert.deepEqual(found('@ada hello', 'Ada'), ['Ada']);
  assert.deepEqual(found('hello (@ADA), and @Bob!', 'Ada', 'Bob'), ['Ada', 'Bob']);
  assert.deepEqual(found('one\n@ada', 'Ada'), ['Ada']);
  assert.deepEqual(found('_@ada @@bob', 'Ada', 'Bob'), ['Ada', 'Bob']);
  for (const text of ['ada', '@ ada', 'mail@ada', 'é@ada', 'e\u0301@ada', '7@ada', '٣@ada', '@bob']) {
    assert.deepEqual(found(text, 'Ada'), [], text);
  }
});

test('the longest name that fits is meant, and nothing that goes on as a word', () => {
  assert.deepEqual(found('@ann.lee: hi', 'Ann', 'Ann.Lee'), ['Ann.Lee']);
  assert.deepEqual(found('@ann.', 'Ann', 'Ann.Lee'), ['Ann']);
  assert.deepEqual(found('@ann.leeds', 'Ann', 'Ann.Lee'), ['Ann']);
  assert.deepEqual(found('@ann_', 'Ann'), ['Ann']);
  for (const text of ['@anna', '@ann1', '@ann\u0301', '@anné']) assert.deepEqual(found(text, 'Ann'), [], text);
});

test('names of any script are compared as the server does', () => {
  assert.deepEqual(found('@JOSE\u0301', 'José'), ['José']);
  assert.deepEqual(found('שלום @משה!', 'משה'), ['משה']);
  assert.deepEqual(found('@ΝΙΚΟΣ', 'Νικος'), ['Νικος']);
  assert.deepEqual(found('@İpek and @ada', 'İpek', 'Ada'), ['Ada', 'İpek']);
});

test('@all means everybody, in a large room only from who made it', () => {
  const message = (content, sender = 'bob') => ({ content, sender });
  const room = (participantCount) => ({ participantCount, createdBy: { id: 'maker' } });
  assert.equal(isMentioned(message('@All tea?'), 'Ada', room(100), []), true);
  assert.equal(isMentioned(message('@all tea?'), 'Ada', room(101), []), false);
  assert.equal(isMentioned(message('@all tea?', 'maker'), 'Ada', room(101), []), true);
  assert.equal(isMentioned(message('@allan tea?'), 'Ada', room(2), ['Allan', 'Ada']), false);
  assert.equal(isMentioned(message('@ada.b'), 'Ada', room(2), ['Ada.B']), false);
  assert.equal(isMentioned(message('@ada'), 'Ada', room(200), []), true);
});

test('each room is told of as it was chosen, in every tab, until it is forgotten', () => {
  const shelf = storage();
  const [here, there] = [new Sounds({ storage: shelf }), new Sounds({ storage: shelf })];
  const tells = () => [true, false].map((mentioned) => there.tellsOf('r', () => mentioned));
  assert.deepEqual([tells(), there.tellsOfCall('r')], [[true, true], true]);
  here.choose('r', 'mentions');
  assert.deepEqual([tells(), there.tellsOfCall('r')], [[true, false], true]);
  here.choose('r', 'nothing');
  assert.deepEqual([tells(), there.tellsOfCall('r'), there.tellsOfCall(undefined)], [[false, false], false, true]);
  assert.deepEqual([there.of('other'), there.tellsOfCall('other')], ['all', true]);
  here.forget('r');
  assert.deepEqual([tells(), shelf.names('')], [[true, true], []]);
});

test('which rooms are silent is read again once something was chosen, here or in another tab', () => {
  const shelf = storage();
  const [here, there] = [new Sounds({ storage: shelf }), new Sounds({ storage: shelf })];
  const silent = (sounds) => ['a', 'b'].map((room) => sounds.isSilent(room));
  assert.deepEqual([silent(here), silent(there)], [[false, false], [false, false]]);
  here.choose('a', 'nothing');
  here.choose('b', 'mentions');
  there.reload();
  assert.deepEqual([silent(here), silent(there)], [[true, false], [true, false]]);
  here.forget('a');
  assert.deepEqual(silent(here), [false, false]);
});

test('the sounds of messages and of rings are turned off and on apart', () => {
  const shelf = storage();
  const sounds = new Sounds({ storage: shelf });
  const on = () => [sounds.isOn('messages'), sounds.isOn('rings')];
  assert.deepEqual(on(), [true, true]);
  sounds.turn('messages', false);
  assert.deepEqual(on(), [false, true]);
  sounds.turn('rings', false);
  sounds.turn('messages', true);
  assert.deepEqual(on(), [true, false]);
  sounds.turn('rings', true);
  assert.deepEqual([on(), shelf.names('')], [[true, true], []]);
});

test('one tab sounds for a message, at most once a second, and none when it is looked at in another', async () => {
  const shelf = storage();
  let time = 1_000_000;
  let pass;
  const wait = () => new Promise((resolve) => (pass = resolve));
  const tab = (name, own = async () => undefined) =>
    new MessageClaim({ storage: shelf, tab: name, wait: own, now: () => time });
  const [a, b] = [tab('a'), tab('b')];
  assert.deepEqual(await Promise.all([a.claim('m1'), b.claim('m1')]), [true, false]);
  time += 999;
  assert.equal(await b.claim('m2'), false);
  time += 1;
  assert.deepEqual([await b.claim('m3'), await a.claim('m3')], [true, false]);
  time += 5_000;
  // It has not heard of it until now.
  assert.equal(await a.claim('m3'), false);
  a.quiet('m4');
  assert.equal(await b.claim('m4'), false);
  const slow = tab('c', wait).claim('m5');
  a.quiet('m5');
  pass();
  assert.equal(await slow, false);
  // The clock was put back.
  time = 5;
  assert.equal(await a.claim('m6'), true);
});

test('mentions are found in their places, and nowhere where folding moves letters', () => {
  const places = (text, ...names) => mentionPlaces(text, names).map(({ from, to }) => text.slice(from, to));
  assert.deepEqual(places('tea, @bob and (@ANN.LEE)?', 'Bob', 'Ann', 'Ann.Lee'), ['@bob', '@ANN.LEE']);
  assert.deepEqual(places('mail@bob @bobby', 'Bob'), []);
  assert.deepEqual(places('İ @bob', 'Bob'), []);
});

test('what is being written after an @ is completed, with whole names before parts of them', () => {
  assert.deepEqual(begunMention('tea, @b'), { from: 5, begun: 'b' });
  assert.deepEqual(begunMention('@'), { from: 0, begun: '' });
  for (const text of ['', 'tea', 'mail@b', '@bob ', '@bob\n', `@${'x'.repeat(31)}`]) {
    assert.equal(begunMention(text), null, text);
  }
  assert.deepEqual(completions('l', ['Anna.Lee', 'Lou', 'Bob'], 6), ['Lou', 'Anna.Lee']);
  assert.deepEqual(completions('A', ['Anna.Lee', 'Bob'], 6), ['all', 'Anna.Lee']);
  assert.deepEqual(completions('', ['Bob', 'Ann', 'Cyd'], 2), ['all', 'Ann']);
});

test('the server says whom a message names', () => {
  assert.equal(isNamed({ mentions: ['a', 'b'] }, 'b'), true);
  assert.equal(isNamed({ mentions: ['a'] }, 'b'), false);
  assert.equal(isNamed({ mentionsAll: true }, 'b'), true);
  assert.equal(isNamed({}, 'b'), false);
});
