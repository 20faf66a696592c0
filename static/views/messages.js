/** The messages of a room: opened where one left off, older and newer ones as one goes on, read as they are seen. */

import { Component, html } from '../vendor/preact.js';
import { Announcer } from './announcer.js';
import { icon } from './icons.js';
import { MessageCalls } from './message-calls.js';
import { moveByKey } from './message-keys.js';
import { MessageRows } from './message-rows.js';
import { Beginning, Unsent } from './message.js';
import { Notice, Spinner } from './parts.js';
import { ScrollPlace } from './scroll-place.js';

/** @typedef {import('../state/chat.js').Chat} Chat */
/** @typedef {import('../protocol/types.js').Room} Room */
/**
 * @typedef {{app: import('../app.js').App, chat: Chat, room: Room, visible?: boolean}} Props `visible`: nothing covers
 *   the room
 */

/** A room that one is not in is looked at anew this often. */
const LOOK_IN_MS = 5_000;

/** @extends {Component<Props, {away: boolean}>} */
export class Messages extends Component {
  /** @param {Props} props */
  constructor(props) {
    super(props);
    const { chat, room } = props;
    /** `away`: the end is not in view. */
    this.state = { away: false };
    this.rows = new MessageRows(chat.user.id);
    /** @type {{of: unknown, list: string[]}} names that may be mentioned, and of whom they are */
    this.names = { of: null, list: [] };
    /** @type {ScrollPlace | null} */
    this.place = null;
    /** Which filling of the window stands in its place; 0 before the first. */
    this.placed = 0;
    /** Read up to here when the line "New" was drawn; -1 for none. */
    this.line = room.joined ? (chat.marks.read[room.id] ?? -1) : -1;
    /** The newest number when it was looked at last. */
    this.heard = room.lastSeq;
    /** The room was caught up with when it was shown last. */
    this.wasLive = false;
    this.calls = new MessageCalls(() => this.props);
    this.onScroll = this.onScroll.bind(this);
    this.onLook = this.onLook.bind(this);
    this.settle = this.settle.bind(this);
    this.onKey = (/** @type {MouseEvent | KeyboardEvent} */ event) => {
      this.toPerson(event);
      if (this.place && event instanceof KeyboardEvent) moveByKey(event, this.place);
    };
    /** @type {(element: HTMLElement | null) => void} */
    this.takePlace = (element) => (this.place = element && new ScrollPlace(element));
  }

  componentDidMount() {
    document.addEventListener('visibilitychange', this.onLook);
    addEventListener('focus', this.onLook);
    addEventListener('blur', this.onLook);
    this.timer = setInterval(() => this.lookIn(), LOOK_IN_MS);
    this.resizes = new ResizeObserver(() => this.place?.noteSize() && this.settle());
    const scroller = this.place?.scroller;
    if (scroller) this.resizes.observe(scroller);
    if (scroller?.firstElementChild) this.resizes.observe(scroller.firstElementChild);
    this.settle();
  }

  componentDidUpdate() {
    this.calls.bring(this.timeline);
    this.settle();
  }

  componentWillUnmount() {
    document.removeEventListener('visibilitychange', this.onLook);
    removeEventListener('focus', this.onLook);
    removeEventListener('blur', this.onLook);
    clearInterval(this.timer);
    this.resizes?.disconnect();
    this.props.chat.reader.watch(false);
  }

  get timeline() {
    return this.props.chat.history.of(this.props.room.id);
  }

  /** The room is in view as a whole; whether anybody looks is another question. */
  get isShown() {
    return document.visibilityState === 'visible' && this.props.visible !== false && Boolean(this.place?.isShown);
  }

  /** After every change: the end where it is followed, else what one looks at stays in its place. */
  settle() {
    const { place, timeline } = this;
    if (!place?.isShown || !timeline?.loaded) return;
    const isFirst = this.placed === 0;
    const isFresh = this.placed !== timeline.generation;
    this.placed = timeline.generation;
    // The end runs on while somebody may be looking. What comes while nobody can, or all at once after a loss, is
    // followed up to the first message of it.
    const isLive = this.props.chat.sync.live.has(this.props.room.id);
    const runsOn = this.isShown && isLive && this.wasLive;
    this.wasLive = isLive;
    if (isFirst || (isFresh && !timeline.following)) place.toEnd(this.firstUnread);
    else if (timeline.following) place.toEnd(runsOn ? null : this.firstUnread);
    else place.restore();
    place.noteSize();
    this.look();
  }

  /** The line "New", where it stands before what is unread. */
  get firstUnread() {
    const { chat, room } = this.props;
    return this.line === chat.marks.read[room.id] ? this.place?.scroller.querySelector('.new-line') : null;
  }

  onScroll() {
    if (!this.place?.isShown || !this.timeline?.loaded) return;
    // The page was turned or became wider, and the list moved by itself: nobody went there.
    if (this.place.noteSize()) this.settle();
    else this.look();
  }

  onLook() {
    this.lookIn();
    this.onScroll();
  }

  /** Takes note of where one is, and of what can be seen there. */
  look() {
    const { place, timeline } = this;
    const { chat, room } = this.props;
    if (!place || !timeline) return;
    timeline.following = timeline.attached && place.atEnd;
    if (this.state.away === timeline.following) this.setState({ away: !timeline.following });
    if (!timeline.following) place.remember();
    const looksOn = this.isShown && document.hasFocus();
    chat.reader.watch(looksOn && timeline.following && chat.sync.live.has(room.id));
    if (looksOn) chat.reader.saw(room.id, timeline.following ? timeline.newest : place.lastSeen());
    if (chat.history.problems.has(room.id)) return;
    if (place.nearStart) void chat.history.older(room.id);
    if (place.nearEnd) void chat.history.newer(room.id);
  }

  lookIn() {
    const { chat, room } = this.props;
    if ((!room.joined || chat.sync.beyond.has(room.id)) && this.isShown) void chat.sync.lookIn(room.id);
  }

  /**
   * A name or a face leads to the card; at a message that has the focus, Enter does.
   * @param {MouseEvent | KeyboardEvent} event
   */
  toPerson(event) {
    const target = /** @type {Element} */ (event.target);
    const message = /** @type {HTMLElement | null} */ (target.closest('[data-person]'));
    const asked =
      event instanceof KeyboardEvent ? event.key === 'Enter' && target === message : target.closest('.name, .avatar');
    const { person: id, name: username } = message?.dataset ?? {};
    if (asked && id && username) this.props.app.navigation.showPerson({ id, username });
  }

  toNewest() {
    this.props.chat.reader.toNewest(this.props.room.id);
    this.settle();
    this.place?.scroller.focus();
  }

  /** The line "New" stands before the first message that came while nobody watched, where all before it was read. */
  moveLine() {
    const { chat, room } = this.props;
    const read = chat.marks.read[room.id] ?? 0;
    const elsewhere = chat.reading.elsewhere.get(room.id);
    if (elsewhere !== undefined) {
      // Read on another device: that is no news here.
      chat.reading.elsewhere.delete(room.id);
      if (room.joined && elsewhere > this.line) this.line = elsewhere;
    }
    if (room.joined && room.lastSeq > this.heard && !chat.reader.watching && read >= this.heard) this.line = read;
    this.heard = room.lastSeq;
    return room.joined ? this.line : -1;
  }

  /** One's own name first; the same array until somebody comes or goes. */
  namesHere() {
    const { chat, room } = this.props;
    const { id, username } = chat.user;
    const people = chat.rooms.people.of(room.id);
    if (this.names.of !== people) {
      const others = people.filter((one) => one.userId !== id).map((one) => one.username);
      this.names = { of: people, list: [username, 'all', ...others] };
    }
    return this.names.list;
  }

  render() {
    const { chat, room } = this.props;
    const { timeline } = this;
    const line = this.moveLine();
    const waiting = timeline?.attached ? chat.outbox.of(room.id) : [];
    const problem = chat.history.problems.get(room.id);
    const notice =
      problem &&
      html`<${Notice}>${problem.words} <button class="link-button" onClick=${problem.retry}>Try again</button><//>`;
    const atStart = !timeline?.loaded || timeline.attached;
    return html`
      <div class="scroll" ref=${this.takePlace} onScroll=${this.onScroll} onKeyDown=${this.onKey} onClick=${this.onKey}
        tabindex="0" role="region" aria-label=${`Messages in ${room.name}`}>
        <div class="messages">
          ${atStart && notice}
          ${timeline?.complete
            ? html`<${Beginning} room=${room} empty=${!timeline.messages.length && !waiting.length} />`
            : !problem && html`<${Loading} busy=${!timeline?.loaded || chat.history.isBusy(room.id, 'older')} />`}
          <div class="feed" role=${timeline?.messages.length || waiting.length ? 'feed' : undefined}>
            ${this.rows.of(timeline?.messages ?? [], line, {
              names: this.namesHere(),
              calls: this.calls.among(timeline),
              here: this.calls.row,
            })}
            <${Unsent} chat=${chat} items=${waiting} />
          </div>
          ${!atStart && (notice ?? html`<${Loading} busy=${chat.history.isBusy(room.id, 'newer')} />`)}
        </div>
      </div>
      <${Announcer} room=${room} me=${chat.user.id} />
      ${this.state.away && html`<${ToNewest} unread=${chat.marks.unread(room)} onClick=${() => this.toNewest()} />`}
    `;
  }
}

/**
 * Where more messages will stand. Something that turned all the time would keep the whole page at work.
 * @param {{busy: boolean}} props
 */
function Loading({ busy }) {
  return html`<div class="loading">${busy && html`<${Spinner} label="Loading messages" />`}</div>`;
}

/** @param {{unread: number, onClick: () => void}} props */
function ToNewest({ unread, onClick }) {
  return html`<div class="to-newest-place">
    <button class=${`button to-newest ${unread > 0 ? 'primary' : 'plain'}`} onClick=${onClick}>
      ${icon('arrowDown')}Jump to the newest${unread > 0 && ` (${unread.toLocaleString()})`}
    </button>
  </div>`;
}
