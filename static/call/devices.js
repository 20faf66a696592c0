/** Cameras, microphones and screens, as the browser gives them. The one place that asks for them. */

import { securePage } from './secure-page.js';

/**
 * @typedef {object} Devices
 * @property {boolean} available false where the browser gives none to this page
 * @property {boolean} canShare screens can be shared
 * @property {(wanted: MediaStreamConstraints) => Promise<MediaStreamTrack[]>} open
 * @property {() => Promise<MediaStreamTrack>} openScreen
 * @property {() => Promise<MediaDeviceInfo[]>} list
 * @property {(listener: () => void) => void} onChange devices came or went
 * @property {() => Promise<import('./secure-page.js').SecurePage | null>} securePage where this page would have devices
 * @property {(configuration: RTCConfiguration) => RTCPeerConnection} connect
 */

/** @returns {Devices} */
export function browserDevices() {
  // Missing where the page is not secure: on plain http from another machine.
  const media = /** @type {MediaDevices | undefined} */ (navigator.mediaDevices);
  return {
    available: Boolean(globalThis.isSecureContext && media?.getUserMedia),
    canShare: Boolean(media && 'getDisplayMedia' in media),
    async open(wanted) {
      if (!media) throw new DOMException('no media devices', 'NotSupportedError');
      return (await media.getUserMedia(wanted)).getTracks();
    },
    async openScreen() {
      if (!media) throw new DOMException('no media devices', 'NotSupportedError');
      const stream = await media.getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } }, audio: false });
      const track = stream.getVideoTracks()[0];
      if (!track) throw new DOMException('no screen was chosen', 'NotAllowedError');
      // Text must stay readable: rather fewer pictures than blurred ones.
      track.contentHint = 'detail';
      return track;
    },
    list: async () => (media ? media.enumerateDevices() : []),
    onChange: (listener) => media?.addEventListener?.('devicechange', listener),
    securePage: () => securePage(location, navigator.userAgent, (...args) => fetch(...args)),
    connect: (configuration) => new RTCPeerConnection(configuration),
  };
}
