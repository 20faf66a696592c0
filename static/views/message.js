/** One message: who wrote it and when, what it says; and those that the server does not have yet. */

import { isDirect } from '../state/kinds.js';
import { isNamed, mentionPlaces } from '../state/mentions.js';
import { html } from '../vendor/preact.js';
import { timeOfDay, wholeTime } from './format.js';
import { icon } from './icons.js';
import { pieces } from './links.js';
import { Avatar } from './parts.js';

/** @typedef {import('../protocol/types.js').Message} Message */
/** @typedef {import('../state/outbox.js').Waiting} Waiting */
/** @typedef {{me: string, names: string[]}} People who looks, and the names that may be mentioned, that one's first */

/**
 * The name is there for screen readers in every message and for eyes in the first of a group; the time is in view
 * there, and elsewhere while the message is pointed at or has the focus.
 * A name leads to the person's card: by a click, and for the keyboard by Enter at the message.
 * @param {Message} message @param {boolean} first of those that one person wrote in a row @param {People} people
 */
export function messageRow(message, first, people) {
  const { seq, sender, senderName, timestamp, content } = message;
  const isMeant = isNamed(message, people.me);
  return html`<article
    class=${`message ${first ? 'first' : ''} ${isMeant ? 'mentions-me' : ''}`}
    data-person=${sender}
    data-name=${senderName}
    key=${seq}
    data-seq=${seq}
    tabindex="-1"
    aria-labelledby=${`by-${seq} text-${seq}`}
  >
    ${first && html`<${Avatar} id=${sender} name=${senderName} />`}
    <p class="by" id=${`by-${seq}`}>
      ${first
        ? html`<button type="button" class="name" dir="auto" tabindex="-1" title=${`About ${senderName}`}>
            ${senderName}
          </button>`
        : html`<span class="name" dir="auto">${senderName}</span>`}
      ${isMeant && html`<span class="hidden-visually">names you</span>`}
      <time datetime=${timestamp} title=${wholeTime(timestamp)}>${timeOfDay(timestamp)}</time>
    </p>
    <${Text} id=${`text-${seq}`} text=${content} people=${people} />
  </article>`;
}

/** @param {{id?: string, text: string, people?: People}} props */
function Text({ id, text, people }) {
  return html`<p class="text" id=${id} dir="auto">
    ${pieces(text).map(({ text: words, href }) =>
      href
        ? html`<a href=${href} dir="ltr" target="_blank" rel="noopener noreferrer nofollow">${words}</a>`
        : people
          ? withMentions(words, people)
          : words,
    )}
  </p>`;
}

/** @param {string} words @param {People} people */
function withMentions(words, { names }) {
  if (!names.length || !words.includes('@')) return words;
  const nodes = [];
  let end = 0;
  for (const { from, to, name } of mentionPlaces(words, names)) {
    const mine = name === names[0] || name === 'all';
    nodes.push(
      words.slice(end, from),
      html`<span class=${`mention ${mine ? 'mine' : ''}`}>${words.slice(from, to)}</span>`,
    );
    end = to;
  }
  return nodes.length ? [...nodes, words.slice(end)] : words;
}

/**
 * What the server has not acknowledged yet.
 * @param {{chat: import('../state/chat.js').Chat, items: readonly Waiting[]}} props
 */
export function Unsent({ chat, items }) {
  return items.map(
    (item, index) =>
      html`<article class=${`message ${item.state} ${index === 0 ? 'first' : ''}`} key=${item.clientId}>
        ${index === 0 && html`<${Avatar} id=${chat.user.id} name=${chat.user.username} />`}
        <p class="by"><span class="name" dir="auto">${chat.user.username}</span></p>
        <${Text} text=${item.content} />
        ${item.state === 'failed'
          ? html`<p class="state" role="alert">
              ${icon('alert')}Not sent. ${item.problem}
              <button class="link-button" onClick=${() => chat.retry(item.clientId)}>Try again</button>
              <button class="link-button" onClick=${() => chat.discard(item.clientId)}>Discard</button>
            </p>`
          : html`<p class="state">
              ${icon('clock')}${chat.connection.status === 'online' ? 'Sending…' : 'Waits for the connection'}
            </p>`}
      </article>`,
  );
}

/** @param {{room: import('../protocol/types.js').Room, empty: boolean}} props */
export function Beginning({ room, empty }) {
  return html`<div class="beginning">
    <p class="title" dir="auto">${room.name}</p>
    <p dir="auto">
      ${room.description ||
      (isDirect(room)
        ? `What you and ${room.name} write to each other, nobody else sees.`
        : `This is where “${room.name}” begins.`)}
    </p>
    ${empty && html`<p>No messages yet. Say hello.</p>`}
  </div>`;
}
