/** Picks people by name: a field that finds them, a list to tick, those who are picked first. */

import { Directory } from '../state/directory.js';
import { html, useEffect, useState } from '../vendor/preact.js';
import { useStore } from './hooks.js';
import { Avatar, Notice, SearchField } from './parts.js';

/** @typedef {import('../protocol/types.js').UserRef} UserRef */

const TYPING_MS = 200;
/** More are found by more of their name. */
const MOST = 8;

/**
 * @param {object} props
 * @param {import('../app.js').App} props.app
 * @param {UserRef[]} props.picked
 * @param {(picked: UserRef[]) => void} props.onPick
 * @param {Set<string>} [props.without] ids of those who are not to be picked, besides oneself
 * @param {string} props.legend
 */
export function PeoplePicker({ app, picked, onPick, without = new Set(), legend }) {
  const [directory] = useState(() => new Directory({ rest: app.rest }));
  const [words, setWords] = useState('');
  useStore(directory);
  useEffect(() => {
    const timer = setTimeout(() => directory.search(words), directory.loaded ? TYPING_MS : 0);
    return () => clearTimeout(timer);
  }, [words]);
  const me = app.session.user?.id;
  const ids = new Set(picked.map((one) => one.id));
  const found = directory.pages
    .flatMap((page) => page.users)
    .filter(({ id }) => id !== me && !ids.has(id) && !without.has(id));
  const turn = (/** @type {UserRef} */ one) =>
    onPick(ids.has(one.id) ? picked.filter(({ id }) => id !== one.id) : [...picked, one]);
  // The field is in a form that would be sent.
  const keyed = (/** @type {KeyboardEvent} */ event) => event.key === 'Enter' && event.preventDefault();
  return html`<fieldset class="bare-set picker">
    <legend>${legend}</legend>
    <div onKeyDown=${keyed}><${SearchField} label="Search people" value=${words} onInput=${setWords} /></div>
    ${directory.problem && html`<${Notice}>${directory.problem}<//>`}
    <ul>
      ${[...picked, ...found.slice(0, MOST)].map(
        (one) => html`<li key=${one.id}><label class="choice">
          <input type="checkbox" checked=${ids.has(one.id)} onChange=${() => turn(one)} />
          <${Avatar} id=${one.id} name=${one.username} /><span class="one-line" dir="auto">${one.username}</span>
        </label></li>`,
      )}
    </ul>
    ${directory.loaded &&
    !found.length &&
    html`<p class="quiet" role="status">${words.trim() ? 'Nobody else of that name.' : 'Nobody else is here yet.'}</p>`}
  </fieldset>`;
}
