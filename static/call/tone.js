/** The sounds of calling, made of sines: no file to load. */

/** @typedef {{at: number, hz: number, seconds: number, volume: number}} Note */
/** @typedef {{everyMs: number, notes: Note[]}} Pattern */

/** A machine without any loudspeaker lets some browsers wait for one without end. */
const PLAYS_WITHIN_MS = 5_000;
/** A sound that comes later than this says nothing about what just came. */
const IN_TIME_MS = 500;

/** @type {Note[]} three steps up */
const CHIME = [523.25, 659.25, 783.99].map((hz, step) => ({ at: step * 0.18, hz, seconds: 0.75, volume: 0.12 }));

/** @type {Pattern} somebody calls */
export const RING = { everyMs: 2_400, notes: CHIME };

/** @type {Pattern} what a caller hears while it rings: two close sines that beat, as telephones have it, softly */
export const RING_BACK = { everyMs: 4_000, notes: [440, 480].map((hz) => ({ at: 0, hz, seconds: 1.4, volume: 0.03 })) };

/** @type {Note[]} a message came: short and soft */
const MESSAGE = [{ at: 0, hz: 880, seconds: 0.22, volume: 0.05 }];

export class Tone {
  /** @param {Pattern} pattern */
  constructor(pattern) {
    this.pattern = pattern;
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {any} */
    this.timer = undefined;
  }

  /**
   * Sounds until `stop`.
   * @param {string} [sink] the loudspeaker, where the browser lets one choose
   * @returns {boolean} false where the browser lets this page make no sound yet
   */
  start(sink) {
    if (this.timer || typeof AudioContext === 'undefined') return Boolean(this.timer);
    this.context ??= new AudioContext();
    if (sink) void (/** @type {any} */ (this.context).setSinkId?.(sink)?.catch(() => undefined));
    void this.context.resume().then(
      () => this.sound(),
      () => undefined,
    );
    this.timer = setInterval(() => this.sound(), this.pattern.everyMs);
    return this.context.state === 'running' || Boolean(navigator.userActivation?.hasBeenActive);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
    void this.context?.close();
    this.context = null;
  }

  sound() {
    const { context } = this;
    if (context?.state === 'running') play(context, context.destination, this.pattern.notes);
    // Held back until somebody clicks, it is asked for again.
    else void context?.resume().catch(() => undefined);
  }
}

/**
 * A short chime through one loudspeaker, to hear which one it is.
 * @param {string} sinkId empty: the one that the browser uses anyway
 * @returns {Promise<void>} fulfilled when it is over; rejected where it cannot be played there
 */
export async function playTest(sinkId) {
  const context = new AudioContext();
  try {
    const destination = context.createMediaStreamDestination();
    // An element, and not the context itself: more browsers let one choose its loudspeaker.
    const element = new Audio();
    element.srcObject = destination.stream;
    if (sinkId) await element.setSinkId(sinkId);
    await within(PLAYS_WITHIN_MS, Promise.all([context.resume(), element.play()]));
    await ended(play(context, destination, CHIME));
    element.srcObject = null;
  } finally {
    await context.close();
  }
}

/** Whether the browser lets this page make a sound now. */
export const canSound = () => typeof AudioContext !== 'undefined' && navigator.userActivation?.hasBeenActive !== false;

/** A message came. Where nothing can be heard at once, nothing is. */
export async function messageTone() {
  const context = new AudioContext();
  try {
    await within(IN_TIME_MS, context.resume());
    await ended(play(context, context.destination, MESSAGE));
  } catch {
    // Held back by the browser, or no loudspeaker: the badge and the notification say it too.
  } finally {
    await context.close();
  }
}

/** @template T @param {number} ms @param {Promise<T>} work @returns {Promise<T>} rejected where it takes longer */
function within(ms, work) {
  /** @type {any} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new DOMException('nothing plays', 'NotReadableError')), ms);
  });
  return Promise.race([/** @type {Promise<never>} */ (late), work]).finally(() => clearTimeout(timer));
}

/** @param {AudioScheduledSourceNode} source */
const ended = (source) => new Promise((resolve) => source.addEventListener('ended', resolve));

/**
 * @param {AudioContext} context
 * @param {AudioNode} destination
 * @param {Note[]} notes
 * @returns {AudioScheduledSourceNode} the last to end
 */
function play(context, destination, notes) {
  const sources = notes.map(({ at, hz, seconds, volume }) => {
    const begin = context.currentTime + at;
    const gain = context.createGain();
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(volume, begin + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.001, begin + seconds - 0.05);
    const sine = context.createOscillator();
    sine.frequency.value = hz;
    sine.connect(gain).connect(destination);
    sine.start(begin);
    sine.stop(begin + seconds);
    return sine;
  });
  return /** @type {AudioScheduledSourceNode} */ (sources.at(-1));
}
