/** Text that is to be passed on: shown in a field, and put where it can be pasted from. */

import { html, useRef, useState } from '../vendor/preact.js';
import { icon } from './icons.js';

/** @typedef {HTMLTextAreaElement | HTMLInputElement} TextField */

/**
 * Pages that are not secure have the older way alone, which takes what is selected.
 * @param {TextField | null} field that shows the text @param {string} text
 * @returns {Promise<boolean>}
 */
async function copyFrom(field, text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const folded = field?.closest('details');
    if (folded) folded.open = true;
    field?.select();
    return document.execCommand('copy');
  }
}

/** @param {{field: {current: TextField | null}, text: string, label: string}} props */
export function CopyButton({ field, text, label }) {
  const [said, setSaid] = useState('');
  const copy = async () => setSaid((await copyFrom(field.current, text)) ? 'Copied.' : 'Select the text and copy it.');
  return html`<div class="copy-row">
    <button type="button" class="button plain" onClick=${copy}>${icon('copy')}${label}</button>
    <span role="status" class="quiet">${said}</span>
  </div>`;
}

/** A link to be sent to somebody. @param {{url: string, label: string}} props */
export function LinkToCopy({ url, label }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  return html`<div class="form">
    <div class="field">
      <label for="link-to-copy">${label}</label>
      <input
        ref=${field}
        class="input"
        id="link-to-copy"
        dir="ltr"
        readonly
        value=${url}
        onFocus=${(/** @type {any} */ event) => event.target.select()}
      />
    </div>
    <${CopyButton} field=${field} text=${url} label="Copy the link" />
  </div>`;
}
