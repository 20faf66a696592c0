/** A QR code as a picture, dark on light in both themes: that is what cameras read. */

import { qrCode } from '../state/qr.js';
import { html } from '../vendor/preact.js';

/** Light squares around it that cameras need. */
const BORDER = 4;

/** @param {{text: string, label: string}} props */
export function QrCode({ text, label }) {
  const rows = qrCode(text);
  if (!rows) return null;
  const size = rows.length + 2 * BORDER;
  const path = rows
    .flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + BORDER} ${y + BORDER}h1v1h-1z` : '')))
    .join('');
  return html`<svg
    class="qr"
    viewBox=${`0 0 ${size} ${size}`}
    role="img"
    aria-label=${label}
    shape-rendering="crispEdges"
  >
    <rect width=${size} height=${size} fill="#fff" />
    <path d=${path} fill="#000" />
  </svg>`;
}
