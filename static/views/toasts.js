/** Short words about what just happened, in a row of their own: they push what is below and cover nothing. */

import { html, useEffect, useState } from '../vendor/preact.js';
import { icon } from './icons.js';

/** @typedef {import('../app.js').App} App */

const SHOWN_MS = 8_000;

/** Behind a dialog they could not be read: they wait until it is closed. @param {{app: App}} props */
export function Toasts({ app }) {
  const behind = useDialogInFront();
  const shown = behind ? [] : app.toasts;
  return html`<div class="toasts" role="status" aria-live="polite">
    ${shown.map((toast) => html`<${Toast} key=${toast.id} text=${toast.text} onDone=${() => app.dismiss(toast.id)} />`)}
  </div>`;
}

/** It stays while somebody points at it or has the focus in it. @param {{text: string, onDone: () => void}} props */
function Toast({ text, onDone }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return undefined;
    const timer = setTimeout(onDone, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [held]);
  const [hold, free] = [() => setHeld(true), () => setHeld(false)];
  return html`<div class="toast" onPointerEnter=${hold} onPointerLeave=${free} onFocusCapture=${hold} onBlurCapture=${free}>
    <span dir="auto">${text}</span>
    <button class="button ghost small icon-only" aria-label="Dismiss" onClick=${onDone}>${icon('close')}</button>
  </div>`;
}

function useDialogInFront() {
  const look = () => document.querySelector('dialog:modal') !== null;
  const [there, setThere] = useState(look);
  useEffect(() => {
    const observer = new MutationObserver(() => setThere(look()));
    observer.observe(document.body, { subtree: true, attributes: true, attributeFilter: ['open'] });
    const layers = document.getElementById('layers');
    if (layers) observer.observe(layers, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, []);
  return there;
}
