/** The list of rooms: what was said last, how many are there, what is unread, where a call goes on. */

import { Component, html, useEffect, useRef, useState } from '../vendor/preact.js';
import { isDirect, otherOf } from '../state/kinds.js';
import { roomHref } from '../state/place.js';
import { plural, shortTime } from './format.js';
import { useNow } from './hooks.js';
import { callIcon, icon } from './icons.js';
import { Avatar, Badge, Empty, Lock, SearchField, Skeleton } from './parts.js';

/** @typedef {import('../state/chat.js').Chat} Chat */
/** @typedef {import('../protocol/types.js').Room} Room */

/** So many rooms of a group are shown at first, and so many more each time that one scrolls to the end of these. */
const STEP = 100;
/** Where more rows than these changed at once, as after a loss of the connection, each may be moved. */
const MOST_MOVED = 50;

/**
 * @param {{app: import('../app.js').App, chat: Chat, alone: boolean, onCreate: () => void}} props with `alone`, it is
 *   the main part of the page, as on phones
 */
export function RoomList({ app, chat, alone, onCreate }) {
  const [words, setWords] = useState('');
  const now = useNow(60_000);
  const { direct, mine, others } = chat.rooms.list(words);
  const common = { chat, now, current: app.route.roomId, level: alone ? 'h2' : 'h3' };
  return html`
    <div class="sidebar-tools">
      <${SearchField} label="Search rooms" value=${words} onInput=${setWords} />
      ${chat.unread > 0 &&
      html`<button class="button ghost icon-only" aria-label="Mark all rooms as read" title="Mark all as read"
        onClick=${() => chat.markAllRead()}>${icon('checkAll')}</button>`}
    </div>
    <nav class="sidebar-list" aria-label="Rooms">
      ${!chat.rooms.loaded
        ? html`<${Skeleton} label="Loading rooms" rows="6" />`
        : direct.length + mine.length + others.length === 0 && html`<${NoRooms} words=${words} onCreate=${onCreate} />`}
      <${Group} id="direct-rooms" title="Direct messages" rooms=${direct} ...${common} />
      <${Group} id="your-rooms" title="Your rooms" rooms=${mine} ...${common} />
      <${Group} id="other-rooms" title="Other rooms" rooms=${others} ...${common} />
    </nav>
  `;
}

/** @typedef {{rooms: Room[], chat: Chat, now: number, current: string | null}} Shown `current`: the room in view */
/** @typedef {Shown & {id: string, title: string, level: string}} GroupProps */

/** Rooms under a heading. @extends {Component<GroupProps, {most: number}>} */
class Group extends Component {
  /** @param {GroupProps} props */
  constructor(props) {
    super(props);
    this.state = { most: STEP };
    this.rows = new RoomRows(props.chat);
    /** @type {HTMLElement | null} */
    this.list = null;
    /** @type {(element: HTMLElement | null) => void} */
    this.takeList = (element) => (this.list = element);
  }

  /** Before the page changes. @returns {Element | null} what has the focus: an element that is moved loses it */
  getSnapshotBeforeUpdate() {
    const { list } = this;
    if (!list) return null;
    const { activeElement } = document;
    this.rows.move(list);
    return list.contains(activeElement) ? activeElement : null;
  }

  /** @param {GroupProps} _props @param {object} _state @param {Element | null} focused */
  componentDidUpdate(_props, _state, focused) {
    const isLost = document.activeElement === document.body;
    if (isLost && focused instanceof HTMLElement && focused.isConnected) focused.focus({ preventScroll: true });
  }

  render() {
    const { id, title, level, rooms, now, current } = this.props;
    const { most } = this.state;
    const nodes = this.rows.of(rooms.slice(0, most), now, current);
    if (!rooms.length) return null;
    const more = () => this.setState({ most: most + STEP });
    return html`
      <${level} class="list-title" id=${id}>${title}<//>
      <ul class="rooms" aria-labelledby=${id} ref=${this.takeList}>${nodes}</ul>
      ${rooms.length > most && html`<${More} key=${most} title=${title} onReach=${more} />`}
    `;
  }
}

/**
 * The rooms that follow are shown when one has scrolled there; for the keyboard it is a button.
 * @param {{title: string, onReach: () => void}} props
 */
function More({ title, onReach }) {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && onReach());
    if (ref.current) observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  const label = `Show more: ${title}`;
  return html`<button ref=${ref} class="button ghost wide" aria-label=${label} onClick=${onReach}>Show more</button>`;
}

/** @param {{words: string, onCreate: () => void}} props */
function NoRooms({ words, onCreate }) {
  if (words.trim()) {
    return html`<${Empty} picture="search" title="No such room">
      <p>No room has “<bdi>${words.trim()}</bdi>” in its name or description.</p>
    <//>`;
  }
  return html`<${Empty} picture="rooms" title="No rooms yet">
    <p>A room is where your team writes and meets.</p>
    <button class="button primary" onClick=${onCreate}>Create the first one</button>
  <//>`;
}

/**
 * @typedef {{
 *   room: Room, unread: number, mentions: number, silent: boolean, online: boolean, time: string, current: boolean,
 *   me: string
 * }} Looks
 */
/** @typedef {{looks: Looks, now: number, node: unknown}} Row with what it shows */

/**
 * Rows that look as they did are the same objects as before, which Preact then passes over: of a thousand rooms few
 * have news.
 */
class RoomRows {
  /** @param {Chat} chat */
  constructor(chat) {
    this.chat = chat;
    /** @type {Map<string, Row>} by room, in their order, as they are shown */
    this.rows = new Map();
    /** @type {string[]} the rooms of the time before, in their order */
    this.order = [];
    /** @type {Set<string>} of these, those whose rows have changed since */
    this.changed = new Set();
  }

  /** @param {Room[]} rooms @param {number} now @param {string | null} current the room in view */
  of(rooms, now, current) {
    const before = this.rows;
    this.order = [...before.keys()];
    this.changed = new Set();
    this.rows = new Map();
    return rooms.map((room) => {
      const known = before.get(room.id);
      const row = this.row(room, now, room.id === current, known);
      if (known && known !== row) this.changed.add(room.id);
      this.rows.set(room.id, row);
      return row.node;
    });
  }

  /** @param {Room} room @param {number} now @param {boolean} current @param {Row | undefined} before @returns {Row} */
  row(room, now, current, before) {
    const { marks, rooms, sounds, user } = this.chat;
    const [unread, silent, looks] = [marks.unread(room), sounds.isSilent(room.id), before?.looks];
    const mentions = marks.mentions(room);
    const marked =
      looks?.unread === unread && looks.mentions === mentions && looks.silent === silent && looks.current === current;
    const same = marked && looks.room === room;
    if (before && same && before.now === now) return before;
    const time = room.lastMessageAt ? shortTime(room.lastMessageAt, now) : '';
    if (before && same && before.looks.time === time) return { ...before, now };
    const online = isDirect(room) && rooms.otherIsOnline(room);
    const fresh = { room, unread, mentions, silent, online, time, current, me: user.id };
    return { looks: fresh, now, node: html`<${RoomRow} key=${room.id} ...${fresh} />` };
  }

  /**
   * Puts elements of rooms that changed where they are to stand now. Preact alone would leave one that moves up where
   * it is, and move all that it passes.
   * @param {Element} list with an element for each room of the time before
   */
  move(list) {
    const { order, changed } = this;
    if (changed.size === 0 || changed.size > MOST_MOVED) return;
    const wanted = [...this.rows.keys()];
    if (wanted.every((id, index) => id === order[index])) return;
    const elements = new Map(order.map((id, index) => [id, list.children[index]]));
    /** @type {Element | null} */
    let next = null;
    for (const id of wanted.reverse()) {
      const element = elements.get(id);
      if (!element) continue;
      if (changed.has(id) && element.nextElementSibling !== next) list.insertBefore(element, next);
      next = element;
    }
  }
}

/** @param {Looks} props */
function RoomRow({ room, unread, mentions, silent, online, time, current, me }) {
  // Of two, the other is what one sees.
  const { id = room.id } = otherOf(room, me) ?? {};
  return html`<li>
    <a class=${`row ${unread ? 'unread' : ''}`} href=${roomHref(room.id)} aria-current=${current ? 'page' : undefined}>
      <${Avatar} id=${id} name=${room.name} online=${online} />
      <span>
        <span class="title">
          <span dir="auto">${room.name}</span>
          ${room.kind === 'private' && html`<${Lock} />`}
          ${online && html`<span class="hidden-visually">online</span>`}
          ${silent && html`<${Silent} />`}
          ${room.call && html`<span class="on-call">${callIcon(room.call.callType)}Call</span>`}
        </span>
        <span class="sub">${preview(room, me)}</span>
      </span>
      <span class="side">
        <span>${time}</span>
        ${unread > 0
          ? html`<span class="badges">
              ${mentions > 0 &&
              html`<${Badge} count=${mentions} what=${mentions === 1 ? 'names you' : 'name you'} mention />`}
              <${Badge} count=${unread} what="unread" />
            </span>`
          : !isDirect(room) && html`<${Online} count=${room.onlineCount} />`}
      </span>
    </a>
  </li>`;
}

/**
 * What was said last, else what the room is for: each in the direction of its own writing, and cut where that ends.
 * @param {Room} room @param {string} me
 */
function preview(room, me) {
  const last = room.lastMessage;
  const about = room.description || (room.joined ? 'No messages yet' : 'Open to anyone');
  const by = last && (last.sender === me ? 'You' : isDirect(room) ? '' : last.senderName);
  return html`
    ${by && html`<span class="by"><bdi>${by}</bdi>: </span>`}
    <span class="one-line" dir="auto">${last ? last.content.replaceAll('\n', ' ') : about}</span>
  `;
}

const Silent = () => html`<span class="silent" title="Without sounds">
  ${icon('bellOff')}<span class="hidden-visually">without sounds</span>
</span>`;

/** @param {{count: number}} props */
const Online = ({ count }) =>
  count > 0 && html`<span title=${`${plural(count, 'person', 'people')} online`}>${count} online</span>`;
