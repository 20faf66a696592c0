/** How loud the own microphone is, measured as long as somebody looks at it. */

/** @typedef {{track: MediaStreamTrack, level: number, close: () => void}} Meter */

export class OwnLevel {
  /**
   * @param {object} options
   * @param {(track: MediaStreamTrack) => Meter} options.meter makes one
   * @param {() => MediaStreamTrack | null} options.track of the microphone, while that is on
   */
  constructor({ meter, track }) {
    this.makeMeter = meter;
    this.track = track;
    /** @type {Meter | null} */
    this.meter = null;
    this.watchers = 0;
  }

  /** Somebody looks from now on. @returns {() => void} ends it */
  watch() {
    this.watchers += 1;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.watchers -= 1;
      if (!this.watchers) this.close();
    };
  }

  /** 0 to 1; 0 while the microphone is off, or nobody watches. To be asked as often as it is shown. */
  get now() {
    const track = this.track();
    if (!track || !this.watchers) return 0;
    if (this.meter?.track !== track) {
      this.close();
      this.meter = this.makeMeter(track);
    }
    return this.meter.level;
  }

  close() {
    this.meter?.close();
    this.meter = null;
  }
}
