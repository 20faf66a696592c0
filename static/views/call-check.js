/** Whether one is heard and can hear: the level of the microphone, and a sound through the loudspeaker. */

import { playTest } from '../call/tone.js';
import { html, useEffect, useRef, useState } from '../vendor/preact.js';
import { icon } from './icons.js';

/** @typedef {import('../call/media.js').LocalMedia} LocalMedia */

const EVERY_MS = 80;
/** Louder than this is a voice. */
const HEARD = 0.25;

/**
 * The bar moves without showing the view again: several times a second that would be too much.
 * @param {{media: LocalMedia}} props
 */
export function MicrophoneLevel({ media }) {
  const bar = useRef(/** @type {HTMLElement | null} */ (null));
  const [heard, setHeard] = useState(false);
  useEffect(() => {
    const stop = media.level.watch();
    const timer = setInterval(() => {
      const level = media.level.now;
      if (bar.current) bar.current.style.transform = `scaleX(${level})`;
      if (level > HEARD) setHeard(true);
    }, EVERY_MS);
    return () => {
      clearInterval(timer);
      stop();
    };
  }, [media]);
  const words = !media.flags.audio
    ? 'Your microphone is off.'
    : heard
      ? 'Your microphone works.'
      : 'Say something: the bar moves.';
  return html`<div class="level">
    <span class="level-bar" aria-hidden="true"><span ref=${bar}></span></span>
    <span class="hint" role="status">${words}</span>
  </div>`;
}

/** @param {{media: LocalMedia}} props */
export function SpeakerTest({ media }) {
  const [state, setState] = useState(/** @type {'' | 'playing' | 'failed'} */ (''));
  const play = async () => {
    if (state === 'playing') return;
    setState('playing');
    try {
      await playTest(media.choices.chosen.audiooutput ?? '');
      setState('');
    } catch {
      setState('failed');
    }
  };
  return html`<div class="speaker-test">
    <button type="button" class="button plain small" aria-disabled=${state === 'playing'} onClick=${play}>
      ${icon('sound')}${state === 'playing' ? 'Playing…' : 'Play a sound'}
    </button>
    ${state === 'failed' && html`<span class="hint" role="status">It cannot play there.</span>`}
  </div>`;
}
