/** Completes names after an `@` while one writes: the list above the field, and the keys that choose from it. */

import { begunMention, completions } from '../state/mentions.js';
import { html, useEffect, useState } from '../vendor/preact.js';

const MOST = 6;
const LIST = 'mention-list';

/**
 * @typedef {object} Mentions
 * @property {unknown} list
 * @property {object} attributes of the field
 * @property {() => void} look to be called where the cursor may be elsewhere
 * @property {() => void} hide to be called where the field loses the focus
 * @property {(event: KeyboardEvent) => boolean} keyed says whether a key was for the list
 */

/**
 * @param {object} options
 * @param {{current: HTMLTextAreaElement | null}} options.field
 * @param {string} options.text in the field
 * @param {string[]} options.names of those who may be mentioned
 * @param {(text: string) => void} options.change puts another text into the field
 * @returns {Mentions}
 */
export function useMentions({ field, text, names, change }) {
  const [cursor, setCursor] = useState(0);
  const [at, setAt] = useState(0);
  /** The text for which the list was put aside. */
  const [aside, setAside] = useState('');
  const begun = text === aside ? null : begunMention(text.slice(0, cursor));
  // Where nobody else is, nobody is called by name.
  const found = begun && names.length ? completions(begun.begun, names, MOST) : [];
  const place = Math.min(at, found.length - 1);
  useEffect(() => setAt(0), [begun?.begun]);

  const choose = (/** @type {string | undefined} */ name) => {
    if (!begun || !name) return;
    const before = `${text.slice(0, begun.from)}@${name} `;
    change(before + text.slice(cursor).replace(/^ /, ''));
    setCursor(before.length);
    // Once the field holds the new text.
    requestAnimationFrame(() => {
      field.current?.focus();
      field.current?.setSelectionRange(before.length, before.length);
    });
  };
  const keyed = (/** @type {KeyboardEvent} */ event) => {
    if (!found.length || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setAt((place + step + found.length) % found.length);
    else if ((event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey) choose(found[place]);
    else if (event.key === 'Escape') setAside(text);
    else return false;
    event.preventDefault();
    return true;
  };
  const list = html`<p class="hidden-visually" role="status">
      ${found.length > 0 && `${found[place]}, ${place + 1} of ${found.length}. Enter takes it.`}
    </p>
    ${found.length > 0 &&
    html`<ul class="mention-list" id=${LIST} role="listbox" aria-label="Names">
      ${found.map(
        (name, index) =>
          html`<li
            key=${name}
            id=${`${LIST}-${index}`}
            role="option"
            aria-selected=${index === place}
            dir="auto"
            onPointerDown=${(/** @type {Event} */ event) => event.preventDefault()}
            onClick=${() => choose(name)}
          >
            @${name}${name === 'all' && html` <span class="quiet">everybody here</span>`}
          </li>`,
      )}
    </ul>`}`;
  const attributes = found.length
    ? { 'aria-autocomplete': 'list', 'aria-controls': LIST, 'aria-activedescendant': `${LIST}-${place}` }
    : { 'aria-autocomplete': 'list' };
  return {
    list,
    attributes,
    look: () => setCursor(field.current?.selectionStart ?? 0),
    hide: () => setCursor(0),
    keyed,
  };
}
