/** Where the call in a corner stands: in one of the four corners of what one reads, beside what one presses. */

import { useEffect, useState } from '../vendor/preact.js';

/** @typedef {keyof typeof CORNERS} Corner */

export const CORNERS = {
  'top-right': 'top right',
  'top-left': 'top left',
  'bottom-right': 'bottom right',
  'bottom-left': 'bottom left',
};

const KEPT = 'call-corner';
const GAP = 12;
/** Above the button that leads to the newest message. */
const ABOVE_PX = 64;
/** Its first rows are what one comes for: there the call stands at the bottom. */
const LIST = '.sidebar-list';
/** Less than this is a click. */
const DRAG_PX = 6;

/** What one reads: the messages; else the page; on a phone perhaps a list. */
function readingPlace() {
  const places = ['.main .scroll', '.main', LIST].map((name) => document.querySelector(name));
  return places.find((place) => place && place.getClientRects().length > 0) ?? document.body;
}

/** @param {Corner} corner @param {string} key of an arrow @returns {Corner} */
export function towards(corner, key) {
  const [vertical, horizontal] = corner.split('-');
  const moved = {
    ArrowUp: `top-${horizontal}`,
    ArrowDown: `bottom-${horizontal}`,
    ArrowLeft: `${vertical}-left`,
    ArrowRight: `${vertical}-right`,
  }[key];
  return /** @type {Corner} */ (moved ?? corner);
}

/**
 * @param {DOMRect} place @param {{offsetWidth: number, offsetHeight: number}} box @param {Corner} corner
 * @returns {{left: number, top: number}}
 */
function spot(place, { offsetWidth: width, offsetHeight: height }, corner) {
  const narrow = place.width < 3 * width;
  const left = corner.endsWith('left') ? place.left + GAP : place.right - width - GAP;
  const top = corner.startsWith('top') ? place.top + GAP : place.bottom - height - (narrow ? ABOVE_PX : GAP);
  // Whatever the place is, the whole of it can be seen.
  const inside = (/** @type {number} */ at, /** @type {number} */ from, /** @type {number} */ to) =>
    Math.max(0, from, Math.min(at, to));
  return {
    left: inside(left, 0, innerWidth - width),
    top: inside(top, Math.min(place.top, innerHeight - height), innerHeight - height),
  };
}

/**
 * @param {import('../app.js').App} app
 * @param {{current: HTMLElement | null}} ref
 */
export function useCorner(app, ref) {
  const [corner, setCorner] = useState(() => cornerOf(app));
  const settle = () => {
    const box = ref.current;
    if (!box) return;
    const place = readingPlace();
    const there = place.matches(LIST) ? towards(corner, 'ArrowDown') : corner;
    const { left, top } = spot(place.getBoundingClientRect(), box, there);
    Object.assign(box.style, { left: `${left}px`, top: `${top}px`, translate: '' });
  };
  useEffect(() => {
    // What one reads changes with the address, and its size with the window, a banner, a longer draft.
    const observer = new ResizeObserver(settle);
    for (const element of [readingPlace(), ref.current]) if (element) observer.observe(element);
    addEventListener('resize', settle);
    settle();
    return () => {
      observer.disconnect();
      removeEventListener('resize', settle);
    };
  }, [corner, app.route]);
  const choose = (/** @type {Corner} */ next) => {
    app.storage.write(KEPT, next);
    setCorner(next);
    app.changed();
  };
  return {
    corner,
    move: (/** @type {string} */ key) => choose(towards(corner, key)),
    drag: dragging(ref, choose, settle),
  };
}

/** @param {import('../app.js').App} app @returns {Corner} */
export function cornerOf(app) {
  const kept = app.storage.read(KEPT);
  return kept in CORNERS ? kept : 'top-right';
}

/**
 * Follows the pointer, and snaps to the corner that is nearest.
 * @param {{current: HTMLElement | null}} ref @param {(corner: Corner) => void} choose @param {() => void} settle
 */
function dragging(ref, choose, settle) {
  const onPointerDown = (/** @type {PointerEvent} */ down) => {
    const box = ref.current;
    const handle = down.currentTarget;
    if (!box || !(handle instanceof HTMLElement)) return;
    if (down.target instanceof Element && down.target.closest('.enlarge')) return;
    const from = { x: down.clientX, y: down.clientY };
    let moved = false;
    const follow = (/** @type {PointerEvent} */ event) => {
      const [x, y] = [event.clientX - from.x, event.clientY - from.y];
      moved ||= Math.hypot(x, y) > DRAG_PX;
      if (!moved) return;
      box.dataset.dragged = '';
      box.style.translate = `${x}px ${y}px`;
    };
    const end = () => {
      handle.removeEventListener('pointermove', follow);
      handle.removeEventListener('pointerup', end);
      handle.removeEventListener('pointercancel', end);
      if (!moved) return;
      const { left, top, width, height } = box.getBoundingClientRect();
      delete box.dataset.dragged;
      const place = readingPlace().getBoundingClientRect();
      const vertical = top + height / 2 < place.top + place.height / 2 ? 'top' : 'bottom';
      choose(
        /** @type {Corner} */ (`${vertical}-${left + width / 2 < place.left + place.width / 2 ? 'left' : 'right'}`),
      );
      // Back in the corner where it was, nothing else would put it there.
      settle();
    };
    handle.setPointerCapture(down.pointerId);
    handle.addEventListener('pointermove', follow);
    handle.addEventListener('pointerup', end);
    handle.addEventListener('pointercancel', end);
  };
  return { onPointerDown };
}
