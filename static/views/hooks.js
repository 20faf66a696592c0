/** Small hooks that several views share, and the pace at which views follow what changes. */

import { asRequestError } from '../protocol/errors.js';
import { useEffect, useRef, useState } from '../vendor/preact.js';

/** Where no frames are drawn, as in a hidden tab, the work is done after this: a call must be heard there too. */
const LATEST_MS = 100;

/**
 * Work that follows the changes of a store, at most once a frame: many messages a second cost no more than a few.
 * @param {import('../state/store.js').Store} store
 * @param {() => void} work
 * @returns {() => void} ends it
 */
export function eachFrame(store, work) {
  let frame = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const cancel = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    timer = undefined;
  };
  const run = () => {
    cancel();
    work();
  };
  const stop = store.subscribe(() => {
    if (timer !== undefined) return;
    frame = requestAnimationFrame(run);
    timer = setTimeout(run, LATEST_MS);
  });
  return () => {
    stop();
    cancel();
  };
}

/**
 * Shows a view again whenever a store changes.
 * @param {import('../state/store.js').Store} store
 */
export function useStore(store) {
  const [, again] = useState(0);
  useEffect(() => {
    again(store.version);
    return eachFrame(store, () => again(store.version));
  }, [store]);
}

/**
 * The time, fresh every so often, while something depends on it.
 * @param {number} everyMs
 * @param {boolean} [active]
 */
export function useNow(everyMs, active = true) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!active) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, active]);
  return now;
}

/**
 * Whether the page is of a kind, such as wide or touched.
 * @param {string} query of CSS
 */
export function useMedia(query) {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const look = () => setMatches(list.matches);
    look();
    list.addEventListener('change', look);
    return () => list.removeEventListener('change', look);
  }, [query]);
  return matches;
}

let ids = 0;

/** An id that no other element of the page has. @param {string} name what it is for */
export function useId(name) {
  const [id] = useState(() => `${name}-${(ids += 1)}`);
  return id;
}

/**
 * @typedef {object} Action
 * @property {boolean} busy
 * @property {import('../protocol/errors.js').RequestError | null} error
 * @property {(work: () => Promise<void>) => Promise<void>} run
 * @property {() => void} clear
 */

/** An action with its state: busy or not, and what went wrong. @returns {Action} */
export function useAction() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  return {
    busy,
    error,
    clear: () => setError(null),
    async run(work) {
      if (busy) return;
      setBusy(true);
      setError(null);
      try {
        await work();
      } catch (thrown) {
        setError(asRequestError(thrown));
      } finally {
        setBusy(false);
      }
    },
  };
}

/**
 * Focus goes to the first field when a form comes, and to the first wrong one when the server found fault.
 * @param {unknown} trouble
 */
export function useFormFocus(trouble) {
  const ref = useRef(/** @type {HTMLFormElement | null} */ (null));
  useEffect(() => {
    const wrong = trouble && ref.current?.querySelector('[aria-invalid="true"]');
    const field = wrong || ref.current?.querySelector('input');
    if (field instanceof HTMLElement) field.focus();
  }, [trouble]);
  return ref;
}

/** @param {HTMLFormElement} form @param {string} name */
export const valueOf = (form, name) => String(new FormData(form).get(name) ?? '');

/** Nothing has the focus. */
export const focusIsLost = () => !document.activeElement || document.activeElement === document.body;
