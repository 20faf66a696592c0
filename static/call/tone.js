/** The sound of ringing, made of two sines: no file to load. */

const PATTERN = [
  { at: 0, hz: 523.25 },
  { at: 0.18, hz: 659.25 },
  { at: 0.36, hz: 783.99 },
];
const EVERY_MS = 2_400;
const VOLUME = 0.12;

export class Tone {
  constructor() {
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {any} */
    this.timer = undefined;
  }

  /** Rings until `stop`. @returns {boolean} false where the browser lets this page make no sound yet */
  start() {
    if (this.timer || typeof AudioContext === 'undefined') return Boolean(this.timer);
    this.context ??= new AudioContext();
    void this.context.resume();
    this.ring();
    this.timer = setInterval(() => this.ring(), EVERY_MS);
    return this.context.state === 'running' || Boolean(navigator.userActivation?.hasBeenActive);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
    void this.context?.close();
    this.context = null;
  }

  ring() {
    const { context } = this;
    if (!context || context.state !== 'running') {
      void context?.resume();
      return;
    }
    for (const { at, hz } of PATTERN) {
      const begin = context.currentTime + at;
      const gain = context.createGain();
      gain.gain.setValueAtTime(0, begin);
      gain.gain.linearRampToValueAtTime(VOLUME, begin + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.001, begin + 0.7);
      const sine = context.createOscillator();
      sine.frequency.value = hz;
      sine.connect(gain).connect(context.destination);
      sine.start(begin);
      sine.stop(begin + 0.75);
    }
  }
}
