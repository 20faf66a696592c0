/** What one hears of a call, wherever one is in the client. */

import { html, useEffect, useRef, useState } from '../vendor/preact.js';

/**
 * Sound of all others, and a way to allow it where the browser holds it back.
 * @param {{calls: import('../call/desk.js').CallDesk}} props
 */
export function Sounds({ calls }) {
  const [blocked, setBlocked] = useState(/** @type {(() => void)[]} */ ([]));
  const sink = calls.media.choices.chosen.audiooutput ?? '';
  const allow = () => {
    setBlocked([]);
    for (const play of blocked) play();
  };
  const peers = [...(calls.mesh?.peers.values() ?? [])];
  return html`<div class="sounds">
    ${peers.map(
      (peer) => peer.remote.audio && html`<${Sound} key=${peer.userId} track=${peer.remote.audio} sink=${sink}
        onBlocked=${(/** @type {() => void} */ play) => setBlocked((before) => [...before, play])} />`,
    )}
    ${peers.length > 0 && blocked.length > 0 && html`<div class="call-bar">
      <span class="call-bar-words" role="status">Your browser holds the sound of the call back.</span>
      <button class="button small plain" onClick=${allow}>Play the sound</button>
    </div>`}
  </div>`;
}

/** @param {{track: MediaStreamTrack, sink: string, onBlocked: (play: () => void) => void}} props */
function Sound({ track, sink, onBlocked }) {
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
