/** How good a connection is, from what the browser counted: in words, not in numbers. */

/**
 * @typedef {object} Sample
 * @property {number} at
 * @property {number} received
 * @property {number} lost
 * @property {number} decoded
 * @property {number} freezes
 * @property {number | null} roundTrip
 * @property {number} jitter
 * @property {boolean} relayed
 * @property {number} target bits of picture a second that the browser would send; no end where it does not say
 */
/** @typedef {'good' | 'fair' | 'poor'} Level */
/** @typedef {{level: Level, words: string}} Quality */

/**
 * The part of a statistics report that quality depends on.
 * @param {Iterable<any>} report values of an `RTCStatsReport`
 * @param {number} at milliseconds
 * @returns {Sample}
 */
export function sampleOf(report, at) {
  /** @type {Sample} */
  const sample = {
    at,
    received: 0,
    lost: 0,
    decoded: 0,
    freezes: 0,
    roundTrip: null,
    jitter: 0,
    relayed: false,
    target: 0,
  };
  const entries = [...report];
  for (const entry of entries) {
    if (entry.type === 'inbound-rtp') {
      sample.received += entry.packetsReceived ?? 0;
      sample.lost += Math.max(0, entry.packetsLost ?? 0);
      sample.decoded += entry.framesDecoded ?? 0;
      sample.freezes += entry.freezeCount ?? 0;
      sample.jitter = Math.max(sample.jitter, entry.jitter ?? 0);
    }
    if (entry.type === 'outbound-rtp' && entry.kind === 'video') {
      sample.target = Math.max(sample.target, entry.targetBitrate ?? Infinity);
    }
    if (entry.type === 'candidate-pair' && entry.nominated && entry.state === 'succeeded') {
      sample.roundTrip = entry.currentRoundTripTime ?? sample.roundTrip;
      const local = entries.find((other) => other.id === entry.localCandidateId);
      sample.relayed = local?.candidateType === 'relay';
    }
  }
  return sample;
}

/**
 * @param {Sample | null} before
 * @param {Sample} now
 * @returns {Quality}
 */
export function qualityOf(before, now) {
  const received = now.received - (before?.received ?? 0);
  const lost = Math.max(0, now.lost - (before?.lost ?? 0));
  const loss = received + lost > 0 ? lost / (received + lost) : 0;
  const trip = now.roundTrip ?? 0;
  const froze = before ? now.freezes > before.freezes : false;
  if (loss > 0.08 || trip > 0.6 || now.jitter > 0.12) return { level: 'poor', words: 'Poor connection' };
  if (loss > 0.02 || trip > 0.25 || now.jitter > 0.05 || froze) return { level: 'fair', words: 'Unsteady connection' };
  return { level: 'good', words: 'Good connection' };
}
