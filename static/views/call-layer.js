/** All that shows of calls: the plan, what rings, the call itself large or small, and its sound. */

import { html, useState } from '../vendor/preact.js';
import { Preview } from './call-devices.js';
import { Stage } from './call-stage.js';
import { Sound } from './call-tile.js';
import { duration } from './format.js';
import { useNow } from './hooks.js';
import { icon } from './icons.js';
import { Avatar, Dialog, Notice } from './parts.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../call/desk.js').CallDesk} CallDesk */

/** @param {{app: App, calls: CallDesk}} props */
export function CallLayer({ app, calls }) {
  return html`
    ${calls.call && !calls.small && html`<${Stage} app=${app} calls=${calls} key=${calls.call.callId} />`}
    ${calls.mesh && html`<${Sounds} calls=${calls} />`}
    ${calls.plan && html`<${PlanDialog} app=${app} calls=${calls} />`}
  `;
}

/** @param {{app: App, calls: CallDesk}} props */
function PlanDialog({ app, calls }) {
  const { plan } = calls;
  const user = app.session.user;
  if (!plan || !user) return null;
  const title = plan.join ? `Join the call in ${plan.name}` : `Call ${plan.name}`;
  const action = plan.join ? 'Join' : plan.problem ? 'Try again' : plan.roomId ? 'Call everybody here' : 'Call';
  return html`<${Dialog} title=${title} onClose=${() => calls.dismissPlan()} class="call-dialog">
    <div class="form">
      ${plan.problem && html`<${Notice} kind="warn">${plan.problem}<//>`}
      <${Preview} media=${calls.media} user=${user} />
      <div class="form-row">
        <button type="button" class="button plain" onClick=${() => calls.dismissPlan()}>Cancel</button>
        <button type="button" class="button call" autofocus aria-disabled=${plan.busy} onClick=${() => calls.go()}>
          ${icon(plan.callType === 'audio' ? 'phone' : 'camera')}${plan.busy ? 'One moment…' : action}
        </button>
      </div>
    </div>
  <//>`;
}

/** Sound of all others, wherever one is in the client. @param {{calls: CallDesk}} props */
function Sounds({ calls }) {
  const [blocked, setBlocked] = useState(/** @type {(() => void)[]} */ ([]));
  const sink = calls.media.chosen.audiooutput ?? '';
  const allow = () => {
    setBlocked([]);
    for (const play of blocked) play();
  };
  const peers = [...(calls.mesh?.peers.values() ?? [])];
  return html`<div class="sounds">
    ${peers.map(
      (peer) => peer.remote.audio && html`<${Sound} key=${peer.userId} track=${peer.remote.audio} sink=${sink}
        onBlocked=${(/** @type {() => void} */ play) => setBlocked((before) => [...before, play])} />`,
    )}
    ${blocked.length > 0 && html`<button class="button primary unmute" onClick=${allow}>Your browser holds the sound back. Click to hear.</button>`}
  </div>`;
}

/** Somebody rings. It takes the focus from nobody: who writes just then does not answer by accident. @param {{app: App, calls: CallDesk}} props */
export function IncomingCard({ app, calls }) {
  const { incoming } = calls;
  const [preview, setPreview] = useState(false);
  const user = app.session.user;
  if (!incoming || !user) return null;
  const video = incoming.callType === 'video';
  const room = incoming.roomId && app.chat?.rooms.byId.get(incoming.roomId)?.name;
  const what = `${video ? 'Video call' : 'Call'}${room ? ` in ${room}` : ''}`;
  const check = () => {
    setPreview(true);
    void calls.media.start({ audio: true, video });
  };
  // Above an open dialog only another modal one can be used.
  const raise = (/** @type {HTMLDialogElement | null} */ element) => {
    if (!element || element.open) return;
    if (document.querySelector('dialog:modal')) element.showModal();
    else element.setAttribute('open', '');
  };
  return html`<dialog ref=${raise} class="incoming" role="alertdialog" aria-labelledby="incoming-who" aria-describedby="incoming-what"
    onCancel=${(/** @type {Event} */ event) => event.preventDefault()}>
    <div class="incoming-who">
      <${Avatar} id=${incoming.from} name=${incoming.fromUsername} />
      <div role="alert">
        <p id="incoming-who"><strong>${incoming.fromUsername}</strong> is calling</p>
        <p id="incoming-what" class="quiet">${what}${app.silent ? '. Click anywhere to hear the ring.' : ''}</p>
      </div>
    </div>
    ${preview && html`<${Preview} media=${calls.media} user=${user} />`}
    <div class="incoming-more">
      ${!preview && html`<button class="link-button" onClick=${check}>Check devices</button>`}
      ${video && html`<button class="link-button" onClick=${() => calls.answer(false)}>Accept without camera</button>`}
    </div>
    <div class="incoming-actions">
      <button class="button danger" onClick=${() => calls.decline()}>${icon('hangUp')}Decline</button>
      <button class="button call" onClick=${() => calls.answer(video && (!preview || calls.media.wanted.video))}>${icon(video ? 'camera' : 'phone')}Accept</button>
    </div>
  </dialog>`;
}

/** The call, while one does something else; or a call that goes on in another tab. @param {{app: App, calls: CallDesk}} props */
export function CallBar({ app, calls }) {
  const { call, elsewhere } = calls;
  const now = useNow(1000, Boolean(call));
  if (call && calls.small) {
    const { audio } = calls.media.flags;
    return html`<div class="call-bar" role="region" aria-label="Call">
      <button class="call-bar-back" onClick=${() => calls.enlarge()}>
        ${icon('expand')}<span class="one-line">${call.name || 'Call'}</span>
        <span>${call.state === 'ringing' ? 'Ringing…' : duration(now - call.since)}</span>
      </button>
      <button class=${`round small ${audio ? '' : 'off'}`} aria-pressed=${audio} aria-label="Microphone"
        onClick=${() => calls.media.setMicrophone(!audio)}>${icon(audio ? 'mic' : 'micOff')}</button>
      <button class="round small end" aria-label="Hang up" onClick=${() => calls.hangUp()}>${icon('hangUp')}</button>
    </div>`;
  }
  if (!elsewhere || call) return null;
  const room = elsewhere.roomId && app.chat?.rooms.byId.get(elsewhere.roomId)?.name;
  return html`<div class="call-bar" role="region" aria-label="Call elsewhere">
    <span class="call-bar-words">You are in a call${room ? ` in ${room}` : ''} ${elsewhere.socketId === null ? 'that lost its tab' : 'in another tab or on another device'}.</span>
    <button class="button small plain" onClick=${() => calls.moveHere()}>Move the call here</button>
  </div>`;
}
