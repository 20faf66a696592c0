/** How loud a track of sound is, measured without playing it. */

/** Softer than this counts as silence, in decibels below the loudest possible. */
const FLOOR_DB = 60;
const SAMPLES = 1024;

export class LevelMeter {
  /**
   * @param {MediaStreamTrack} track
   * @param {{AudioContext?: new () => BaseAudioContext & Pick<AudioContext, 'resume' | 'close' |
   * 'createMediaStreamSource'>}} [from]
   */
  constructor(track, from = {}) {
    this.track = track;
    this.samples = new Float32Array(SAMPLES);
    const Context = from.AudioContext ?? AudioContext;
    this.context = new Context();
    // Begun before a click, a context waits; the microphone's permission or the next click lets it run.
    void this.context.resume().catch(() => undefined);
    this.analyser = this.context.createAnalyser();
    this.analyser.fftSize = SAMPLES;
    this.source = this.context.createMediaStreamSource(new MediaStream([track]));
    this.source.connect(this.analyser);
  }

  /** From 0, silence, to 1, as loud as it gets; in equal steps for the ear, as a meter shows it. */
  get level() {
    this.analyser.getFloatTimeDomainData(this.samples);
    let sum = 0;
    for (const sample of this.samples) sum += sample * sample;
    return levelOf(Math.sqrt(sum / SAMPLES));
  }

  close() {
    this.source.disconnect();
    void this.context.close().catch(() => undefined);
  }
}

/** @param {number} amplitude the effective one, 0 to 1 */
export function levelOf(amplitude) {
  if (amplitude <= 0) return 0;
  return Math.min(1, Math.max(0, 1 + (20 * Math.log10(amplitude)) / FLOOR_DB));
}
