/** Where the focus goes when what had it is gone: to where one works, never to nowhere. */

import { useLayoutEffect, useState } from '../vendor/preact.js';
import { focusHeading, usable } from './focus-guard.js';
import { focusIsLost } from './hooks.js';

/**
 * To the field of the open room, to what was pressed before, or else to the heading.
 * @param {Element | null} [opener]
 */
export function focusHome(opener) {
  // On a touch screen the keyboard would jump up.
  const field = matchMedia('(hover: hover)').matches ? document.querySelector('.composer textarea') : null;
  const place = [field, opener].find(usable);
  if (place) place.focus();
  else focusHeading();
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
