/** How a call is offered: one button for each kind, which shows what it starts. */

import { html } from '../vendor/preact.js';
import { icon } from './icons.js';

/** @typedef {import('../protocol/types.js').CallType} CallType */

/** @param {CallType} callType */
export const callIcon = (callType) => icon(callType === 'audio' ? 'phone' : 'camera');

/** Both kinds of call to one person. @param {{name: string, ring: (callType: CallType) => void}} props */
export function CallButtons({ name, ring }) {
  const button = (/** @type {CallType} */ callType, /** @type {string} */ label) =>
    html`<button class="button ghost small icon-only" aria-label=${label} title=${label} onClick=${() => ring(callType)}>${callIcon(callType)}</button>`;
  return html`<span class="actions">${button('audio', `Call ${name}`)}${button('video', `Video call with ${name}`)}</span>`;
}
