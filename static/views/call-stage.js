/** The call in full: everybody's pictures, what is wrong with the devices, and what one can do. */

import { html, useEffect, useRef, useState } from '../vendor/preact.js';
import { Controls } from './call-controls.js';
import { DeviceChoice, MediaProblems } from './call-devices.js';
import { Tiles } from './call-tiles.js';
import { SelfTile } from './call-tile.js';
import { ConnectionTest } from './connection-test.js';
import { FloatButton, FullScreenButton } from './call-window.js';
import { useFocusHome } from './focus.js';
import { duration, plural } from './format.js';
import { focusIsLost, useNow } from './hooks.js';
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
  const place = app.navigation.callPlace;
  useFocusHome(ref);
  useEffect(() => ref.current?.focus({ preventScroll: true }), []);
  useEffect(() => {
    // The room was beside it and had the focus; now it is covered.
    if (focusIsLost()) ref.current?.focus({ preventScroll: true });
  }, [place]);
  if (!call || !mesh || !user) return null;
  const peers = [...mesh.peers.values()];
  const ringing = call.state === 'ringing' && peers.length === 0;
  const title = call.name || 'Call';
  const keyed = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== 'Escape' || !devices) return;
    setDevices(false);
    const opener = ref.current?.querySelector('[aria-controls="stage-devices"]');
    if (opener instanceof HTMLElement) opener.focus();
  };
  // Where it covers the main part, it is the main part.
  return html`<section
    class="stage"
    ref=${ref}
    tabindex="-1"
    role=${place === 'large' ? 'main' : 'region'}
    aria-label=${`Call: ${title}`}
    onKeyDown=${keyed}
  >
    <div class="stage-head">
      <div class="about">
        <${place === 'large' ? 'h1' : 'h2'} class="one-line" dir="auto">${title}<//>
        <p>
          ${ringing ? 'Ringing…' : html`<span role="timer">${duration(now - call.since)}</span>`}
          ${call.group && !ringing && ` · ${plural(peers.length + 1, 'person', 'people')}`}
        </p>
      </div>
      <${FloatButton} stage=${ref} />
      <${FullScreenButton} stage=${ref} />
      <button
        class="round small"
        aria-label="Make the call small"
        title="Make the call small"
        onClick=${() => calls.seat.shrink()}
      >
        ${icon('shrink')}
      </button>
    </div>
    <div class="stage-body">
      ${ringing
        ? html`<div class="ringing">
            <span class="pulse">
              <${Avatar} id=${call.roomId ?? call.to ?? call.name} name=${call.name || '?'} size="large" />
            </span>
            <p role="status">${`Ringing ${call.name}…`}</p>
            <div class="corner"><${SelfTile} media=${media} user=${user} /></div>
          </div>`
        : html`<${Tiles} calls=${calls} user=${user} peers=${peers} />`}
      <div class="stage-notices">
        <${DoesNotConnect} app=${app} calls=${calls} />
        <${MediaProblems} media=${media} dismissable />
      </div>
      ${devices &&
      html`<div class="stage-devices" id="stage-devices" role="region" aria-label="Devices">
        <${DeviceChoice} media=${media} />
      </div>`}
    </div>
    <${Controls} app=${app} calls=${calls} stage=${ref} devices=${devices} onDevices=${() => setDevices(!devices)} />
  </section>`;
}

/** Who is waited for, and why in vain. @param {{app: App, calls: CallDesk}} props */
function DoesNotConnect({ app, calls }) {
  const [testing, setTesting] = useState(false);
  const { name, reason } = calls.unconnected;
  const why = reason ? reason.words : 'Looking for the reason…';
  return html`<div role="status">
      ${name && html`<div class="notice warn media-problem">
        ${icon('alert')}
        <div class="media-problem-words">
          <p>
            <strong>The connection to <bdi>${name}</bdi> does not come about.</strong> ${why}
          </p>
          ${reason && html`<p>${reason.mend}</p>`}
          <button class="link-button" onClick=${() => setTesting(true)}>Test my connection</button>
        </div>
      </div>`}
    </div>
    ${testing && html`<${ConnectionTest} app=${app} onClose=${() => setTesting(false)} />`}`;
}
