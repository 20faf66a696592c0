/** The call in full: everybody's pictures, and what one can do. */

import { html, useEffect, useRef, useState } from '../vendor/preact.js';
import { gridFor } from '../call/grid.js';
import { DeviceChoice, MediaProblems } from './call-devices.js';
import { PeerTile, SelfTile } from './call-tile.js';
import { duration, plural } from './format.js';
import { useNow } from './hooks.js';
import { icon } from './icons.js';
import { Avatar } from './parts.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../call/desk.js').CallDesk} CallDesk */

/** @param {{app: App, calls: CallDesk}} props */
export function Stage({ app, calls }) {
  const { call, mesh, media } = calls;
  const user = app.session.user;
  const now = useNow(1000);
  const [devices, setDevices] = useState(false);
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => ref.current?.focus(), []);
  if (!call || !mesh || !user) return null;
  const peers = [...mesh.peers.values()];
  const ringing = call.state === 'ringing' && peers.length === 0;
  return html`<section class="stage" ref=${ref} tabindex="-1" aria-label=${`Call: ${call.name}`}>
    <header class="stage-head">
      <div class="about">
        <h1 class="one-line">${call.name || 'Call'}</h1>
        <p>${ringing ? 'Ringing…' : html`<span role="timer">${duration(now - call.since)}</span>`}${call.roomId && !ringing && ` · ${plural(peers.length + 1, 'person', 'people')}`}</p>
      </div>
      <button class="round small" aria-label="Make the call small" title="Back to the messages" onClick=${() => calls.shrink()}>${icon('shrink')}</button>
    </header>
    <${MediaProblems} media=${media} />
    ${ringing
      ? html`<div class="ringing">
          <span class="pulse"><${Avatar} id=${call.roomId ?? call.name} name=${call.name || '?'} size="large" /></span>
          <p role="status">${`Ringing ${call.name}…`}</p>
          <div class="corner"><${SelfTile} media=${media} user=${user} /></div>
        </div>`
      : html`<${Tiles} calls=${calls} user=${user} peers=${peers} />`}
    ${devices && html`<div class="stage-devices" id="stage-devices"><${DeviceChoice} media=${media} /></div>`}
    <${Controls} calls=${calls} devices=${devices} onDevices=${() => setDevices(!devices)} />
  </section>`;
}

/** @param {{calls: CallDesk, user: {id: string, username: string}, peers: import('../call/peer.js').Peer[]}} props */
function Tiles({ calls, user, peers }) {
  const { mesh, media } = calls;
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const [size, setSize] = useState({ width: 800, height: 600 });
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => entry && setSize({ width: entry.contentRect.width, height: entry.contentRect.height }));
    if (place.current) observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  const tile = (/** @type {import('../call/peer.js').Peer} */ peer) =>
    html`<${PeerTile} key=${peer.userId} peer=${peer} quality=${mesh?.quality.get(peer.userId)} speaking=${mesh?.speaking.has(peer.userId) ?? false} />`;
  const self = html`<${SelfTile} key="self" media=${media} user=${user} />`;
  const shared = peers.find((peer) => peer.media.screen);
  if (shared) {
    const others = peers.filter((peer) => peer !== shared);
    return html`<div class="tiles spotlight" ref=${place}>
      <div class="spot">${tile(shared)}</div>
      <div class="strip">${others.map(tile)}${self}</div>
    </div>`;
  }
  const two = peers.length === 1;
  const grid = gridFor(two ? 1 : peers.length + 1, size.width, size.height);
  return html`<div class=${`tiles ${two ? 'two' : ''}`} ref=${place} style=${{ '--columns': grid.columns, '--rows': grid.rows }}>
    ${peers.map(tile)}
    ${peers.length === 0 && html`<div class="tile waiting"><p role="status">Waiting for the others…</p></div>`}
    ${two ? html`<div class="corner">${self}</div>` : self}
  </div>`;
}

/** @param {{calls: CallDesk, devices: boolean, onDevices: () => void}} props */
function Controls({ calls, devices, onDevices }) {
  const { media } = calls;
  const { audio, video, screen } = media.flags;
  const button = (/** @type {any} */ picture, /** @type {string} */ name, /** @type {string} */ action, /** @type {boolean} */ on, /** @type {() => unknown} */ act, off = !on) =>
    html`<button class=${`control ${off ? 'off' : ''}`} aria-pressed=${on} aria-label=${name} title=${action} onClick=${act}>
      <span class="round">${icon(picture)}</span><span class="words" aria-hidden="true">${name}</span>
    </button>`;
  return html`<div class="controls" role="toolbar" aria-label="Call">
    ${button(audio ? 'mic' : 'micOff', 'Microphone', audio ? 'Mute' : 'Unmute', audio, () => media.setMicrophone(!audio))}
    ${button(video ? 'camera' : 'cameraOff', 'Camera', video ? 'Turn off' : 'Turn on', video, () => media.setCamera(!video))}
    ${media.devices.canShare &&
    button(screen ? 'screenOff' : 'screen', 'Share screen', screen ? 'Stop sharing' : 'Share', screen, () => (screen ? media.unshare() : media.share()), false)}
    <button class="control" aria-expanded=${devices} aria-controls="stage-devices" aria-label="Devices" title="Devices" onClick=${onDevices}>
      <span class="round">${icon('devices')}</span><span class="words" aria-hidden="true">Devices</span>
    </button>
    <button class="control end" aria-label="Hang up" title="Hang up" onClick=${() => calls.hangUp()}>
      <span class="round">${icon('hangUp')}</span><span class="words" aria-hidden="true">Hang up</span>
    </button>
  </div>`;
}
