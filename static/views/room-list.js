/** The list of rooms: what was said last, how many are there, what is unread, where a call goes on. */

import { Component, html, useState } from '../vendor/preact.js';
import { roomHref } from '../state/route.js';
import { callIcon } from './call-buttons.js';
import { plural, shortTime } from './format.js';
import { useNow } from './hooks.js';
import { Avatar, Badge, Empty, SearchField, Skeleton } from './parts.js';

/** @typedef {import('../state/chat.js').Chat} Chat */
/** @typedef {import('../protocol/types.js').Room} Room */

/** @param {{app: import('../app.js').App, chat: Chat, alone: boolean, onCreate: () => void}} props with `alone`, it is the main part of the page, as on phones */
export function RoomList({ app, chat, alone, onCreate }) {
  const [words, setWords] = useState('');
  const now = useNow(60_000);
  const { mine, others } = chat.rooms.list(words);
  const common = { chat, now, current: app.route.roomId, level: alone ? 'h2' : 'h3' };
  return html`
    <div class="sidebar-tools"><${SearchField} label="Search rooms" value=${words} onInput=${setWords} /></div>
    <nav class="sidebar-list" aria-label="Rooms">
      ${!chat.rooms.loaded
        ? html`<${Skeleton} label="Loading rooms" rows="6" />`
        : mine.length + others.length === 0 && html`<${NoRooms} words=${words} onCreate=${onCreate} />`}
      <${Group} id="your-rooms" title="Your rooms" rooms=${mine} ...${common} />
      <${Group} id="other-rooms" title="Other rooms" rooms=${others} ...${common} />
    </nav>
  `;
}

/** @param {{id: string, title: string, level: string, rooms: Room[], chat: Chat, now: number, current: string | null}} props */
function Group({ id, title, level, rooms, chat, now, current }) {
  if (!rooms.length) return null;
  return html`
    <${level} class="list-title" id=${id}>${title}<//>
    <ul class="rooms" aria-labelledby=${id}>
      ${rooms.map(
        (room) => html`<${RoomRow} key=${room.id} room=${room} unread=${chat.marks.unread(room)} me=${chat.user.id} now=${now} current=${room.id === current} />`,
      )}
    </ul>
  `;
}

/** @param {{words: string, onCreate: () => void}} props */
function NoRooms({ words, onCreate }) {
  if (words.trim()) {
    return html`<${Empty} picture="search" title="No such room"><p>No room has “<bdi>${words.trim()}</bdi>” in its name or description.</p><//>`;
  }
  return html`<${Empty} picture="rooms" title="No rooms yet">
    <p>A room is where your team writes and meets.</p>
    <button class="button primary" onClick=${onCreate}>Create the first one</button>
  <//>`;
}

/** @typedef {{room: Room, unread: number, me: string, now: number, current: boolean}} RowProps */

/** @param {RowProps} props */
const timeLabel = ({ room, now }) => (room.lastMessageAt ? shortTime(room.lastMessageAt, now) : '');

/** A row is drawn again only when something in it changed: of a thousand rooms few have news. */
class RoomRow extends Component {
  /** @param {RowProps} next */
  shouldComponentUpdate(next) {
    const { props } = this;
    const same = next.room === props.room && next.unread === props.unread && next.current === props.current;
    return !same || (next.now !== props.now && timeLabel(next) !== timeLabel(props));
  }

  render() {
    const { room, unread, me, current } = this.props;
    return html`<li>
      <a class=${`row ${unread ? 'unread' : ''}`} href=${roomHref(room.id)} aria-current=${current ? 'page' : undefined}>
        <${Avatar} id=${room.id} name=${room.name} />
        <span>
          <span class="title">
            <span dir="auto">${room.name}</span>
            ${room.call && html`<span class="on-call">${callIcon(room.call.callType)}Call</span>`}
          </span>
          <span class="sub one-line">${preview(room, me)}</span>
        </span>
        <span class="side">
          <span>${timeLabel(this.props)}</span>
          ${unread > 0 ? html`<${Badge} count=${unread} what="unread" />` : html`<${Online} count=${room.onlineCount} />`}
        </span>
      </a>
    </li>`;
  }
}

/** What was said last, else what the room is for. @param {Room} room @param {string} me */
function preview(room, me) {
  const last = room.lastMessage;
  if (last) return html`<bdi>${last.sender === me ? 'You' : last.senderName}</bdi>: <bdi>${last.content.replaceAll('\n', ' ')}</bdi>`;
  return room.description ? html`<bdi>${room.description}</bdi>` : room.joined ? 'No messages yet' : 'Open to anyone';
}

/** @param {{count: number}} props */
const Online = ({ count }) => count > 0 && html`<span title=${`${plural(count, 'person', 'people')} online`}>${count} online</span>`;
