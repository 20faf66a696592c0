/** One person in a call: picture or initials, name, and how it goes, in words. */

import { html, useEffect, useRef } from '../vendor/preact.js';
import { icon } from './icons.js';
import { Avatar } from './parts.js';

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
  return html`<video ref=${ref} class=${`${mirror ? 'mirror' : ''} ${contain ? 'contain' : ''}`} muted autoplay playsinline
    aria-label=${label}></video>`;
}

/** @param {{media: import('../call/media.js').LocalMedia, user: {id: string, username: string}, speaking?: boolean}} props */
export function SelfTile({ media, user, speaking }) {
  const { video, screen, audio } = media.flags;
  const track = media.screen ?? media.camera;
  return html`<figure class=${`tile self ${speaking ? 'speaking' : ''}`}>
    ${track && (video || screen)
      ? html`<${Picture} track=${track} mirror=${!screen} contain=${screen} label="Your picture" />`
      : html`<${Avatar} id=${user.id} name=${user.username} size="large" />`}
    <figcaption>
      ${!audio && html`<span class="mark">${icon('micOff')}<span class="hidden-visually">Your microphone is off</span></span>`}
      <span class="one-line">${screen ? 'You share your screen' : 'You'}</span>
    </figcaption>
  </figure>`;
}

/** @param {{peer: import('../call/peer.js').Peer, quality?: import('../call/quality.js').Quality, speaking: boolean}} props */
export function PeerTile({ peer, quality, speaking }) {
  const { audio, video, screen } = peer.media;
  const track = (screen && peer.remote.screen) || peer.remote.video;
  const shows = track && (video || screen);
  const words = stateWords(peer);
  return html`<figure class=${`tile ${speaking ? 'speaking' : ''}`} data-user=${peer.userId} data-state=${peer.state}>
    ${shows
      ? html`<${Picture} track=${track} contain=${screen} label=${screen ? `${peer.username}’s screen` : `${peer.username}’s picture`} />`
      : html`<${Avatar} id=${peer.userId} name=${peer.username} size="large" />`}
    ${words && html`<p class="tile-state" role="status">${words}</p>`}
    <figcaption>
      ${!audio && html`<span class="mark">${icon('micOff')}<span class="hidden-visually">Microphone off</span></span>`}
      ${!video && !screen && html`<span class="hidden-visually">Camera off</span>`}
      <span class="one-line">${peer.username}${screen ? ' shares the screen' : ''}</span>
      ${speaking && html`<span class="hidden-visually">speaks</span>`}
      ${quality && !words && html`<span class=${`quality ${quality.level}`}><span class="bars" aria-hidden="true"><i></i><i></i><i></i></span>
        <span class=${quality.level === 'good' ? 'hidden-visually' : ''}>${quality.words}</span></span>`}
    </figcaption>
  </figure>`;
}

/** @param {import('../call/peer.js').Peer} peer */
function stateWords(peer) {
  if (peer.away || peer.state === 'reconnecting') return 'Reconnecting…';
  return peer.state === 'connected' ? '' : 'Connecting…';
}

/**
 * What one hears of somebody.
 * @param {{track: MediaStreamTrack, sink: string, onBlocked: (play: () => void) => void}} props
 */
export function Sound({ track, sink, onBlocked }) {
  const ref = useRef(/** @type {HTMLAudioElement | null} */ (null));
  useEffect(() => {
    const audio = ref.current;
    if (!audio) return;
    audio.srcObject = new MediaStream([track]);
    const play = () => audio.play().catch(() => onBlocked(play));
    void play();
  }, [track]);
  useEffect(() => {
    const audio = /** @type {any} */ (ref.current);
    // Without a choice of its own the browser plays where it plays everything.
    if (sink && audio?.setSinkId) audio.setSinkId(sink).catch(() => undefined);
  }, [sink]);
  return html`<audio ref=${ref} autoplay></audio>`;
}
