/** How large the pictures are that one connection sends: what the call allows, and the line is seen to carry. */

import { WHOLE } from './budget.js';

/** @typedef {import('./budget.js').Budget} Budget */
/** @typedef {import('./quality.js').Sample} Sample */

/** A picture begins with so many lines. */
const BEGIN_LINES = 360;
/** Where the line carries so much of the budget, the picture grows to its full size. */
const ENOUGH = 0.6;

export class Sizes {
  /**
   * @param {object} options
   * @param {(lane: 'video' | 'screen') => RTCRtpSender | undefined} options.sender
   * @param {(track: MediaStreamTrack | null) => boolean} options.isScreen
   */
  constructor({ sender, isScreen }) {
    this.sender = sender;
    this.isScreen = isScreen;
    /** @type {Sample | null} what was measured last */
    this.sample = null;
    /** The line was seen to carry a picture of full size. */
    this.grown = false;
  }

  /**
   * Left alone a browser begins with a tiny picture and takes half a minute to enlarge it; so it is told to begin with
   * a middle one, and to go on from there as the line allows.
   * @param {Budget} budget
   */
  async apply(budget) {
    for (const lane of /** @type {const} */ (['video', 'screen'])) {
      const sender = this.sender(lane);
      const parameters = sender?.getParameters();
      const encoding = parameters?.encodings?.[0];
      if (!sender || !parameters || !encoding) continue;
      const screen = this.isScreen(sender.track);
      const { fps, bitrate } = screen ? budget.screen : budget;
      const lines = screen ? Infinity : this.grown ? budget.lines : Math.min(budget.lines, BEGIN_LINES);
      const scale = Math.max(1, linesOf(sender.track) / lines);
      Object.assign(encoding, { scaleResolutionDownBy: scale, maxFramerate: fps, maxBitrate: bitrate });
      // A screen is to be read: rather fewer pictures than small ones. So is a camera's beginning, until the line is
      // known.
      Object.assign(parameters, {
        degradationPreference: screen || !this.sample ? 'maintain-resolution' : 'maintain-framerate',
      });
      // Refused while negotiation changes the same parameters; it is applied again after that.
      await sender.setParameters(parameters).catch(() => undefined);
    }
  }

  /** @param {Sample} sample @param {Budget} budget @returns {boolean} whether other sizes follow from it */
  learn(sample, budget) {
    const first = !this.sample;
    this.sample = sample;
    const grows = !this.grown && sample.target >= ENOUGH * budget.bitrate;
    if (grows) this.grown = true;
    return first || grows;
  }
}

/**
 * The shorter side of what a camera gives: a phone that is held upright turns it.
 * @param {MediaStreamTrack | null} track
 */
function linesOf(track) {
  const { width = Infinity, height = WHOLE.lines } = track?.getSettings?.() ?? {};
  return Math.min(width, height);
}
