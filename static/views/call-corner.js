/**
 * The call in a corner, while one does something else: one picture and its controls. It can be moved, and brought back.
 */

import { leadOf } from '../call/pictures.js';
import { html, useEffect, useRef, useState } from '../vendor/preact.js';
import { Switches, switchesOf } from './call-switches.js';
import { Picture, stateWords } from './call-tile.js';
import { CORNERS, useCorner } from './corner-place.js';
import { useFocusHome } from './focus.js';
import { duration } from './format.js';
import { useNow, useStore } from './hooks.js';
import { icon } from './icons.js';
import { useKeys } from './keys.js';
import { Avatar } from './parts.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../call/desk.js').CallDesk} CallDesk */

/** @param {{app: App, calls: CallDesk}} props */
export function CornerCall({ app, calls }) {
  const { call, media } = calls;
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  const now = useNow(1000);
  const { corner, move, drag } = useCorner(app, ref);
  useFocusHome(ref);
  useKeys(ref, Object.fromEntries(switchesOf(media).map((one) => [one.key, one.act])));
  if (!call) return null;
  const name = call.name || 'Call';
  const time = call.state === 'ringing' ? 'Ringing…' : duration(now - call.since);
  const keyed = (/** @type {KeyboardEvent} */ event) => {
    if (!event.key.startsWith('Arrow')) return;
    event.preventDefault();
    move(event.key);
  };
  return html`<section class="corner-call" ref=${ref} aria-label="Call">
    <div class="corner-picture" ...${drag}>
      <${Lead} calls=${calls} />
      <button
        class="round small grip"
        aria-label=${`Move the call, now ${CORNERS[corner]}`}
        aria-keyshortcuts="ArrowLeft ArrowRight ArrowUp ArrowDown"
        title="Drag, or move with the arrow keys"
        onKeyDown=${keyed}
      >
        ${icon('grip')}
      </button>
      <button
        class="round small enlarge"
        aria-label=${`Back to the call: ${name}`}
        title="Make the call large"
        onClick=${() => calls.seat.enlarge()}
      >
        ${icon('enlarge')}
      </button>
    </div>
    <p class="corner-words"><span class="one-line" dir="auto">${name}</span> <span class="time">${time}</span></p>
    <div class="corner-tools">
      <${Switches} media=${media} small />
      <button class="round small end" aria-label="Hang up" title="Hang up" onClick=${() => calls.hangUp()}>
        ${icon('hangUp')}
      </button>
    </div>
    <span class="hidden-visually" role="status">${CORNERS[corner]}</span>
  </section>`;
}

/** Whoever shares the screen or speaks. @param {{calls: CallDesk}} props */
function Lead({ calls }) {
  const { call, mesh } = calls;
  useStore(calls.seat.signs);
  const [before, setBefore] = useState('');
  const peers = [...(mesh?.peers.values() ?? [])];
  const lead = leadOf(peers, mesh?.speaking ?? new Set(), before);
  useEffect(() => setBefore(lead?.userId ?? ''), [lead?.userId]);
  if (!lead) return html`<${Avatar} id=${call?.roomId ?? call?.to ?? ''} name=${call?.name || '?'} size="large" />`;
  const screen = lead.media.screen;
  const track = screen ? lead.screen : lead.camera;
  // Why, is said in the large call.
  const words = calls.unconnected.name === lead.username ? 'Does not connect' : stateWords(lead);
  const label = screen ? `${lead.username}’s screen` : `${lead.username}’s picture`;
  return html`${!screen && html`<${Avatar} id=${lead.userId} name=${lead.username} size="large" />`}
    ${track && html`<${Picture} key=${track.id} track=${track} contain=${screen} label=${label} />`}
    ${words
      ? html`<p class="tile-state" role="status">${words}</p>`
      : peers.length > 1 && html`<p class="corner-who one-line" dir="auto">${lead.username}</p>`}`;
}
