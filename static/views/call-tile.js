/** One picture of a call: who it is of, how it goes, and the button that keeps it large. */

import { html, useEffect, useRef } from '../vendor/preact.js';
import { icon } from './icons.js';
import { Avatar } from './parts.js';

/** @typedef {import('../call/media.js').LocalMedia} LocalMedia */
/** @typedef {import('../call/peer.js').Peer} Peer */
/** @typedef {import('../call/quality.js').Quality} Quality */
/** @typedef {{pinned: boolean, onPin: () => void}} Pin */

/**
 * A track as a picture. Always muted: sound has elements of its own, and a muted picture may always play.
 * @param {{track: MediaStreamTrack, mirror?: boolean, contain?: boolean, label: string}} props
 */
export function Picture({ track, mirror, contain, label }) {
  const ref = useRef(/** @type {HTMLVideoElement | null} */ (null));
  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    video.srcObject = new MediaStream([track]);
    // A page in the background may hold it back until it is looked at.
    video.play().catch(() => undefined);
  }, [track]);
  return html`<video
    ref=${ref}
    class=${`${mirror ? 'mirror' : ''} ${contain ? 'contain' : ''}`}
    muted
    autoplay
    playsinline
    aria-label=${label}
  ></video>`;
}

/** @param {{of: string, pin: Pin}} props */
function PinButton({ of, pin }) {
  return html`<button
    class=${`tile-pin ${pin.pinned ? 'on' : ''}`}
    aria-pressed=${pin.pinned}
    aria-label=${`Keep ${of} large`}
    title=${pin.pinned ? 'No longer large' : 'Keep large'}
    onClick=${pin.onPin}
  >
    ${icon('pin')}
  </button>`;
}

/** @param {{media: LocalMedia, user: {id: string, username: string}, screen?: boolean, pin?: Pin}} props */
export function SelfTile({ media, user, screen = false, pin }) {
  const { video, audio } = media.flags;
  const track = screen ? media.screen : video ? media.camera : null;
  return html`<figure class="tile self">
    ${!screen && html`<${Avatar} id=${user.id} name=${user.username} size="large" />`}
    ${track &&
    html`<${Picture}
      track=${track}
      mirror=${!screen}
      contain=${screen}
      label=${screen ? 'Your screen' : 'Your picture'}
    />`}
    ${pin && html`<${PinButton} of=${screen ? 'your screen' : 'your picture'} pin=${pin} />`}
    <figcaption>
      ${!audio && !screen && html`<${Mark} words="Your microphone is off" />`}
      <span class="one-line">${screen ? 'You share your screen' : 'You'}</span>
    </figcaption>
  </figure>`;
}

/**
 * Until the first picture is there one sees the initials behind it.
 * @param {{peer: Peer, screen?: boolean, quality?: Quality, speaking: boolean, pin?: Pin}} props
 */
export function PeerTile({ peer, screen = false, quality, speaking, pin }) {
  const { username: name, media } = peer;
  const track = screen ? peer.screen : peer.camera;
  const words = stateWords(peer);
  // The state of the connection is told once a person.
  const state = screen ? {} : { 'data-user': peer.userId, 'data-state': peer.state };
  const what = screen ? `${name}’s screen` : `${name}’s picture`;
  return html`<figure class=${`tile ${speaking && !screen ? 'speaking' : ''}`} ...${state}>
    ${!screen && html`<${Avatar} id=${peer.userId} name=${name} size="large" />`}
    ${track && html`<${Picture} track=${track} contain=${screen} label=${what} />`}
    ${words && html`<p class="tile-state" role=${screen ? undefined : 'status'}>${words}</p>`}
    ${pin && html`<${PinButton} of=${what} pin=${pin} />`}
    <figcaption>
      ${!screen && !media.audio && html`<${Mark} words="Microphone off" />`}
      ${!screen && !media.video && html`<span class="hidden-visually">Camera off</span>`}
      <span class="one-line" dir="auto">${name}${screen ? ' shares the screen' : ''}</span>
      ${!screen && speaking && html`<span class="hidden-visually">speaks</span>`}
      ${!screen && quality && !words && html`<${QualitySign} quality=${quality} />`}
    </figcaption>
  </figure>`;
}

/** @param {{words: string}} props */
const Mark = ({ words }) =>
  html`<span class="mark" title=${words}>${icon('micOff')}<span class="hidden-visually">${words}</span></span>`;

/**
 * Three bars: words beside them would take the place of the name.
 * @param {{quality: Quality}} props
 */
const QualitySign = ({ quality }) =>
  html`<span class=${`quality ${quality.level}`} title=${quality.words}>
    <span class="bars" aria-hidden="true"><i></i><i></i><i></i></span>
    <span class="hidden-visually">${quality.words}</span>
  </span>`;

/** @param {Peer} peer */
export function stateWords(peer) {
  if (peer.away || peer.state === 'reconnecting') return 'Reconnecting…';
  return peer.state === 'connected' ? '' : 'Connecting…';
}
