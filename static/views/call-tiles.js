/** How the pictures of a call stand together: one large with a strip of the others, two, or all alike. */

import { columnOf, gridFor } from '../call/grid.js';
import { largeOf, picturesOf } from '../call/pictures.js';
import { html, useEffect, useRef, useState } from '../vendor/preact.js';
import { PeerTile, SelfTile } from './call-tile.js';

/** @typedef {import('../call/pictures.js').PictureOf} PictureOf */

/**
 * @param {{calls: import('../call/desk.js').CallDesk, user: {id: string, username: string}, peers: import('../call/peer.js').Peer[]}} props
 */
export function Tiles({ calls, user, peers }) {
  const { mesh, media } = calls;
  const [pinned, setPinned] = useState('');
  const [place, size] = useSize();
  const pictures = picturesOf(peers, Boolean(media.screen));
  const large = largeOf(pictures, pinned);
  const tile = (/** @type {PictureOf} */ { key, peer, screen }, pinnable = true) => {
    const pin = pinnable && { pinned: key === pinned, onPin: () => setPinned(key === pinned ? '' : key) };
    if (!peer) return html`<${SelfTile} key=${key} media=${media} user=${user} screen=${screen} pin=${pin} />`;
    const { userId } = peer;
    return html`<${PeerTile} key=${key} peer=${peer} screen=${screen} quality=${mesh?.quality.get(userId)} speaking=${mesh?.speaking.has(userId) ?? false} pin=${pin} />`;
  };
  if (large && pictures.length > 1) {
    return html`<div class="tiles spotlight" ref=${place}>
      <div class="spot">${tile(large)}</div>
      <div class="strip" role="group" aria-label="The others">${pictures.filter((one) => one !== large).map((one) => tile(one))}</div>
    </div>`;
  }
  if (pictures.length <= 2) {
    const [other] = pictures.filter(({ peer }) => peer);
    return html`<div class="tiles two" ref=${place}>
      ${other ? tile(other, false) : html`<div class="tile waiting"><p role="status">Waiting for the others…</p></div>`}
      <div class="corner">${pictures.filter(({ peer }) => !peer).map((one) => tile(one, false))}</div>
    </div>`;
  }
  const { columns, rows } = gridFor(pictures.length, size.width, size.height);
  return html`<div class="tiles grid" ref=${place} style=${{ '--columns': columns * 2, '--rows': rows }}>
    ${pictures.map((one, index) => html`<div key=${one.key} class="cell" style=${{ gridColumn: columnOf(index, pictures.length, columns) }}>${tile(one)}</div>`)}
  </div>`;
}

/** @returns {[(element: HTMLElement | null) => void, {width: number, height: number}]} */
function useSize() {
  const [size, setSize] = useState({ width: 800, height: 600 });
  const [element, setElement] = useState(/** @type {HTMLElement | null} */ (null));
  const place = useRef((/** @type {HTMLElement | null} */ next) => next && setElement(next));
  useEffect(() => {
    if (!element) return undefined;
    const observer = new ResizeObserver(([entry]) => entry && setSize({ width: entry.contentRect.width, height: entry.contentRect.height }));
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return [place.current, size];
}
