/** Reads to screen readers what others write, as it comes, and never faster than one can listen. */

import { Component, html } from '../vendor/preact.js';

/** @typedef {import('../protocol/types.js').Room} Room */

/** Between two announcements. What comes meanwhile is one of them. */
const PAUSE_MS = 4_000;
const MOST_CHARACTERS = 200;

/** @extends {Component<{room: Room, me: string}, {words: string}>} */
export class Announcer extends Component {
  /** @param {{room: Room, me: string}} props */
  constructor(props) {
    super(props);
    this.state = { words: '' };
    /** What was there before, and what was announced, is not announced. */
    this.told = props.room.lastSeq;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.pause = undefined;
  }

  componentDidUpdate() {
    if (this.pause === undefined) this.tell();
  }

  componentWillUnmount() {
    clearTimeout(this.pause);
  }

  tell() {
    this.pause = undefined;
    const { room, me } = this.props;
    const { lastSeq, lastMessage: last } = room;
    if (!last || lastSeq <= this.told) return;
    const count = lastSeq - this.told;
    this.told = lastSeq;
    if (last.sender === me) return;
    const text = `${last.senderName}: ${[...last.content].slice(0, MOST_CHARACTERS).join('')}`;
    this.pause = setTimeout(() => this.tell(), PAUSE_MS);
    this.setState({ words: count === 1 ? text : `${count} new messages. The last: ${text}` });
  }

  render() {
    return html`<p class="hidden-visually" aria-live="polite">${this.state.words}</p>`;
  }
}
