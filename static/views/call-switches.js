/** Microphone and camera on or off: one switch each, the same wherever a call can be seen. */

import { html } from '../vendor/preact.js';
import { icon } from './icons.js';

/** @typedef {import('../call/media.js').LocalMedia} LocalMedia */

/**
 * @param {LocalMedia} media
 * @param {{audio: boolean, video: boolean}} on what is sent, or what is wanted before a call
 */
export function switchesOf(media, on = media.flags) {
  const { audio, video } = on;
  return /** @type {const} */ ([
    {
      name: 'Microphone',
      key: 'm',
      on: audio,
      picture: audio ? 'mic' : 'micOff',
      action: audio ? 'Mute' : 'Unmute',
      act: () => void media.setMicrophone(!audio),
    },
    {
      name: 'Camera',
      key: 'v',
      on: video,
      picture: video ? 'camera' : 'cameraOff',
      action: video ? 'Turn the camera off' : 'Turn the camera on',
      act: () => void media.setCamera(!video),
    },
  ]);
}

/** @param {{media: LocalMedia, on?: {audio: boolean, video: boolean}, small?: boolean}} props */
export function Switches({ media, on, small }) {
  return html`${switchesOf(media, on).map(
    (one) =>
      html`<button
        key=${one.name}
        type="button"
        class=${`round ${small ? 'small' : ''} ${one.on ? '' : 'off'}`}
        aria-pressed=${one.on}
        aria-label=${one.name}
        title=${one.action}
        onClick=${one.act}
      >
        ${icon(one.picture)}
      </button>`,
  )}`;
}
