/** The list of rooms: what was said last, how many are there, what is unread, where a call goes on. */

import { html, useState } from '../vendor/preact.js';
import { roomHref } from '../state/route.js';
import { callIcon } from './call-buttons.js';
import { plural, shortTime } from './format.js';
import { useNow } from './hooks.js';
import { icon } from './icons.js';
import { Avatar, Empty, Skeleton } from './parts.js';

/** @typedef {import('../state/chat.js').Chat} Chat */
/** @typedef {import('../protocol/types.js').Room} Room */

/** @param {{app: import('../app.js').App, chat: Chat, onCreate: () => void}} props */
export function RoomList({ app, chat, onCreate }) {
  const [words, setWords] = useState('');
  const now = useNow(60_000);
  const rooms = chat.rooms.list(words);
  return html`
    <div class="sidebar-tools">
      <div class="search">
        ${icon('search')}
        <input class="input" type="search" aria-label="Search rooms" placeholder="Search rooms" value=${words}
          onInput=${(/** @type {any} */ event) => setWords(event.target.value)} />
      </div>
    </div>
    <nav class="sidebar-list" aria-label="Rooms">
      ${!chat.rooms.loaded
        ? html`<${Skeleton} label="Loading rooms" rows="6" />`
        : rooms.length === 0
          ? html`<${NoRooms} words=${words} onCreate=${onCreate} />`
          : html`<ul>
              ${rooms.map(
                (room) => html`<li key=${room.id}>
                  <${RoomRow} room=${room} unread=${chat.marks.unread(room)} me=${chat.user.id} now=${now} current=${app.route.roomId === room.id} />
                </li>`,
              )}
            </ul>`}
    </nav>
  `;
}

/** @param {{words: string, onCreate: () => void}} props */
function NoRooms({ words, onCreate }) {
  if (words.trim()) {
    return html`<${Empty} picture="search" title="No such room"><p>No room has “${words.trim()}” in its name.</p><//>`;
  }
  return html`<${Empty} picture="rooms" title="No rooms yet">
    <p>A room is where your team writes and meets.</p>
    <button class="button primary" onClick=${onCreate}>Create the first one</button>
  <//>`;
}

/** @param {{room: Room, unread: number, me: string, now: number, current: boolean}} props */
function RoomRow({ room, unread, me, now, current }) {
  const last = room.lastMessage;
  const by = last && (last.sender === me ? 'You' : last.senderName);
  const online = room.onlineCount;
  return html`<a class=${`row ${unread ? 'unread' : ''}`} href=${roomHref(room.id)} aria-current=${current ? 'page' : undefined}>
    <${Avatar} id=${room.id} name=${room.name} />
    <span>
      <span class="title">
        <span>${room.name}</span>
        ${room.call && html`<span class="on-call">${callIcon(room.call.callType)}Call</span>`}
      </span>
      <span class="sub one-line">
        ${last ? `${by}: ${last.content.replaceAll('\n', ' ')}` : room.description || (room.joined ? 'No messages yet' : 'Open to anyone')}
      </span>
    </span>
    <span class="side">
      <span>${room.lastMessageAt ? shortTime(room.lastMessageAt, now) : ''}</span>
      ${unread > 0
        ? html`<span class="badge">${unread > 99 ? '99+' : unread}<span class="hidden-visually"> unread</span></span>`
        : online > 0
          ? html`<span title=${`${plural(online, 'person', 'people')} online`}>${online} online</span>`
          : null}
    </span>
  </a>`;
}
