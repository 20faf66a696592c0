/** Choice of microphone, camera and loudspeaker, and what is wrong with them. */

import { html } from '../vendor/preact.js';
import { icon } from './icons.js';
import { Avatar } from './parts.js';
import { Picture } from './call-tile.js';

/** @typedef {import('../call/media.js').LocalMedia} LocalMedia */

/** @param {{media: LocalMedia, kinds?: import('../call/media.js').DeviceKind[]}} props */
export function DeviceChoice({ media, kinds = ['audioinput', 'videoinput', 'audiooutput'] }) {
  const labels = { audioinput: 'Microphone', videoinput: 'Camera', audiooutput: 'Loudspeaker' };
  return html`<div class="device-choice">
    ${kinds.map((kind) => {
      const list = media.devicesOf(kind);
      if (list.length === 0) return null;
      const id = `device-${kind}`;
      const current = media.current(kind);
      return html`<div class="field" key=${kind}>
        <label for=${id}>${labels[kind]}</label>
        <select class="input" id=${id} onChange=${(/** @type {any} */ event) => media.choose(kind, event.target.value)}>
          ${list.map(
            (device, index) => html`<option value=${device.deviceId} selected=${device.deviceId === current}>
              ${device.label || `${labels[kind]} ${index + 1}`}
            </option>`,
          )}
        </select>
      </div>`;
    })}
  </div>`;
}

/** @param {{media: LocalMedia}} props */
export function MediaProblems({ media }) {
  const problems = Object.entries(media.problems);
  if (!problems.length) return null;
  const retry = () => media.retry();
  return html`<div class="notice warn media-problem" role="status">
    ${icon('alert')}
    <div>
      ${problems.map(([kind, problem]) => html`<p key=${kind}><strong>${problem.title}.</strong> ${problem.help}</p>`)}
      ${media.devices.available && html`<button class="link-button" onClick=${retry}>Try again</button>`}
    </div>
  </div>`;
}

/**
 * One's own picture and the two switches, before a call.
 * @param {{media: LocalMedia, user: {id: string, username: string}}} props
 */
export function Preview({ media, user }) {
  const { wanted } = media;
  const track = media.camera;
  return html`<div class="preview">
    <div class="preview-picture">
      ${track && wanted.video
        ? html`<${Picture} track=${track} mirror label="Preview of your picture" />`
        : html`<${Avatar} id=${user.id} name=${user.username} size="large" />`}
      <div class="preview-tools">
        <button type="button" class=${`round ${wanted.audio ? '' : 'off'}`} aria-pressed=${wanted.audio} aria-label="Microphone"
          onClick=${() => media.setMicrophone(!wanted.audio)}>${icon(wanted.audio ? 'mic' : 'micOff')}</button>
        <button type="button" class=${`round ${wanted.video ? '' : 'off'}`} aria-pressed=${wanted.video} aria-label="Camera"
          onClick=${() => media.setCamera(!wanted.video)}>${icon(wanted.video ? 'camera' : 'cameraOff')}</button>
      </div>
    </div>
    <${MediaProblems} media=${media} />
    <${DeviceChoice} media=${media} />
  </div>`;
}
