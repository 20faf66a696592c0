/** The call outside of its place in the page: on the whole screen, or its main picture in a window of its own. */

import { html, useEffect, useState } from '../vendor/preact.js';
import { icon } from './icons.js';
import { useKeys } from './keys.js';

/** @typedef {{stage: {current: HTMLElement | null}}} Props */

/**
 * The whole page goes full screen and the stage fills it: what else comes up can still be seen.
 * @param {Props} props
 */
export function FullScreenButton({ stage }) {
  const [full, setFull] = useState(Boolean(document.fullscreenElement));
  useEffect(() => {
    const look = () => setFull(Boolean(document.fullscreenElement));
    document.addEventListener('fullscreenchange', look);
    return () => {
      document.removeEventListener('fullscreenchange', look);
      if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
    };
  }, []);
  const toggle = () => {
    const change = full ? document.exitFullscreen() : document.documentElement.requestFullscreen();
    // Refused by the browser's settings: the call stays as it is.
    change.catch(() => undefined);
  };
  useKeys(stage, document.fullscreenEnabled ? { f: toggle } : {});
  if (!document.fullscreenEnabled) return null;
  return html`<button
    class=${`round small ${full ? 'off' : ''}`}
    aria-pressed=${full}
    aria-label="Full screen"
    aria-keyshortcuts="F"
    title=${`${full ? 'Leave full screen' : 'Full screen'} (F)`}
    onClick=${toggle}
  >
    ${icon('expand')}
  </button>`;
}

/** Firefox has no such window for pages to open; it offers one itself. @param {Props} props */
export function FloatButton({ stage }) {
  const [floats, setFloats] = useState(false);
  const [any, setAny] = useState(false);
  const main = () =>
    stage.current?.querySelector('.spot video') ?? stage.current?.querySelector('.tile:not(.self) video') ?? null;
  useEffect(() => setAny(main() !== null));
  useEffect(() => {
    const look = () => setFloats(Boolean(document.pictureInPictureElement));
    // Neither event bubbles.
    document.addEventListener('enterpictureinpicture', look, true);
    document.addEventListener('leavepictureinpicture', look, true);
    return () => {
      document.removeEventListener('enterpictureinpicture', look, true);
      document.removeEventListener('leavepictureinpicture', look, true);
    };
  }, []);
  const toggle = () => {
    const video = /** @type {HTMLVideoElement | null} */ (main());
    const change = floats ? document.exitPictureInPicture() : video?.requestPictureInPicture();
    change?.catch(() => undefined);
  };
  useKeys(stage, document.pictureInPictureEnabled ? { p: toggle } : {});
  if (!document.pictureInPictureEnabled || !any) return null;
  return html`<button
    class=${`round small ${floats ? 'off' : ''}`}
    aria-pressed=${floats}
    aria-label="Picture in picture"
    aria-keyshortcuts="P"
    title=${`${floats ? 'Back into the page' : 'Picture in picture'} (P)`}
    onClick=${toggle}
  >
    ${icon('float')}
  </button>`;
}
