/** Which pictures there are in a call, which of them is large, and whose stands for the call in a corner. */

/** @typedef {import('./peer.js').Peer} Peer */
/** @typedef {{key: string, peer: Peer | null, screen: boolean}} PictureOf a peer, or one's own where there is none */

/**
 * Everybody's, then one's own; a shared screen stands beside the camera of whoever shares it.
 * @param {Peer[]} peers @param {boolean} sharing this user shares the screen
 * @returns {PictureOf[]}
 */
export function picturesOf(peers, sharing) {
  const both = (/** @type {string} */ key, /** @type {Peer | null} */ peer, /** @type {boolean} */ shares) => [
    ...(shares ? [{ key: `${key} screen`, peer, screen: true }] : []),
    { key, peer, screen: false },
  ];
  return [...peers.flatMap((peer) => both(peer.userId, peer, peer.media.screen)), ...both('self', null, sharing)];
}

/**
 * The one that is shown large: what was pinned, or else the screen of somebody else. `undefined`: all are equal.
 * @param {PictureOf[]} pictures @param {string} pinned its key
 */
export function largeOf(pictures, pinned) {
  return pictures.find((one) => one.key === pinned) ?? pictures.find((one) => one.screen && one.peer);
}

/**
 * Whose picture stands for the call: who shares the screen, or who speaks; in silence, who did before.
 * @param {Peer[]} peers @param {Set<string>} speaking @param {string} before user
 */
export function leadOf(peers, speaking, before) {
  const last = peers.find((peer) => peer.userId === before);
  const sharing = peers.find((peer) => peer.media.screen);
  if (sharing) return sharing;
  if (last && (speaking.has(last.userId) || speaking.size === 0)) return last;
  return peers.find((peer) => speaking.has(peer.userId)) ?? last ?? peers[0];
}
