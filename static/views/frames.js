/** Work that follows the changes of a store, at most once a frame: many messages a second cost no more than a few. */

/** Where no frames are drawn, as in a hidden tab, the work is done after this: a call must be heard there too. */
const LATEST_MS = 100;

/**
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
