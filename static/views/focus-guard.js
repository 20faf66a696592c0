/**
 * Sees to it that the focus is never on nothing: when what had it goes, the nearest thing that is still there takes it.
 */

/** Preact's effects, which know better where work goes on, come before. */
const WAIT_MS = 120;
/** What can hide an element that has the focus. */
const HIDERS = ['data-view', 'data-call', 'disabled', 'hidden', 'inert', 'role'];

/**
 * It can be seen, and may take the focus.
 * @param {Element | null | undefined} element
 * @returns {element is HTMLElement}
 */
export const usable = (element) =>
  element instanceof HTMLElement &&
  element !== document.body &&
  element.checkVisibility({ visibilityProperty: true }) &&
  !element.matches(':disabled, [inert] *, [inert]');

/** @param {HTMLElement} element */
function focus(element) {
  if (element.tabIndex < 0 && !element.hasAttribute('tabindex')) element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

/** To the heading of what is in view, or to what lies in front of it. */
export function focusHeading() {
  const inFront = [...document.querySelectorAll('dialog:modal')].at(-1);
  const places = inFront
    ? [inFront.querySelector('button'), inFront]
    : ['h1', 'main, [role="main"]'].flatMap((one) => [...document.querySelectorAll(one)]);
  const place = places.find(usable);
  if (place) focus(place);
}

/** @param {Element} root whose parts come and go */
export function guardFocus(root) {
  /** @type {Element[]} what had the focus last, and what it is in */
  let trail = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const follow = (/** @type {Element | null} */ element) => {
    trail = [];
    for (let at = element; at; at = at.parentElement) trail.push(at);
  };
  // What has it already may go just now: what only stood in for something until this part came.
  if (usable(document.activeElement)) follow(document.activeElement);
  document.addEventListener('focusin', (event) => follow(/** @type {Element | null} */ (event.target)));
  const check = () => {
    timer = undefined;
    if (usable(document.activeElement)) return;
    // It is still there: who clicked on nothing wanted the focus nowhere.
    if (usable(trail[0])) trail = [];
    if (!trail.length) return;
    const near = trail.find((element) => usable(element) && element.hasAttribute('tabindex'));
    if (near) focus(/** @type {HTMLElement} */ (near));
    else focusHeading();
  };
  const later = () => {
    timer ??= setTimeout(check, WAIT_MS);
  };
  document.addEventListener('focusout', (event) => event.relatedTarget === null && later());
  new MutationObserver(later).observe(root, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: HIDERS,
  });
}
