/** Candidates of the other side: some come before the description that they belong to. */

import { fragmentOf, fragmentsOf } from './sdp.js';

const MOST_WAITING = 100;

export class Candidates {
  /** @param {RTCPeerConnection} pc */
  constructor(pc) {
    this.pc = pc;
    /** @type {RTCIceCandidateInit[]} */
    this.waiting = [];
  }

  /** @param {RTCIceCandidateInit} candidate */
  async take(candidate) {
    this.waiting.push(candidate);
    if (this.waiting.length > MOST_WAITING) this.waiting.shift();
    await this.addFitting();
  }

  /** Adds those that belong to the description at hand; the others wait for theirs. */
  async addFitting() {
    const { pc } = this;
    if (!pc.remoteDescription) return;
    const here = fragmentsOf(pc.remoteDescription.sdp);
    const { waiting } = this;
    this.waiting = [];
    for (const candidate of waiting) {
      const fragment = fragmentOf(candidate);
      if (fragment && !here.includes(fragment)) {
        this.waiting.push(candidate);
        continue;
      }
      // One that cannot be used is one path less; the others go on.
      await pc.addIceCandidate(candidate).catch(() => undefined);
    }
  }
}
