/** Where the focus goes when what had it is gone: to where one works, never to nowhere. */

import { useEffect, useLayoutEffect, useRef, useState } from '../vendor/preact.js';

/** @param {Element | null | undefined} element @returns {element is HTMLElement} */
function canTake(element) {
  return element instanceof HTMLElement && element !== document.body && element.checkVisibility({ visibilityProperty: true }) && !element.closest('[inert]');
}

export const focusIsLost = () => !document.activeElement || document.activeElement === document.body;

/** To the field of the open room, to what was pressed before, or else to the main part. @param {Element | null} [opener] */
export function focusHome(opener) {
  // On a touch screen the keyboard would jump up.
  const field = matchMedia('(hover: hover)').matches ? document.querySelector('.composer textarea') : null;
  const places = [field, opener, document.querySelector('.main'), document.querySelector('.sidebar-list')];
  places.find(canTake)?.focus();
}

/**
 * When this view goes while it has the focus, the focus goes home.
 * @param {{current: HTMLElement | null}} ref
 */
export function useFocusHome(ref) {
  const [opener] = useState(() => document.activeElement);
  useLayoutEffect(
    () => () => {
      // As it goes it is still in the page; after that the browser has put the focus nowhere.
      if (ref.current?.contains(document.activeElement)) queueMicrotask(() => focusIsLost() && focusHome(opener));
    },
    [],
  );
}

/**
 * Runs on a key without others, while the focus is in this view or nowhere, and not where one writes.
 * @param {{current: HTMLElement | null}} ref
 * @param {Record<string, () => unknown>} keys by letter
 */
export function useKeys(ref, keys) {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const keyed = (/** @type {KeyboardEvent} */ event) => {
      const { target } = event;
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || !(target instanceof Element)) return;
      if (target.closest('input, textarea, select, dialog') || document.querySelector('dialog:modal')) return;
      if (!focusIsLost() && !ref.current?.contains(target)) return;
      const act = latest.current[letterOf(event)];
      if (!act) return;
      event.preventDefault();
      act();
    };
    document.addEventListener('keydown', keyed);
    return () => document.removeEventListener('keydown', keyed);
  }, []);
}

/** The letter that was pressed; on a keyboard of another script, that of the same place. @param {KeyboardEvent} event */
export function letterOf(event) {
  const key = event.key.toLowerCase();
  return /^[a-z]$/.test(key) ? key : event.code.replace(/^Key/, '').toLowerCase();
}
