/** What this user sends: microphone, camera, screen; which devices, on or off, and what is wrong with them. */

import { Store } from '../state/store.js';
import { WHOLE } from './budget.js';
import { Choices } from './choices.js';
import { LevelMeter } from './level.js';
import { OwnLevel } from './own-level.js';
import { INSECURE, gone, insecureBut, problemOf } from './problems.js';

/** @typedef {import('./problems.js').Problem} Problem */
/** @typedef {'audio' | 'video'} Kind */
/** @typedef {Kind | 'screen'} Lane what is sent beside each other; `video` is the camera */
/** @typedef {import('./choices.js').DeviceKind} DeviceKind */

/** @type {{audio: 'audio', video: 'camera'}} */
const PLACE = { audio: 'audio', video: 'camera' };

export class LocalMedia extends Store {
  /**
   * @param {object} options
   * @param {import('./devices.js').Devices} options.devices
   * @param {import('../state/storage.js').BrowserStorage} options.storage
   * @param {(track: MediaStreamTrack) => {track: MediaStreamTrack, level: number, close: () => void}} [options.meter]
   */
  constructor({ devices, storage, meter = (track) => new LevelMeter(track) }) {
    super();
    this.devices = devices;
    /** @type {MediaStreamTrack | null} */
    this.audio = null;
    /** @type {MediaStreamTrack | null} */
    this.camera = null;
    /** @type {MediaStreamTrack | null} */
    this.screen = null;
    /** What the user wants to be on. */
    this.wanted = { audio: true, video: false };
    /** @type {{audio?: Problem, video?: Problem, screen?: Problem}} */
    this.problems = {};
    /** What is told where the browser gives no devices to this page. */
    this.insecure = INSECURE;
    this.choices = new Choices({ devices, storage });
    /** @type {(() => void) | null} told when another track is to be sent */
    this.onTrack = null;
    this.round = 0;
    /** How much picture is taken from the camera. */
    this.taken = WHOLE;
    /** How loud the own microphone is. */
    this.level = new OwnLevel({ meter, track: () => (this.wanted.audio ? this.audio : null) });
    devices.onChange(() => void this.refreshList());
  }

  /** What others should be sent. @param {Lane} lane */
  track(lane) {
    return lane === 'video' ? this.camera : this[lane];
  }

  /** @returns {import('../protocol/types.js').MediaFlags} */
  get flags() {
    return {
      audio: Boolean(this.audio && this.wanted.audio),
      video: Boolean(this.camera && this.wanted.video),
      screen: Boolean(this.screen),
    };
  }

  /**
   * Opens what is wanted, as far as the browser lets it. Never fails: what is wrong stands in `problems`.
   * @param {{audio: boolean, video: boolean}} wanted
   */
  async start(wanted) {
    this.wanted = { ...wanted };
    await this.openWanted(['audio', 'video']);
  }

  /** Opens those of these that are wanted and not there; nothing else. @param {Kind[]} kinds */
  async openWanted(kinds) {
    for (const kind of kinds) delete this.problems[kind];
    if (!this.devices.available) {
      this.problems.audio = this.insecure;
      this.changed();
      // A call waits for devices, not for this.
      void this.findWay();
      return;
    }
    const missing = kinds.filter((kind) => this.wanted[kind] && !this[PLACE[kind]]);
    this.changed();
    if (!missing.length) return;
    const { round } = this;
    // Both at once asks the user once; where that fails, each alone shows which one it was.
    const all = await this.open(missing, round);
    if (!all && missing.length > 1) for (const kind of missing) await this.open([kind], round);
    if (round === this.round) await this.refreshList();
  }

  /** Looks, once, for the page that has devices, and names it where nothing better is known by now. */
  async findWay() {
    if (this.insecure !== INSECURE) return;
    const way = await this.devices.securePage();
    if (!way) return;
    this.insecure = insecureBut(way);
    if (this.problems.audio === INSECURE) this.problems.audio = this.insecure;
    this.changed();
  }

  /** Once more what did not work, and nothing that the user did not ask for. To be called at a click. */
  async retry() {
    const failed = this.problems;
    this.problems = {};
    const kinds = /** @type {Kind[]} */ (['audio', 'video']).filter((kind) => failed[kind]);
    await Promise.all([failed.screen && this.share(), this.openWanted(kinds)]);
  }

  /** @param {Kind[]} kinds @param {number} round @returns {Promise<boolean>} */
  async open(kinds, round) {
    try {
      const tracks = await this.devices.open({
        audio: kinds.includes('audio') && this.constraints('audioinput'),
        video: kinds.includes('video') && this.constraints('videoinput'),
      });
      for (const track of tracks) {
        // Turned off, or hung up, while the browser was still asking.
        if (round !== this.round || (track.kind === 'video' && !this.wanted.video)) track.stop();
        else this.take(track);
      }
      return true;
    } catch (error) {
      if (kinds.length === 1 && kinds[0] && round === this.round) this.problems[kinds[0]] = problemOf(error, kinds[0]);
      return false;
    }
  }

  /** @param {'audioinput' | 'videoinput'} kind @returns {MediaTrackConstraints} */
  constraints(kind) {
    const chosen = this.choices.chosen[kind];
    const device = chosen ? { deviceId: { ideal: chosen } } : {};
    if (kind === 'audioinput') {
      return { ...device, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    }
    const { lines, fps } = this.taken;
    return { ...device, width: { ideal: (lines * 16) / 9 }, height: { ideal: lines }, frameRate: { ideal: fps } };
  }

  /**
   * Takes no larger picture than is needed: it costs the machine, also where it is made smaller after that.
   * @param {{lines: number, fps: number}} size
   */
  async limit(size) {
    if (this.taken === size) return;
    this.taken = size;
    try {
      await this.camera?.applyConstraints?.(this.constraints('videoinput'));
    } catch {
      // A camera that gives one size only goes on as it is.
    }
    this.onTrack?.();
  }

  /** @param {MediaStreamTrack} track */
  take(track) {
    const kind = track.kind === 'audio' ? 'audio' : 'video';
    const place = PLACE[kind];
    this[place]?.stop();
    this[place] = track;
    delete this.problems[kind];
    if (kind === 'audio') track.enabled = this.wanted.audio;
    track.addEventListener('ended', () => {
      if (this[place] !== track) return;
      this[place] = null;
      this.problems[kind] = gone(kind);
      this.sendAnew();
    });
    this.sendAnew();
  }

  sendAnew() {
    this.onTrack?.();
    this.changed();
  }

  /** @param {boolean} on */
  async setMicrophone(on) {
    this.wanted.audio = on;
    if (this.audio) this.audio.enabled = on;
    this.sendAnew();
    if (on && !this.audio) await this.openWanted(['audio']);
  }

  /** Off also lets go of the camera, so that its light goes out. @param {boolean} on */
  async setCamera(on) {
    this.wanted.video = on;
    if (on) return this.openWanted(['video']);
    this.camera?.stop();
    this.camera = null;
    delete this.problems.video;
    this.sendAnew();
  }

  /** @param {DeviceKind} kind @param {string} deviceId */
  async choose(kind, deviceId) {
    this.choices.choose(kind, deviceId);
    this.changed();
    if (kind === 'audioinput') await this.open(['audio'], this.round);
    if (kind === 'videoinput' && this.wanted.video) await this.open(['video'], this.round);
    this.changed();
  }

  async share() {
    const { round } = this;
    try {
      const track = await this.devices.openScreen();
      // Hung up while the browser was still asking.
      if (round !== this.round) return track.stop();
      this.screen?.stop();
      this.screen = track;
      delete this.problems.screen;
      track.addEventListener('ended', () => this.screen === track && this.unshare());
      this.sendAnew();
    } catch (error) {
      // Closing the browser's chooser is no problem.
      if (error instanceof Error && error.name !== 'NotAllowedError') {
        const help = 'Your browser or system does not allow it.';
        this.problems.screen = { title: 'The screen cannot be shared', help };
      }
      this.changed();
    }
  }

  unshare() {
    this.screen?.stop();
    this.screen = null;
    this.sendAnew();
  }

  async refreshList() {
    if (!this.devices.available) return;
    await this.choices.refresh();
    this.changed();
  }

  /** The device in use, or the one chosen. @param {DeviceKind} kind */
  current(kind) {
    const track = kind === 'audioinput' ? this.audio : kind === 'videoinput' ? this.camera : null;
    return track?.getSettings?.().deviceId ?? this.choices.chosen[kind] ?? '';
  }

  /** Lets go of everything. */
  stop() {
    this.round += 1;
    for (const track of [this.audio, this.camera, this.screen]) track?.stop();
    this.audio = null;
    this.camera = null;
    this.screen = null;
    this.taken = WHOLE;
    this.level.close();
    this.problems = {};
    this.changed();
  }
}
