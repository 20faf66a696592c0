/** What stands at the side of a page: beside it where there is room, else in front of it until it is closed. */

import { html, useLayoutEffect, useRef } from '../vendor/preact.js';
import { useId } from './hooks.js';
import { icon } from './icons.js';
import { Portal } from './portal.js';

/**
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
  return html`<dialog ref=${ref} id=${id} class="drawer" aria-labelledby=${titleId} onCancel=${cancel} onClick=${clicked}>
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
