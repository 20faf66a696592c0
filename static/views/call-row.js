/** A call of two between their messages: how it went, when, and a way to ring again. */

import { duration, span, timeOfDay, wholeTime } from './format.js';
import { html } from '../vendor/preact.js';
import { icon } from './icons.js';

/** @typedef {import('../protocol/types.js').CallRecord} CallRecord */
/** @typedef {{kind: string, words: string}} Words as the history of calls has them */
/**
 * @typedef {{words: (call: CallRecord) => Words, again: (call: CallRecord) => void}} CallsHere what is said of each,
 *   and what rings again
 */

/** @param {CallRecord} call @param {CallsHere} here */
export function callRow(call, here) {
  const { id, createdAt } = call;
  const { kind, words } = here.words(call);
  const text = callWords(call, kind, words);
  return html`<article class=${`call-row ${kind}`} key=${`call ${id}`} aria-label=${`${text}, ${timeOfDay(createdAt)}`}>
    ${icon(kind === 'missed' ? 'missed' : kind === 'out' ? 'phoneOut' : 'phoneIn')}
    <span>${text}, <time datetime=${createdAt} title=${wholeTime(createdAt)}>${timeOfDay(createdAt)}</time></span>
    <button type="button" class="link-button" onClick=${() => here.again(call)}>Call again</button>
  </article>`;
}

/** @param {CallRecord} call @param {string} kind @param {string} words */
function callWords({ answeredAt, endedAt }, kind, words) {
  if (kind === 'missed') return words.replace(/^Missed/, 'Missed call');
  if (!answeredAt || !endedAt) return `Call: ${words.charAt(0).toLowerCase()}${words.slice(1)}`;
  const ms = Date.parse(endedAt) - Date.parse(answeredAt);
  return `Call, ${ms < 60_000 ? duration(ms) : span(ms / 1000)}`;
}

/**
 * Calls among messages, by their time; both are in order already.
 * @template M
 * @param {(M & {timestamp: string})[]} messages @param {CallRecord[]} calls
 * @returns {(M | CallRecord)[]}
 */
export function woven(messages, calls) {
  const all = [];
  let next = 0;
  for (const message of messages) {
    for (let call = calls[next]; call && call.createdAt < message.timestamp; call = calls[next]) {
      all.push(call);
      next += 1;
    }
    all.push(message);
  }
  return [...all, ...calls.slice(next)];
}
