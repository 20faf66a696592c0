/**
 * Going from message to message by the keyboard: the arrows move the focus, and scroll what is longer than the view.
 */

/** @param {KeyboardEvent} event at the list @param {import('./scroll-place.js').ScrollPlace} place */
export function moveByKey(event, place) {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const { scroller } = place;
  const target = /** @type {Element} */ (event.target);
  if (!step || (target !== scroller && !target.matches('[data-seq]'))) return;
  const current = target === scroller ? null : target;
  const view = scroller.getBoundingClientRect();
  const box = current?.getBoundingClientRect();
  // The rest of a long message comes into view first.
  if (box && (step < 0 ? box.top < view.top - 1 : box.bottom > view.bottom + 1)) return;
  const all = [...place.messages];
  const next = current ? all[all.indexOf(/** @type {HTMLElement} */ (current)) + step] : place.lastInView();
  if (!next) return;
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: 'nearest' });
}
