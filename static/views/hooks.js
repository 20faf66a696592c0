/** Small hooks that several views share. */

import { asRequestError } from '../protocol/errors.js';
import { useEffect, useState } from '../vendor/preact.js';
import { eachFrame } from './frames.js';

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
 * An action with its state: busy or not, and what went wrong.
 * @returns {{busy: boolean, error: import('../protocol/errors.js').RequestError | null, run: (work: () => Promise<void>) => Promise<void>, clear: () => void}}
 */
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
