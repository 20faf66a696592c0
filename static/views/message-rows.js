/** Puts messages into rows: a line before each day and before what is new, a head before what one person wrote in a row. */

import { html } from '../vendor/preact.js';
import { dayName, sameDay } from './format.js';
import { messageRow } from './message.js';

/** @typedef {import('../protocol/types.js').Message} Message */
/** @typedef {{message: Message, previous: Message | undefined, isNew: boolean, nodes: unknown[]}} Row */

/** One who writes again within this stays in the same group. */
const GROUP_MS = 5 * 60_000;

export class MessageRows {
  /** @param {string} me the one who looks */
  constructor(me) {
    this.me = me;
    this.today = '';
    /** @type {Map<number, Row>} by number, as they were shown last */
    this.rows = new Map();
  }

  /**
   * A row that looks as it did is the same object as before, which Preact then passes over: one more message costs one
   * row, not all of them.
   * @param {Message[]} messages @param {number} line read up to here when the line "New" was drawn; -1 for none
   * @param {number} [now]
   */
  of(messages, line, now = Date.now()) {
    const today = new Date(now).toDateString();
    const known = today === this.today ? this.rows : new Map();
    this.today = today;
    this.rows = new Map();
    /** @type {unknown[]} */
    const nodes = [];
    messages.forEach((message, index) => {
      const previous = messages[index - 1];
      const isNew = this.beginsNew(previous, message, line);
      const before = known.get(message.seq);
      const same = before?.message === message && before.previous === previous && before.isNew === isNew;
      const row = same ? before : { message, previous, isNew, nodes: rowNodes(message, previous, isNew, now) };
      this.rows.set(message.seq, row);
      nodes.push(...row.nodes);
    });
    return nodes;
  }

  /** @param {Message | undefined} previous @param {Message} message @param {number} line */
  beginsNew(previous, message, line) {
    const follows = previous ? previous.seq <= line : line === 0 && message.seq === 1;
    return follows && message.seq > line && message.sender !== this.me;
  }
}

/** @param {Message} message @param {Message | undefined} previous @param {boolean} isNew @param {number} now */
function rowNodes(message, previous, isNew, now) {
  const { seq, timestamp } = message;
  const newDay = !previous || !sameDay(previous.timestamp, timestamp);
  return [
    newDay && html`<div class="day" key=${`day ${seq}`}>${dayName(timestamp, now)}</div>`,
    isNew && html`<div class="day new-line" key="new">New</div>`,
    messageRow(message, newDay || isNew || !together(previous, message)),
  ].filter(Boolean);
}

/** @param {Message} a @param {Message} b */
function together(a, b) {
  return a.sender === b.sender && a.senderName === b.senderName && Date.parse(b.timestamp) - Date.parse(a.timestamp) < GROUP_MS;
}
