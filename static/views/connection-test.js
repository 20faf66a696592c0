/** “Test my connection”: what calls need, part by part, in words, and all of it as text to be passed on. */

import { TITLES } from '../call/check.js';
import { html, useEffect, useRef, useState } from '../vendor/preact.js';
import { MicrophoneLevel } from './call-check.js';
import { SecureWay } from './call-devices.js';
import { Picture } from './call-tile.js';
import { CopyButton } from './copying.js';
import { plural } from './format.js';
import { useStore } from './hooks.js';
import { icon } from './icons.js';
import { Dialog } from './in-front.js';
import { Spinner } from './parts.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../call/desk.js').CallDesk} CallDesk */
/** @typedef {import('../call/check.js').ConnectionCheck} Check */
/** @typedef {import('../call/check.js').Part} Part */

const PARTS = /** @type {Part[]} */ (Object.keys(TITLES));

/** @param {{app: App, onClose: () => void}} props */
export function ConnectionTest({ app, onClose }) {
  const { calls } = app;
  return calls && html`<${Test} app=${app} calls=${calls} onClose=${onClose} />`;
}

/** @param {{app: App, calls: CallDesk, onClose: () => void}} props */
function Test({ app, calls, onClose }) {
  const [check] = useState(() => calls.newCheck());
  useStore(check);
  useStore(calls.media);
  useEffect(() => {
    void app.loadConfig();
    void check.run();
    return () => {
      check.stop();
      calls.release();
    };
  }, []);
  const done = check.running
    ? 'Testing…'
    : check.faults
      ? `${plural(check.faults, 'thing')} to look at.`
      : 'All is well.';
  return html`<${Dialog} title="Test my connection" onClose=${onClose} class="wide-dialog">
    <div class="form">
      <p role="status" class="quiet">${done}</p>
      <ul class="check-list">
        ${PARTS.map((part) => html`<${Row} key=${part} part=${part} check=${check} calls=${calls} />`)}
      </ul>
      ${!check.running && html`<${Report} text=${check.report(about(app))} />`}
      <div class="form-row">
        <button type="button" class="button plain" autofocus onClick=${onClose}>Close</button>
        <button type="button" class="button primary" aria-disabled=${check.running} onClick=${() => check.run()}>
          Test again
        </button>
      </div>
    </div>
  <//>`;
}

/** @param {{part: Part, check: Check, calls: CallDesk}} props */
function Row({ part, check, calls }) {
  const found = check.found.get(part);
  if (!found) return null;
  const { state, words, mend } = found;
  const { media } = calls;
  const isBad = state === 'bad' || state === 'warn';
  return html`<li class=${`check ${state}`}>
    <span class="check-sign">
      ${state === 'running'
        ? html`<${Spinner} label=${`${TITLES[part]} is tested`} />`
        : icon(state === 'good' ? 'check' : isBad ? 'alert' : 'clock')}
    </span>
    <div>
      <h3>${TITLES[part]}<span class="hidden-visually">${SIGN_WORDS[state]}</span></h3>
      <p>${words}</p>
      ${mend && html`<p class="quiet">${mend}</p>`}
      ${part === 'page' && media.problems.audio?.way && html`<${SecureWay} way=${media.problems.audio.way} />`}
      ${part === 'microphone' && media.flags.audio && html`<${MicrophoneLevel} media=${media} />`}
      ${part === 'camera' &&
      media.camera &&
      html`<div class="check-picture"><${Picture} track=${media.camera} mirror label="Your picture" /></div>`}
    </div>
  </li>`;
}

/** @type {Record<import('../call/check-words.js').State, string>} */
const SIGN_WORDS = {
  running: '',
  good: ': good',
  warn: ': could be better',
  bad: ': does not work',
  none: ': not tested',
};

/** @param {App} app */
function about({ config }) {
  return [
    new Date().toISOString(),
    `page: ${location.origin}`,
    `server: ${config ? `${config.name} ${config.version}` : 'unknown'}`,
    `browser: ${navigator.userAgent}`,
  ];
}

/** @param {{text: string}} props */
function Report({ text }) {
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  return html`<details class="report">
      <summary>Report for whoever helps you</summary>
      <textarea ref=${field} class="input" readonly rows="10" aria-label="Report" value=${text}></textarea>
    </details>
    <${CopyButton} field=${field} text=${text} label="Copy the report" />`;
}
