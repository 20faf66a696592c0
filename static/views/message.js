/** One message: who wrote it and when, what it says; and those that the server does not have yet. */

import { html } from '../vendor/preact.js';
import { timeOfDay, wholeTime } from './format.js';
import { icon } from './icons.js';
import { pieces } from './links.js';
import { Avatar } from './parts.js';

/** @typedef {import('../protocol/types.js').Message} Message */
/** @typedef {import('../state/outbox.js').Waiting} Waiting */

/**
 * The name is there for screen readers in every message and for eyes in the first of a group; the time is in view there,
 * and elsewhere while the message is pointed at or has the focus.
 * @param {Message} message @param {boolean} first of those that one person wrote in a row
 */
export function messageRow({ seq, sender, senderName, timestamp, content }, first) {
  return html`<article class=${`message ${first ? 'first' : ''}`} key=${seq} data-seq=${seq} tabindex="-1" aria-labelledby=${`by-${seq} text-${seq}`}>
    ${first && html`<${Avatar} id=${sender} name=${senderName} />`}
    <p class="by" id=${`by-${seq}`}>
      <span class="name" dir="auto">${senderName}</span>
      <time datetime=${timestamp} title=${wholeTime(timestamp)}>${timeOfDay(timestamp)}</time>
    </p>
    <${Text} id=${`text-${seq}`} text=${content} />
  </article>`;
}

/** @param {{id?: string, text: string}} props */
function Text({ id, text }) {
  return html`<p class="text" id=${id} dir="auto">${pieces(text).map(({ text: words, href }) =>
    href ? html`<a href=${href} dir="ltr" target="_blank" rel="noopener noreferrer nofollow">${words}</a>` : words,
  )}</p>`;
}

/** What the server has not acknowledged yet. @param {{chat: import('../state/chat.js').Chat, items: readonly Waiting[]}} props */
export function Unsent({ chat, items }) {
  return items.map(
    (item, index) => html`<article class=${`message ${item.state} ${index === 0 ? 'first' : ''}`} key=${item.clientId}>
      ${index === 0 && html`<${Avatar} id=${chat.user.id} name=${chat.user.username} />`}
      <p class="by"><span class="name" dir="auto">${chat.user.username}</span></p>
      <${Text} text=${item.content} />
      ${item.state === 'failed'
        ? html`<p class="state" role="alert">
            ${icon('alert')}Not sent. ${item.problem}
            <button class="link-button" onClick=${() => chat.retry(item.clientId)}>Try again</button>
            <button class="link-button" onClick=${() => chat.discard(item.clientId)}>Discard</button>
          </p>`
        : html`<p class="state">${icon('clock')}${chat.connection.status === 'online' ? 'Sending…' : 'Waits for the connection'}</p>`}
    </article>`,
  );
}

/** @param {{room: import('../protocol/types.js').Room, empty: boolean}} props */
export function Beginning({ room, empty }) {
  return html`<div class="beginning">
    <p class="title" dir="auto">${room.name}</p>
    <p dir="auto">${room.description || `This is where “${room.name}” begins.`}</p>
    ${empty && html`<p>No messages yet. Say hello.</p>`}
  </div>`;
}
