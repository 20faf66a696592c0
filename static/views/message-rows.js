/**
 * Puts messages into rows: a line before each day and before what is new, a head before what one person wrote in a row.
 */

import { html } from '../vendor/preact.js';
import { callRow, woven } from './call-row.js';
import { dayName, sameDay } from './format.js';
import { messageRow } from './message.js';

/** @typedef {import('../protocol/types.js').Message} Message */
/** @typedef {import('../protocol/types.js').CallRecord} CallRecord */
/** @typedef {import('./call-row.js').CallsHere} CallsHere */
/** @typedef {import('./message.js').People} People */
/** @typedef {Message | CallRecord} Item */
/** @typedef {{item: Item, previous: Item | undefined, isNew: boolean, people: People, nodes: unknown[]}} Row */

/** One who writes again within this stays in the same group. */
const GROUP_MS = 5 * 60_000;

/** @param {Item} item @returns {item is CallRecord} */
const isCall = (item) => 'callType' in item;
/** @param {Item} item */
const timeOf = (item) => (isCall(item) ? item.createdAt : item.timestamp);

export class MessageRows {
  /** @param {string} me the one who looks */
  constructor(me) {
    this.me = me;
    /** @type {People} */
    this.people = { me, names: [] };
    this.today = '';
    /** @type {Map<number | string, Row>} by number, or by the id of a call, as they were shown last */
    this.rows = new Map();
  }

  /**
   * A row that looks as it did is the same object as before, which Preact then passes over: one more message costs one
   * row, not all of them.
   * @param {Message[]} messages @param {number} line read up to here when the line "New" was drawn; -1 for none
   * @param {object} [more]
   * @param {string[]} [more.names] of those who may be mentioned
   * @param {CallRecord[]} [more.calls] that are shown among the messages, oldest first
   * @param {CallsHere} [more.here]
   * @param {number} [more.now]
   */
  of(messages, line, { names = [], calls = [], here, now = Date.now() } = {}) {
    // Whose presence changed is called the same.
    if (names !== this.people.names && names.join() !== this.people.names.join()) this.people = { me: this.me, names };
    const { people } = this;
    const today = new Date(now).toDateString();
    const known = today === this.today ? this.rows : new Map();
    this.today = today;
    this.rows = new Map();
    /** @type {unknown[]} */
    const nodes = [];
    /** @type {Message | undefined} */
    let last;
    /** @type {Item | undefined} */
    let previous;
    for (const item of calls.length ? woven(messages, calls) : messages) {
      const isNew = !isCall(item) && this.beginsNew(last, item, line);
      const key = isCall(item) ? item.id : item.seq;
      const before = known.get(key);
      // Where nobody is named, it does not matter who is there.
      const samePeople = before?.people === people || isCall(item) || !item.content.includes('@');
      const same = before?.item === item && before.previous === previous && before.isNew === isNew && samePeople;
      const row = same
        ? before
        : { item, previous, isNew, people, nodes: rowNodes(item, previous, isNew, { people, here, now }) };
      this.rows.set(key, row);
      nodes.push(...row.nodes);
      previous = item;
      if (!isCall(item)) last = item;
    }
    return nodes;
  }

  /** @param {Message | undefined} previous @param {Message} message @param {number} line */
  beginsNew(previous, message, line) {
    const follows = previous ? previous.seq <= line : line === 0 && message.seq === 1;
    return follows && message.seq > line && message.sender !== this.me;
  }
}

/**
 * @param {Item} item
 * @param {Item | undefined} previous
 * @param {boolean} isNew
 * @param {{people: People, here?: CallsHere, now: number}} around
 */
function rowNodes(item, previous, isNew, { people, here, now }) {
  const time = timeOf(item);
  const newDay = !previous || !sameDay(timeOf(previous), time);
  const day = newDay && html`<div class="day" key=${`day ${item.id}`}>${dayName(time, now)}</div>`;
  if (isCall(item)) return [day, here && callRow(item, here)].filter(Boolean);
  return [
    day,
    isNew && html`<div class="day new-line" key="new">New</div>`,
    messageRow(item, newDay || isNew || !previous || isCall(previous) || !together(previous, item), people),
  ].filter(Boolean);
}

/** @param {Message} a @param {Message} b */
function together(a, b) {
  return (
    a.sender === b.sender &&
    a.senderName === b.senderName &&
    Date.parse(b.timestamp) - Date.parse(a.timestamp) < GROUP_MS
  );
}
