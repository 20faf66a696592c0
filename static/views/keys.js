/** Keys that do in a call what its buttons do. */

import { useEffect, useRef } from '../vendor/preact.js';
import { focusIsLost } from './hooks.js';

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

/**
 * The letter that was pressed; on a keyboard of another script, that of the same place.
 * @param {KeyboardEvent} event
 */
export function letterOf(event) {
  const key = event.key.toLowerCase();
  return /^[a-z]$/.test(key) ? key : event.code.replace(/^Key/, '').toLowerCase();
}
