/** How the pictures of a call stand together: one large beside the others, two, or all alike. */

import { columnOf, gridFor } from '../call/grid.js';
import { largeOf, picturesOf } from '../call/pictures.js';
import { html, useEffect, useRef, useState } from '../vendor/preact.js';
import { PeerTile, SelfTile } from './call-tile.js';
import { useStore } from './hooks.js';

/** @typedef {import('../call/desk.js').CallDesk} CallDesk */
/** @typedef {import('../call/peer.js').Peer} Peer */
/** @typedef {import('../call/pictures.js').PictureOf} PictureOf */

/** @param {{calls: CallDesk, user: {id: string, username: string}, peers: Peer[]}} props */
export function Tiles({ calls, user, peers }) {
  const { mesh, media } = calls;
  useStore(calls.seat.signs);
  const [pinned, setPinned] = useState('');
  const [place, size] = useSize();
  const pictures = picturesOf(peers, Boolean(media.screen));
  const large = largeOf(pictures, pinned);
  const tile = (/** @type {PictureOf} */ { key, peer, screen }, pinnable = true) => {
    const pin = pinnable && { pinned: key === pinned, onPin: () => setPinned(key === pinned ? '' : key) };
    if (!peer) return html`<${SelfTile} key=${key} media=${media} user=${user} screen=${screen} pin=${pin} />`;
    const { userId } = peer;
    return html`<${PeerTile}
      key=${key}
      peer=${peer}
      screen=${screen}
      quality=${mesh?.quality.get(userId)}
      speaking=${mesh?.speaking.has(userId) ?? false}
      pin=${pin}
    />`;
  };
  const shape = large && pictures.length > 1 ? 'spotlight' : pictures.length <= 2 ? 'two' : 'grid';
  const { columns, rows } = gridFor(pictures.length, size.width, size.height);
  const own = pictures.filter(({ peer }) => !peer);
  /**
   * @type {Record<typeof shape, (one: PictureOf, index: number) => {class?: string, style?: object}>} where each stands
   */
  const places = {
    spotlight: (one) => ({ class: one === large ? 'spot' : '' }),
    two: (one) => (one.peer ? {} : { class: 'corner', style: { '--place': own.length - 1 - own.indexOf(one) } }),
    grid: (_, index) => ({ style: { gridColumn: columnOf(index, pictures.length, columns) } }),
  };
  // Whatever the shape, each picture keeps its element and its place in the page: a video that is moved begins anew.
  return html`<div
    class=${`tiles ${shape}`}
    ref=${place}
    style=${{ '--columns': columns * 2, '--rows': rows, '--others': pictures.length - 1 }}
  >
    ${shape === 'two' &&
    own.length === pictures.length &&
    html`<div class="tile waiting" key="waiting"><p role="status">Waiting for the others…</p></div>`}
    ${pictures.map((one, index) => {
      const { class: name = '', style } = places[shape](one, index);
      return html`<div key=${one.key} class=${`cell ${name}`} style=${style}>${tile(one, shape !== 'two')}</div>`;
    })}
  </div>`;
}

/** @returns {[(element: HTMLElement | null) => void, {width: number, height: number}]} */
function useSize() {
  const [size, setSize] = useState({ width: 800, height: 600 });
  const [element, setElement] = useState(/** @type {HTMLElement | null} */ (null));
  const place = useRef((/** @type {HTMLElement | null} */ next) => next && setElement(next));
  useEffect(() => {
    if (!element) return undefined;
    const observer = new ResizeObserver(
      ([entry]) => entry && setSize({ width: entry.contentRect.width, height: entry.contentRect.height }),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return [place.current, size];
}
