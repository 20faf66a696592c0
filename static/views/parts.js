/** Pieces that many views are made of: avatars, fields, dialogs, empty states. */

import { html, useLayoutEffect, useRef } from '../vendor/preact.js';
import { initials } from './format.js';
import { useId } from './hooks.js';
import { icon } from './icons.js';
import { Portal } from './portal.js';

/** What one writes into. */
const FIELDS = 'input:not([type="hidden"], [type="radio"], [type="checkbox"]), textarea';

/** A colour that stays with an id. Ids that follow each other get colours far apart. @param {string} id */
export function hue(id) {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 9973;
  return `hue-${(sum * 5) % 12}`;
}

/** @param {{id: string, name: string, online?: boolean, size?: 'small' | 'large'}} props */
export function Avatar({ id, name, online, size }) {
  return html`<span class=${`avatar ${hue(id)} ${size ?? ''}`} aria-hidden="true">
    ${initials(name)}${online && html`<span class="presence"></span>`}
  </span>`;
}

/**
 * A labelled field with its hint and what is wrong with it.
 * @param {{name: string, label: string, error?: string, hint?: string, multiline?: boolean, [attribute: string]: unknown}} props
 */
export function Field({ name, label, error, hint, multiline, ...rest }) {
  const id = `field-${name}`;
  const described = [error && `${id}-wrong`, hint && `${id}-hint`].filter(Boolean).join(' ');
  const attributes = {
    id,
    name,
    class: 'input',
    dir: rest.type ? undefined : 'auto',
    'aria-invalid': error ? 'true' : undefined,
    'aria-describedby': described || undefined,
    ...rest,
  };
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${multiline ? html`<textarea ...${attributes}></textarea>` : html`<input ...${attributes} />`}
    ${error && html`<p class="wrong" id=${`${id}-wrong`}>${icon('alert')}${error}</p>`}
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
  </div>`;
}

/**
 * A field that narrows a list.
 * @param {{label: string, value: string, onInput: (words: string) => void}} props
 */
export const SearchField = ({ label, value, onInput }) => html`<div class="search">
  ${icon('search')}
  <input class="input" type="search" dir="auto" aria-label=${label} placeholder=${label} value=${value}
    onInput=${(/** @type {any} */ event) => onInput(event.target.value)} />
</div>`;

/**
 * What went wrong with a form as a whole.
 * @param {{kind?: 'bad' | 'warn' | 'good', children?: unknown}} props
 */
export function Notice({ kind = 'bad', children }) {
  return html`<div class=${`notice ${kind}`} role=${kind === 'bad' ? 'alert' : 'status'}>
    ${icon(kind === 'good' ? 'check' : 'alert')}<div>${children}</div>
  </div>`;
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
    const first = dialog?.querySelector('[autofocus]') ?? dialog?.querySelector(FIELDS) ?? dialog?.querySelector('.form-row .button') ?? dialog;
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
      <button type="button" class="button ghost icon-only" aria-label="Close" onClick=${onClose}>${icon('close')}</button>
    </div>
    ${children}
  </dialog>`;
}

/** @param {{picture: Parameters<typeof icon>[0], title: string, main?: boolean, children?: unknown}} props */
export function Empty({ picture, title, main, children }) {
  return html`<div class="empty">
    <span class="picture">${icon(picture)}</span>
    <${main ? 'h1' : 'h2'}>${title}<//>
    ${children}
  </div>`;
}

/** How many wait, with a word for those who hear it. @param {{count: number, what: string}} props */
export const Badge = ({ count, what }) =>
  html`<span class="badge">${count > 99 ? '99+' : count}<span class="hidden-visually"> ${what}</span></span>`;

/**
 * The way back to the list, where list and room are not side by side, as on phones.
 * @param {{unread: number, where?: string}} props what waits there
 */
export const BackToRooms = ({ unread, where = '' }) => {
  const label = unread > 0 ? `Back to the rooms, ${unread} unread${where}` : 'Back to the rooms';
  return html`<a class=${`button ghost back ${unread > 0 ? '' : 'icon-only'}`} href="#/rooms" aria-label=${label}>
    ${icon('back')}${unread > 0 && html`<${Badge} count=${unread} what="unread" />`}
  </a>`;
};

/** @param {{label?: string}} props */
export const Spinner = ({ label = 'Loading' }) =>
  html`<span class="spinner" role="status" aria-label=${label}></span>`;

/** Rows that are still to come. @param {{rows?: number, label: string}} props */
export const Skeleton = ({ rows = 5, label }) =>
  html`<div role="status" aria-label=${label}>
    ${Array.from(
      { length: rows },
      () => html`<div class="row"><span class="avatar skeleton"></span><span class="skeleton">${'\u00a0'}</span></div>`,
    )}
  </div>`;
