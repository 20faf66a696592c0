/** The messages of a room: grouped by day and sender, at the newest unless one scrolled away, older ones as one goes up. */

import { Component, html } from '../vendor/preact.js';
import { dayName, sameDay, timeOfDay, wholeTime } from './format.js';
import { icon } from './icons.js';
import { pieces } from './links.js';
import { Avatar, Notice, Spinner } from './parts.js';

/** @typedef {import('../state/chat.js').Chat} Chat */
/** @typedef {import('../protocol/types.js').Room} Room */
/** @typedef {import('../protocol/types.js').Message} Message */
/** @typedef {import('../state/outbox.js').Waiting} Waiting */

/** So close to an edge counts as being there. */
const NEAR_END_PX = 80;
const NEAR_START_PX = 600;
/** One who writes again within this stays in the same group. */
const GROUP_MS = 5 * 60_000;

/** @typedef {{first: Message, messages: Message[], key: number}} Group */

/** @extends {Component<{chat: Chat, room: Room}, {away: number}>} */
export class Messages extends Component {
  /** @param {{chat: Chat, room: Room}} props */
  constructor(props) {
    super(props);
    /** `away`: the newest number when one left the end; 0 while one is there. */
    this.state = { away: 0 };
    /** @type {HTMLElement | null} */
    this.scroller = null;
    this.atEnd = true;
    this.before = { oldest: 0, height: 0, top: 0 };
    /** Read up to here when the room was opened: the line before what is new. */
    this.readAtStart = props.chat.marks.read[props.room.id] ?? 0;
    /** @type {Map<number, Group>} */
    this.groups = new Map();
    this.onScroll = this.onScroll.bind(this);
    this.onLook = this.onLook.bind(this);
  }

  componentDidMount() {
    document.addEventListener('visibilitychange', this.onLook);
    addEventListener('focus', this.onLook);
    this.resizes = new ResizeObserver(() => this.settle());
    if (this.scroller) {
      this.resizes.observe(this.scroller);
      if (this.scroller.firstElementChild) this.resizes.observe(this.scroller.firstElementChild);
    }
    this.settle();
  }

  componentWillUnmount() {
    document.removeEventListener('visibilitychange', this.onLook);
    removeEventListener('focus', this.onLook);
    this.resizes?.disconnect();
    this.props.chat.watch(false);
  }

  componentDidUpdate() {
    this.settle();
  }

  get timeline() {
    return this.props.chat.history.of(this.props.room.id);
  }

  /** Keeps the place: at the end where one was there, else what one looks at does not move when older ones come. */
  settle() {
    const { scroller, timeline } = this;
    if (!scroller || !timeline) return;
    const oldest = timeline.oldest;
    if (this.atEnd) {
      scroller.scrollTop = scroller.scrollHeight;
    } else if (this.before.oldest && oldest < this.before.oldest) {
      scroller.scrollTop = this.before.top + scroller.scrollHeight - this.before.height;
    }
    this.remember();
    this.onLook();
    this.wantOlder();
  }

  remember() {
    const { scroller } = this;
    if (!scroller) return;
    this.before = { oldest: this.timeline?.oldest ?? 0, height: scroller.scrollHeight, top: scroller.scrollTop };
  }

  onScroll() {
    const { scroller } = this;
    if (!scroller) return;
    const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END_PX;
    if (atEnd !== this.atEnd) {
      this.atEnd = atEnd;
      this.setState({ away: atEnd ? 0 : (this.timeline?.newest ?? 0) });
      this.onLook();
    }
    this.remember();
    this.wantOlder();
  }

  wantOlder() {
    const { scroller, timeline, props } = this;
    if (!scroller || !timeline?.loaded || timeline.complete || props.chat.history.problems.has(props.room.id)) return;
    if (scroller.scrollTop < NEAR_START_PX) void props.chat.history.older(props.room.id);
  }

  /** Somebody looks at the end of the room, or no longer does. */
  onLook() {
    const seen = this.atEnd && document.visibilityState === 'visible' && document.hasFocus();
    this.props.chat.watch(seen && Boolean(this.timeline?.loaded));
  }

  toEnd() {
    this.atEnd = true;
    this.setState({ away: 0 });
    this.settle();
    this.scroller?.focus();
  }

  render() {
    const { chat, room } = this.props;
    const { timeline } = this;
    const waiting = chat.outbox.of(room.id);
    const problem = chat.history.problems.get(room.id);
    const fresh = this.state.away && timeline ? timeline.newest - this.state.away : 0;
    const retry = () => void (timeline?.loaded ? chat.history.older(room.id) : chat.history.open(room.id));
    return html`
      <div class="scroll" ref=${(/** @type {HTMLElement} */ element) => (this.scroller = element)} onScroll=${this.onScroll}
        tabindex="0" role="region" aria-label=${`Messages in ${room.name}`}>
        <div class="messages">
          ${problem && html`<${Notice}>${problem} <button class="link-button" onClick=${retry}>Try again</button><//>`}
          ${timeline?.complete
            ? html`<${Beginning} room=${room} empty=${!timeline.messages.length && !waiting.length} />`
            : !problem && html`<div class="loading-older"><${Spinner} label="Loading messages" /></div>`}
          ${this.list(timeline?.messages ?? [])}
          ${waiting.length > 0 && html`<${Unsent} chat=${chat} items=${waiting} />`}
        </div>
      </div>
      <${Announcer} chat=${chat} newest=${timeline?.messages.at(-1)} />
      ${!this.atEnd &&
      html`<div class="to-newest-place">
        <button class=${`button to-newest ${fresh > 0 ? 'primary' : 'plain'}`} onClick=${() => this.toEnd()}>
          ${icon('arrowDown')}${fresh > 0 ? `${fresh} new ${fresh === 1 ? 'message' : 'messages'}` : 'Newest'}
        </button>
      </div>`}
    `;
  }

  /** @param {Message[]} messages */
  list(messages) {
    const { chat } = this.props;
    const now = Date.now();
    const today = new Date(now).toDateString();
    const line = this.readAtStart;
    /** @type {unknown[]} */
    const rows = [];
    /** @type {Map<number, Group>} */
    const groups = new Map();
    let index = 0;
    while (index < messages.length) {
      const first = /** @type {Message} */ (messages[index]);
      const previous = messages[index - 1];
      if (!previous || !sameDay(previous.timestamp, first.timestamp)) {
        rows.push(html`<div class="day" key=${`day ${first.seq}`} data-today=${today}>${dayName(first.timestamp, now)}</div>`);
      }
      if (previous && previous.seq === line && first.sender !== chat.user.id) {
        rows.push(html`<div class="day new-line" key="new">New</div>`);
      }
      let end = index + 1;
      while (end < messages.length && together(messages[end - 1], messages[end], line)) end += 1;
      rows.push(this.group(first, messages, index, end, groups));
      index = end;
    }
    this.groups = groups;
    return rows;
  }

  /**
   * A group that holds the same messages as before is the same object, and is not looked at again.
   * @param {Message} first @param {Message[]} messages @param {number} from @param {number} to @param {Map<number, Group>} groups
   */
  group(first, messages, from, to, groups) {
    const known = this.groups.get(first.seq);
    const same = known?.first === first && known.messages.length === to - from && known.messages.at(-1) === messages[to - 1];
    const group = known && same ? known : { first, messages: messages.slice(from, to), key: first.seq };
    groups.set(first.seq, group);
    return html`<${GroupView} key=${group.key} group=${group} />`;
  }
}

/** @param {Message | undefined} a @param {Message | undefined} b @param {number} line */
function together(a, b, line) {
  if (!a || !b || a.sender !== b.sender || a.seq === line) return false;
  return sameDay(a.timestamp, b.timestamp) && Date.parse(b.timestamp) - Date.parse(a.timestamp) < GROUP_MS;
}

/** @extends {Component<{group: Group}>} */
class GroupView extends Component {
  /** @param {{group: Group}} next */
  shouldComponentUpdate(next) {
    return next.group !== this.props.group;
  }

  render() {
    const { first, messages } = this.props.group;
    return html`<article class="group">
      <${Avatar} id=${first.sender} name=${first.senderName} />
      <div>
        <p class="by">
          <span class="name">${first.senderName}</span>
          <time datetime=${first.timestamp} title=${wholeTime(first.timestamp)}>${timeOfDay(first.timestamp)}</time>
        </p>
        ${messages.map((message) => html`<div class="message" key=${message.seq} data-seq=${message.seq}><${Text} text=${message.content} /></div>`)}
      </div>
    </article>`;
  }
}

/** @param {{text: string}} props */
function Text({ text }) {
  return html`<p class="text">${pieces(text).map(({ text: words, href }) =>
    href ? html`<a href=${href} target="_blank" rel="noopener noreferrer nofollow">${words}</a>` : words,
  )}</p>`;
}

/** What the server has not acknowledged yet. @param {{chat: Chat, items: Waiting[]}} props */
function Unsent({ chat, items }) {
  return html`<article class="group">
    <${Avatar} id=${chat.user.id} name=${chat.user.username} />
    <div>
      <p class="by"><span class="name">${chat.user.username}</span></p>
      ${items.map(
        (item) => html`<div class=${`message ${item.state}`} key=${item.clientId}>
          <${Text} text=${item.content} />
          ${item.state === 'failed'
            ? html`<p class="state" role="alert">
                ${icon('alert')}Not sent. ${item.problem}
                <button class="link-button" onClick=${() => chat.retry(item.clientId)}>Try again</button>
                <button class="link-button" onClick=${() => chat.discard(item.clientId)}>Discard</button>
              </p>`
            : html`<p class="state">${icon('clock')}${chat.connection.status === 'online' ? 'Sending…' : 'Waits for the connection'}</p>`}
        </div>`,
      )}
    </div>
  </article>`;
}

/** @param {{room: Room, empty: boolean}} props */
function Beginning({ room, empty }) {
  return html`<div class="beginning">
    <p class="title">${room.name}</p>
    <p>${room.description || `This is where “${room.name}” begins.`}</p>
    ${empty && html`<p>No messages yet. Say hello.</p>`}
  </div>`;
}

/** Reads what others write to screen readers; history that is loaded is not read. @param {{chat: Chat, newest: Message | undefined}} props */
function Announcer({ chat, newest }) {
  const fresh = newest && newest.sender !== chat.user.id && Date.now() - Date.parse(newest.timestamp) < 15_000;
  return html`<p class="hidden-visually" aria-live="polite">${fresh ? `${newest.senderName}: ${newest.content}` : ''}</p>`;
}
