/** Calls of two among their messages: in their place, and in words. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageRows } from '../../static/views/message-rows.js';
import { woven } from '../../static/views/call-row.js';
import { id, message } from './fakes.js';

const at = (seq, offset) => new Date(1_700_000_000_000 + seq * 1000 + offset).toISOString();
const call = (number, createdAt, more = {}) => ({
  id: id(number),
  callType: 'audio',
  status: 'ended',
  createdAt,
  ...more,
});

test('each call stands after what was said before it, the newest at the end', () => {
  const messages = [1, 2, 3].map((seq) => message(id(9), seq));
  const calls = [call(11, at(0, 0)), call(12, at(2, 1)), call(13, at(2, 2)), call(14, at(9, 0))];
  const order = woven(messages, calls).map((one) => one.seq ?? Number(one.id));
  assert.deepEqual(order, [11, 1, 2, 12, 13, 3, 14]);
  assert.deepEqual(woven([], calls), calls);
});

/** The text of what is drawn. */
const text = (node) => {
  if (Array.isArray(node)) return node.map(text).join('');
  if (node && typeof node === 'object') return text(node.props?.children);
  return typeof node === 'string' || typeof node === 'number' ? String(node) : '';
};

test('a call says how it went, and between two messages of one person it begins a new group', () => {
  const rows = new MessageRows(id(1));
  const messages = [message(id(9), 1), message(id(9), 2)];
  const here = {
    words: ({ endReason }) => (endReason ? { kind: 'missed', words: 'Missed' } : { kind: 'out', words: 'Outgoing' }),
    again: () => {},
  };
  const began = at(1, 1);
  const three = new Date(Date.parse(began) + 180_000).toISOString();
  const calls = [call(11, began, { endReason: 'timeout' }), call(12, at(1, 2), { answeredAt: began, endedAt: three })];
  const nodes = rows.of(messages, -1, { calls, here });
  const words = nodes.map(text).join('|');
  assert.match(words, /\|Bo[^|]*\|Missed call, [^|]*\|Call, 3 minutes, [^|]*\|Bo/);
  const heads = nodes
    .filter((node) => node.props.class?.startsWith('message'))
    .map((node) => node.props.class.includes('first'));
  assert.deepEqual(heads, [true, true]);
  // What looks as it did is the same object.
  assert.deepEqual(
    rows.of(messages, -1, { calls, here }).map((node, index) => node === nodes[index]),
    nodes.map(() => true),
  );
});
