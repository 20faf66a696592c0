/** What stands in front of the app, or for a while at its side: dialogs and drawers. */

import { html, render, useLayoutEffect, useRef, useState } from '../vendor/preact.js';
import { useId } from './hooks.js';
import { icon } from './icons.js';

/** What one writes into. */
const FIELDS = 'input:not([type="hidden"], [type="radio"], [type="checkbox"]), textarea';

/**
 * Shows its children beside the app, in front of it, where no hidden or clipped parent of a view can hide them.
 * @param {{children?: unknown}} props
 */
function Portal({ children }) {
  const [place] = useState(() => document.createElement('div'));
  useLayoutEffect(() => {
    (document.getElementById('layers') ?? document.body).append(place);
    return () => {
      // Before the place is gone: an effect that ends a dialog needs it in the page to give the focus back.
      render(null, place);
      place.remove();
    };
  }, []);
  useLayoutEffect(() => render(children, place));
  return null;
}

/**
 * A dialog in front of everything: focus goes in, stays there and comes back. Where its first field is not what one
 * comes for, an element with `autofocus` is.
 * @param {{title: string, onClose: () => void, children?: unknown, class?: string}} props
 */
export const Dialog = (props) => html`<${Portal}><${DialogBox} ...${props} /><//>`;

/** @param {Parameters<typeof Dialog>[0]} props */
function DialogBox({ title, onClose, children, class: extra = '' }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId('dialog-title');
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    const first =
      dialog?.querySelector('[autofocus]') ??
      dialog?.querySelector(FIELDS) ??
      dialog?.querySelector('.form-row .button') ??
      dialog;
    if (first instanceof HTMLElement) first.focus();
    // Closing, not just removing it, gives the focus back to where it was.
    return () => dialog?.close();
  }, []);
  const cancel = (/** @type {Event} */ event) => {
    event.preventDefault();
    onClose();
  };
  return html`<dialog ref=${ref} class=${extra} tabindex="-1" aria-labelledby=${id} onCancel=${cancel}>
    <div class="dialog-head">
      <h2 id=${id} dir="auto">${title}</h2>
      <button type="button" class="button ghost icon-only" aria-label="Close" onClick=${onClose}>
        ${icon('close')}
      </button>
    </div>
    ${children}
  </dialog>`;
}

/**
 * What stands at the side of a page: beside it where there is room, else in front of it until it is closed.
 * The button that opens it names its `id` in `aria-controls`, and gets the focus when it closes.
 * @param {{id: string, title: string, beside: boolean, onClose: () => void, children?: unknown}} props
 */
export function Drawer({ id, beside, onClose, ...rest }) {
  const close = () => {
    onClose();
    const opener = document.querySelector(`[aria-controls="${id}"]`);
    if (opener instanceof HTMLElement) opener.focus();
  };
  return beside
    ? html`<${Beside} id=${id} close=${close} ...${rest} />`
    : html`<${Portal}><${InFront} id=${id} close=${close} ...${rest} /><//>`;
}

/** @typedef {{id: string, title: string, close: () => void, children?: unknown}} Props */

/** @param {Props} props */
function Beside({ id, title, close, children }) {
  const titleId = useId('drawer-title');
  const keyed = (/** @type {KeyboardEvent} */ event) => event.key === 'Escape' && close();
  return html`<aside id=${id} class="drawer" aria-labelledby=${titleId} onKeyDown=${keyed}>
    <${Inside} title=${title} titleId=${titleId} close=${close}>${children}<//>
  </aside>`;
}

/** @param {Props} props */
function InFront({ id, title, close, children }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const titleId = useId('drawer-title');
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  const cancel = (/** @type {Event} */ event) => {
    event.preventDefault();
    close();
  };
  // All of the dialog is covered by what is inside: a click on itself is one beside it.
  const clicked = (/** @type {Event} */ event) => event.target === event.currentTarget && close();
  return html`<dialog
    ref=${ref}
    id=${id}
    class="drawer"
    aria-labelledby=${titleId}
    onCancel=${cancel}
    onClick=${clicked}
  >
    <${Inside} title=${title} titleId=${titleId} close=${close}>${children}<//>
  </dialog>`;
}

/** @param {{title: string, titleId: string, close: () => void, children?: unknown}} props */
function Inside({ title, titleId, close, children }) {
  return html`<div class="drawer-inside">
    <div class="drawer-head">
      <h2 id=${titleId}>${title}</h2>
      <button type="button" class="button ghost icon-only" aria-label="Close" onClick=${close}>${icon('close')}</button>
    </div>
    <div class="drawer-body" tabindex="0" role="group" aria-labelledby=${titleId}>${children}</div>
  </div>`;
}
