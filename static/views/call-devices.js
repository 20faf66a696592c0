/** Choice of microphone, camera and loudspeaker, and what is wrong with them. */

import { html, useState } from '../vendor/preact.js';
import { MicrophoneLevel, SpeakerTest } from './call-check.js';
import { Switches } from './call-switches.js';
import { Picture } from './call-tile.js';
import { icon } from './icons.js';
import { Avatar } from './parts.js';

/** @typedef {import('../call/media.js').LocalMedia} LocalMedia */

/** @param {{media: LocalMedia, kinds?: import('../call/media.js').DeviceKind[]}} props */
export function DeviceChoice({ media, kinds = ['audioinput', 'videoinput', 'audiooutput'] }) {
  const labels = { audioinput: 'Microphone', videoinput: 'Camera', audiooutput: 'Loudspeaker' };
  /** What shows that the device does what it should. */
  const checks = {
    audioinput: html`<${MicrophoneLevel} media=${media} />`,
    videoinput: null,
    audiooutput: html`<${SpeakerTest} media=${media} />`,
  };
  return html`<div class="device-choice">
    ${kinds.map((kind) => {
      const list = media.choices.of(kind);
      if (list.length === 0 && !checks[kind]) return null;
      const id = `device-${kind}`;
      const current = media.current(kind);
      return html`<div class="field" key=${kind}>
        ${list.length === 0
          ? html`<span class="label">${labels[kind]}</span>`
          : html`<label for=${id}>${labels[kind]}</label>
              <select
                class="input"
                id=${id}
                onChange=${(/** @type {any} */ event) => media.choose(kind, event.target.value)}
              >
                ${list.map(
                  (device, index) => html`<option value=${device.deviceId} selected=${device.deviceId === current}>
                    ${device.label || `${labels[kind]} ${index + 1}`}
                  </option>`,
                )}
              </select>`}
        ${checks[kind]}
      </div>`;
    })}
  </div>`;
}

/**
 * What is wrong with the devices, until it is mended or put aside; what goes wrong after that shows again.
 * @param {{media: LocalMedia, dismissable?: boolean}} props
 */
export function MediaProblems({ media, dismissable = false }) {
  const [aside, setAside] = useState(/** @type {unknown[]} */ ([]));
  const problems = Object.entries(media.problems).filter(([, problem]) => !aside.includes(problem));
  if (!problems.length) return null;
  return html`<div class="notice warn media-problem" role="status">
    ${icon('alert')}
    <div class="media-problem-words">
      ${problems.map(([kind, problem]) => html`<p key=${kind}><strong>${problem.title}.</strong> ${problem.help}</p>
        ${problem.way && html`<${SecureWay} way=${problem.way} />`}`)}
      ${media.devices.available && html`<button class="link-button" onClick=${() => media.retry()}>Try again</button>`}
    </div>
    ${dismissable && html`<button class="round small plain-round" aria-label="Dismiss" title="Dismiss"
      onClick=${() => setAside(problems.map(([, problem]) => problem))}>${icon('close')}</button>`}
  </div>`;
}

/** The way to the page that has devices. @param {{way: import('../call/problems.js').SecurePage}} props */
export function SecureWay({ way }) {
  return html`<p><a class="button" href=${way.url}>Open the secure page</a></p>
    <p>${way.warning} <a href="trust">Trust this server</a> to have no warning.</p>`;
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
      <div class="preview-tools"><${Switches} media=${media} on=${wanted} /></div>
    </div>
    <${MediaProblems} media=${media} />
    <${DeviceChoice} media=${media} />
  </div>`;
}
