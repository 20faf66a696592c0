/**
 * Pieces that many views are made of: avatars, fields, buttons, empty states, and what stands in for a view that is
 * still to come.
 */

import { html, useEffect, useState } from '../vendor/preact.js';
import { initials } from './format.js';
import { callIcon, icon } from './icons.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../protocol/types.js').CallType} CallType */

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
 * @param {{
 *   name: string, label: string, error?: string, hint?: string, multiline?: boolean, [attribute: string]: unknown
 * }} props
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

/** @param {{picture: Parameters<typeof icon>[0], title: string, main?: boolean, children?: unknown}} props */
export function Empty({ picture, title, main, children }) {
  return html`<div class="empty">
    <span class="picture">${icon(picture)}</span>
    <${main ? 'h1' : 'h2'}>${title}<//>
    ${children}
  </div>`;
}

/** Only its members see this room. */
export const Lock = () =>
  html`<span class="silent" title="Private">${icon('lock')}<span class="hidden-visually">private</span></span>`;

/**
 * How many wait, with a word for those who hear it.
 * @param {{count: number, what: string, mention?: boolean}} props `mention`: that name the user
 */
export const Badge = ({ count, what, mention }) =>
  html`<span class=${`badge ${mention ? 'mention' : ''}`}>
    ${mention && html`<span aria-hidden="true">@</span>`}
    ${count > 99 ? '99+' : count}<span class="hidden-visually"> ${what}</span>
  </span>`;

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

/** A name that leads to the person's card. @param {{app: App, id: string, name: string}} props */
export const PersonName = ({ app, id, name }) =>
  html`<button
    type="button"
    class="person-name"
    dir="auto"
    title=${`About ${name}`}
    onClick=${() => app.navigation.showPerson({ id, username: name })}
  >
    ${name}
  </button>`;

/**
 * Ways to one person: a word where `write` is given, and both kinds of call.
 * @param {{name: string, ring: (callType: CallType) => void, write?: () => void}} props
 */
export function CallButtons({ name, ring, write }) {
  const button = (/** @type {CallType} */ callType, /** @type {string} */ label) =>
    html`<button
      class="button ghost small icon-only"
      aria-label=${label}
      title=${label}
      onClick=${() => ring(callType)}
    >
      ${callIcon(callType)}
    </button>`;
  const say =
    write &&
    html`<button
      class="button ghost small icon-only"
      aria-label=${`Write to ${name}`}
      title=${`Write to ${name}`}
      onClick=${write}
    >
      ${icon('rooms')}
    </button>`;
  return html`<span class="actions">
    ${say}${button('audio', `Call ${name}`)}${button('video', `Video call with ${name}`)}
  </span>`;
}

/** @typedef {'CallDesk' | 'browserDevices' | 'cornerOf' | 'focusHeading' | 'watch'} NoView of the later part */
/** @typedef {Exclude<keyof import('../app.js').Later, NoView>} LateView */

/**
 * A view of the part of the client that comes later, which is brought at once where somebody has asked for this.
 * @param {{app: App, view: LateView, meanwhile?: unknown, unasked?: boolean, [prop: string]: unknown}} props
 *   `meanwhile` stands in for it; `unasked`: it comes with the rest
 */
export function Late({ app, view, meanwhile = null, unasked = false, ...rest }) {
  useEffect(() => {
    if (!unasked) void app.later.bring();
  }, []);
  const { here } = app.later;
  return here ? html`<${here[view]} app=${app} ...${rest} />` : meanwhile;
}

/** @param {{app: App, small?: boolean}} props `small`: the picture alone */
export function LogOut({ app, small }) {
  const [asking, setAsking] = useState(false);
  const ask = () => setAsking(true);
  return html`
    ${small
      ? html`<button class="button ghost icon-only" aria-label="Log out" title="Log out" onClick=${ask}>
          ${icon('logOut')}
        </button>`
      : html`<button class="button plain" onClick=${ask}>${icon('logOut')}Log out</button>`}
    ${asking && html`<${Late} app=${app} view="LogOutQuestion" onClose=${() => setAsking(false)} />`}
  `;
}
