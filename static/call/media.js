/** What this user sends: microphone, camera, screen; which devices, on or off, and what is wrong with them. */

import { Store } from '../state/store.js';
import { INSECURE, gone, problemOf } from './problems.js';

/** @typedef {import('./problems.js').Problem} Problem */
/** @typedef {'audio' | 'video'} Kind */
/** @typedef {'audioinput' | 'videoinput' | 'audiooutput'} DeviceKind */

const CHOICES = 'devices';

export class LocalMedia extends Store {
  /**
   * @param {object} options
   * @param {import('./devices.js').Devices} options.devices
   * @param {import('../state/storage.js').BrowserStorage} options.storage
   */
  constructor({ devices, storage }) {
    super();
    this.devices = devices;
    this.storage = storage;
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
    /** @type {MediaDeviceInfo[]} */
    this.list = [];
    /** @type {Partial<Record<DeviceKind, string>>} */
    this.chosen = storage.read(CHOICES) ?? {};
    /** @type {((kind: Kind) => void) | null} told when another track is to be sent */
    this.onTrack = null;
    /** Devices are being opened. */
    this.opening = false;
    this.round = 0;
    devices.onChange(() => void this.refreshList());
  }

  /** What others should be sent. @param {Kind} kind */
  track(kind) {
    return kind === 'audio' ? this.audio : (this.screen ?? this.camera);
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
    this.problems = {};
    if (!this.devices.available) {
      this.problems = { audio: INSECURE };
      return this.changed();
    }
    const need = { audio: wanted.audio && !this.audio, video: wanted.video && !this.camera };
    if (!need.audio && !need.video) return this.changed();
    this.opening = true;
    this.changed();
    const { round } = this;
    // Both at once asks the user once; where that fails, each alone shows which one it was.
    const both = need.audio && need.video && (await this.open(['audio', 'video'], round));
    if (!both) {
      if (need.audio) await this.open(['audio'], round);
      if (need.video) await this.open(['video'], round);
    }
    if (round !== this.round) return;
    this.opening = false;
    this.changed();
    await this.refreshList();
  }

  /** @param {Kind[]} kinds @param {number} round @returns {Promise<boolean>} */
  async open(kinds, round) {
    try {
      const tracks = await this.devices.open({
        audio: kinds.includes('audio') && this.constraints('audioinput'),
        video: kinds.includes('video') && this.constraints('videoinput'),
      });
      if (round !== this.round) {
        for (const track of tracks) track.stop();
        return true;
      }
      for (const track of tracks) this.take(track);
      return true;
    } catch (error) {
      if (kinds.length === 1 && kinds[0] && round === this.round) this.problems[kinds[0]] = problemOf(error, kinds[0]);
      return false;
    }
  }

  /** @param {'audioinput' | 'videoinput'} kind @returns {MediaTrackConstraints} */
  constraints(kind) {
    const device = this.chosen[kind] ? { deviceId: { ideal: this.chosen[kind] } } : {};
    if (kind === 'audioinput') return { ...device, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    return { ...device, width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
  }

  /** @param {MediaStreamTrack} track */
  take(track) {
    const kind = track.kind === 'audio' ? 'audio' : 'video';
    const slot = kind === 'audio' ? 'audio' : 'camera';
    this[slot]?.stop();
    this[slot] = track;
    delete this.problems[kind];
    if (kind === 'audio') track.enabled = this.wanted.audio;
    track.addEventListener('ended', () => {
      if (this[slot] !== track) return;
      this[slot] = null;
      this.problems[kind] = gone(kind);
      this.sendAnew(kind);
    });
    this.sendAnew(kind);
  }

  /** @param {Kind} kind */
  sendAnew(kind) {
    this.onTrack?.(kind);
    this.changed();
  }

  /** @param {boolean} on */
  async setMicrophone(on) {
    this.wanted.audio = on;
    if (this.audio) this.audio.enabled = on;
    this.sendAnew('audio');
    if (on && !this.audio) await this.start(this.wanted);
  }

  /** Off also lets go of the camera, so that its light goes out. @param {boolean} on */
  async setCamera(on) {
    this.wanted.video = on;
    if (on) return this.start(this.wanted);
    this.camera?.stop();
    this.camera = null;
    delete this.problems.video;
    this.sendAnew('video');
  }

  /** @param {DeviceKind} kind @param {string} deviceId */
  async choose(kind, deviceId) {
    this.chosen = { ...this.chosen, [kind]: deviceId };
    this.storage.write(CHOICES, this.chosen);
    this.changed();
    if (kind === 'audioinput') await this.open(['audio'], this.round);
    if (kind === 'videoinput' && this.wanted.video) await this.open(['video'], this.round);
    this.changed();
  }

  async share() {
    try {
      const track = await this.devices.openScreen();
      this.screen = track;
      delete this.problems.screen;
      track.addEventListener('ended', () => this.screen === track && this.unshare());
      this.sendAnew('video');
    } catch (error) {
      // Closing the browser's chooser is no problem.
      if (error instanceof Error && error.name !== 'NotAllowedError') {
        this.problems.screen = { title: 'The screen cannot be shared', help: 'Your browser or system does not allow it.' };
      }
      this.changed();
    }
  }

  unshare() {
    this.screen?.stop();
    this.screen = null;
    this.sendAnew('video');
  }

  async refreshList() {
    if (!this.devices.available) return;
    try {
      this.list = await this.devices.list();
    } catch {
      // Without a list there is no choice of devices; what is open goes on.
      this.list = [];
    }
    this.changed();
  }

  /** @param {DeviceKind} kind */
  devicesOf(kind) {
    return this.list.filter((device) => device.kind === kind && device.deviceId);
  }

  /** The device in use, or the one chosen. @param {DeviceKind} kind */
  current(kind) {
    const track = kind === 'audioinput' ? this.audio : kind === 'videoinput' ? this.camera : null;
    return track?.getSettings?.().deviceId ?? this.chosen[kind] ?? '';
  }

  /** Lets go of everything. */
  stop() {
    this.round += 1;
    for (const track of [this.audio, this.camera, this.screen]) track?.stop();
    this.audio = null;
    this.camera = null;
    this.screen = null;
    this.opening = false;
    this.problems = {};
    this.changed();
  }
}
