/**
 * A button with a menu: by pointer and by keyboard the same everywhere. The browser shows it in front of everything and
 * closes it at Escape or a click beside it.
 */

import { html, useEffect, useRef, useState } from '../vendor/preact.js';
import { useId } from './hooks.js';
import { icon } from './icons.js';

/** @typedef {Parameters<typeof icon>[0]} Picture */
/**
 * @typedef {{picture?: Picture, label: string, act: () => void, bad?: boolean, checked?: boolean}} Item with `checked`,
 *   one of several to choose from
 */

const GAP = 4;

/** Beside its button, towards the middle of the page. @param {DOMRect} button @param {HTMLElement} menu */
function place(button, menu) {
  const { clientWidth: width, clientHeight: height } = document.documentElement;
  const below = button.top + button.bottom < height;
  const left = button.left + button.right < width;
  const room = (below ? height - button.bottom : button.top) - 2 * GAP;
  Object.assign(menu.style, {
    top: below ? `${button.bottom + GAP}px` : 'auto',
    bottom: below ? 'auto' : `${height - button.top + GAP}px`,
    left: left ? `${button.left}px` : 'auto',
    right: left ? 'auto' : `${width - button.right}px`,
    maxHeight: `${room}px`,
  });
}

/** Where the focus goes from an item at a key. @param {string} key @param {number} at @param {HTMLElement[]} items */
function target(key, at, items) {
  const last = items.length - 1;
  if (key === 'ArrowDown') return items[at === last ? 0 : at + 1];
  if (key === 'ArrowUp') return items[at <= 0 ? last : at - 1];
  if (key === 'Home') return items[0];
  if (key === 'End') return items[last];
  if (key.length > 1 || key === ' ') return undefined;
  // By the first letter, from where one is.
  const begins = (/** @type {HTMLElement} */ item) =>
    item.textContent?.trim().toLowerCase().startsWith(key.toLowerCase());
  return [...items.slice(at + 1), ...items.slice(0, at + 1)].find(begins);
}

/**
 * @param {{label: string, title?: string, picture?: Picture, items: Item[], opened?: boolean}} props `opened`: at once
 */
export function Menu({ label, title, picture = 'more', items, opened }) {
  const id = useId('menu');
  const [open, setOpen] = useState(false);
  const button = useRef(/** @type {HTMLButtonElement | null} */ (null));
  const menu = useRef(/** @type {HTMLElement | null} */ (null));
  const entries = () => /** @type {HTMLElement[]} */ ([...(menu.current?.children ?? [])]);
  useEffect(() => {
    if (opened) menu.current?.showPopover();
  }, []);
  const opens = (/** @type {any} */ event) => {
    if (event.newState === 'open' && button.current && menu.current) {
      place(button.current.getBoundingClientRect(), menu.current);
    }
  };
  const toggled = (/** @type {any} */ event) => {
    const isOpen = event.newState === 'open';
    setOpen(isOpen);
    if (isOpen) (entries().find((item) => item.ariaChecked === 'true') ?? entries()[0])?.focus();
    // A click on nothing that takes the focus.
    else if (document.activeElement === document.body) button.current?.focus();
  };
  const keyed = (/** @type {KeyboardEvent} */ event) => {
    // The focus is on the button again, and goes on from there.
    if (event.key === 'Tab') menu.current?.hidePopover();
    const next = target(event.key, entries().indexOf(/** @type {any} */ (document.activeElement)), entries());
    if (!next || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    next.focus();
  };
  const left = (/** @type {FocusEvent} */ event) => {
    const to = event.relatedTarget;
    // The button closes its menu itself.
    if (to instanceof Node && to !== button.current && !menu.current?.contains(to)) menu.current?.hidePopover();
  };
  const openByArrow = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== 'ArrowDown') return;
    event.preventDefault();
    menu.current?.showPopover();
  };
  const choose = (/** @type {Item} */ item) => {
    // First, so that a dialog that opens now gives the focus back to the button.
    menu.current?.hidePopover();
    button.current?.focus();
    item.act();
  };
  return html`<button
      ref=${button}
      type="button"
      class="button ghost icon-only"
      aria-label=${label}
      title=${title}
      aria-haspopup="menu"
      aria-expanded=${open}
      aria-controls=${id}
      popovertarget=${id}
      onKeyDown=${openByArrow}
    >
      ${icon(picture)}
    </button>
    <div
      ref=${menu}
      id=${id}
      class="menu"
      popover="auto"
      role="menu"
      aria-label=${title ?? label}
      onBeforeToggle=${opens}
      onToggle=${toggled}
      onKeyDown=${keyed}
      onfocusout=${left}
    >
      ${items.map(
        (item) =>
          html`<button
            type="button"
            key=${item.label}
            class=${item.bad ? 'bad' : ''}
            tabindex="-1"
            role=${item.checked === undefined ? 'menuitem' : 'menuitemradio'}
            aria-checked=${item.checked}
            onClick=${() => choose(item)}
          >
            ${item.checked ? icon('check') : item.picture && icon(item.picture)}${item.label}
          </button>`,
      )}
    </div>`;
}
