/** What is unread in a room, counted on between two answers of the server. */

import { MOST_COUNTED } from './marks.js';

/** @typedef {import('../protocol/types.js').Room} Room */

/**
 * Once a message has come.
 * @param {import('../protocol/types.js').Message} message
 * @param {Room} room
 * @param {string} me
 * @returns {Partial<Room>}
 */
export function countedWith(message, { readSeq, unread = 0, mentions = 0 }, me) {
  if (readSeq === undefined) return {};
  if (message.sender === me) return { readSeq: message.seq, unread: 0, mentions: 0 };
  const isNamed = message.mentionsAll || message.mentions?.includes(me);
  return {
    unread: Math.min(unread + 1, MOST_COUNTED),
    mentions: Math.min(mentions + Number(isNamed ?? false), MOST_COUNTED),
  };
}

/**
 * Once it was read up to `seq`: no more than stands behind that.
 * @param {number} seq
 * @param {Room} room
 * @returns {Partial<Room>}
 */
export function countedFrom(seq, { readSeq, unread = 0, mentions = 0, lastSeq }) {
  if (readSeq === undefined || seq <= readSeq) return {};
  const left = Math.max(0, lastSeq - seq);
  return { readSeq: seq, unread: Math.min(unread, left), mentions: Math.min(mentions, left) };
}
