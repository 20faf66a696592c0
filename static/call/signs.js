/** What is noticed of one other in a call: whether they speak, and how good the connection is. */

import { qualityOf, sampleOf } from './quality.js';

/** Louder than this is speaking. */
const SPEAKING = 0.02;
/** Who was silent at so many looks speaks no more: between two words one is not silent yet. */
const SILENT_LOOKS = 4;

/** @typedef {import('./link.js').Link} Link */

export class Signs {
  /**
   * @param {object} options
   * @param {() => Link | null} options.link
   * @param {() => boolean} options.isConnected
   * @param {() => boolean} options.mayBeHeard it is there, and its microphone is on
   * @param {() => void} options.changed
   */
  constructor(options) {
    this.options = options;
    this.speaking = false;
    /** At how many looks nothing was heard. */
    this.silent = 0;
    /** When the newest sound came from there, by its browser's clock. */
    this.heardAt = 0;
    /** @type {import('./quality.js').Quality | null} */
    this.quality = null;
    /** How long the browser took to say how the connection goes, or has taken so far. */
    this.lag = 0;
    /** @type {{link: Link, at: number} | null} it was asked then, and has not answered */
    this.asked = null;
  }

  /**
   * Notes whether sound that is loud enough came since the last look: what a browser remembers of earlier does not
   * count.
   */
  listen() {
    const receiver = this.options.link()?.transceiver('audio')?.receiver;
    const newest = receiver?.getSynchronizationSources?.()[0];
    const came = newest !== undefined && newest.timestamp > this.heardAt;
    this.heardAt = newest?.timestamp ?? 0;
    const heard = came && (newest.audioLevel ?? 0) > SPEAKING;
    this.silent = heard ? 0 : this.silent + 1;
    const speaking = this.options.mayBeHeard() && (heard || (this.speaking && this.silent < SILENT_LOOKS));
    if (speaking === this.speaking) return;
    this.speaking = speaking;
    this.options.changed();
  }

  /** Notes how good the connection is. @param {number} now */
  async measure(now) {
    const link = this.options.link();
    if (!link || !this.options.isConnected()) {
      this.quality = null;
      this.lag = 0;
      return;
    }
    if (this.asked?.link === link) {
      this.lag = now - this.asked.at;
      return;
    }
    const asked = { link, at: now };
    this.asked = asked;
    const began = performance.now();
    const report = await link.pc.getStats().finally(() => this.asked === asked && (this.asked = null));
    if (this.options.link() !== link) return;
    this.lag = performance.now() - began;
    const sample = sampleOf(report.values(), now);
    const quality = qualityOf(link.sizes.sample, sample);
    const changed = quality.level !== this.quality?.level;
    this.quality = quality;
    link.measured(sample);
    if (changed) this.options.changed();
  }
}
