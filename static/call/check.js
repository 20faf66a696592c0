/** Tests what calls need, one thing after the other: page, devices, messages, a direct path, the relay, the line. */

import { reach } from '../protocol/reach.js';
import { Store } from '../state/store.js';
import { deviceFound, directFound, lineFound, liveFound, pageFound, relayFound } from './check-words.js';
import { Line } from './line.js';
import { WAYS, gather, only, waysToRelay } from './relay.js';

/** @typedef {import('./check-words.js').Found} Found */
/** @typedef {'page' | 'microphone' | 'camera' | 'live' | 'direct' | 'relay' | 'line'} Part */

/** @type {Record<Part, string>} in their order */
export const TITLES = {
  page: 'This page',
  microphone: 'Microphone',
  camera: 'Camera',
  live: 'Messages',
  direct: 'Direct path',
  relay: 'Relay',
  line: 'Line',
};
const PARTS = /** @type {Part[]} */ (Object.keys(TITLES));
/** @type {Found} */
const RUNNING = { state: 'running', words: 'Testing…' };
/** @type {Found} */
const LINE_RUNNING = { state: 'running', words: 'Measuring for five seconds…' };
/** @type {Found} */
const DEVICE_NONE = { state: 'none', words: 'Not tested: the page is not secure.' };
/** @type {Found} */
const LINE_NONE = { state: 'none', words: 'Not measured: there is no way to a relay.' };

export class ConnectionCheck extends Store {
  /**
   * @param {object} options
   * @param {Pick<import('../protocol/connection.js').Connection, 'another'>} options.connection
   * @param {import('./ice.js').IceServers} options.ice
   * @param {import('./devices.js').Devices} options.devices
   * @param {import('./media.js').LocalMedia} options.media
   * @param {boolean} options.inCall what one sends is left as it is
   * @param {{setTimeout: Function, clearTimeout: Function}} [options.timers]
   */
  constructor({ connection, ice, devices, media, inCall, timers = globalThis }) {
    super();
    this.connection = connection;
    this.ice = ice;
    this.devices = devices;
    this.media = media;
    this.inCall = inCall;
    this.timers = timers;
    /** @type {Map<Part, Found>} */
    this.found = new Map(PARTS.map((part) => [part, RUNNING]));
    /** @type {Line | null} */
    this.line = null;
    this.over = false;
    this.begun = false;
    /** Nothing is found before all of it was tested once: it counts as running from the beginning. */
    this.running = true;
  }

  /** All of it. Never fails: what goes wrong is what was found. */
  async run() {
    if (this.begun && this.running) return;
    this.begun = true;
    this.running = true;
    this.found = new Map(PARTS.map((part) => [part, RUNNING]));
    this.changed();
    await Promise.all(
      [this.testDevices(), this.testLive(), this.testPaths()].map((test) => test.catch(() => undefined)),
    );
    this.running = false;
    this.changed();
  }

  /** @param {Part} part @param {Found} found */
  note(part, found) {
    this.found.set(part, found);
    this.changed();
  }

  async testDevices() {
    const { devices, media } = this;
    const { available } = devices;
    if (!this.inCall) await media.start({ audio: true, video: true });
    const way = available ? null : await devices.securePage();
    this.note('page', pageFound(available, Boolean(way)));
    const asked = !this.inCall;
    const { audio, camera, flags } = media;
    const { audio: noSound, video: noPicture } = media.problems;
    if (!available) {
      for (const part of /** @type {Part[]} */ (['microphone', 'camera'])) this.note(part, DEVICE_NONE);
      return;
    }
    this.note(
      'microphone',
      deviceFound('audio', { problem: noSound, label: audio?.label ?? '', isOn: flags.audio, asked }),
    );
    this.note(
      'camera',
      deviceFound('video', { problem: noPicture, label: camera?.label ?? '', isOn: flags.video, asked }),
    );
  }

  async testLive() {
    const websocket = await reach(this.connection, 'websocket', this.timers);
    const polling = websocket.through ? null : await reach(this.connection, 'polling', this.timers);
    this.note('live', liveFound(websocket, polling));
  }

  connect = (/** @type {RTCConfiguration} */ configuration) => this.devices.connect(configuration);

  async testPaths() {
    await this.ice.ready();
    const { servers } = this.ice;
    const iceServers = only(servers, 'stun');
    const direct = gather(this.connect, { iceServers }, 'srflx', this.timers).catch(() => null);
    /** @type {import('./relay.js').Relay} */
    const none = { named: [], open: [], refusals: [] };
    const relay = await waysToRelay(this.connect, servers, this.timers).catch(() => none);
    this.note('relay', relayFound(relay));
    const throughUdp = relay.open.includes('udp');
    await Promise.all([
      direct.then((found) => this.note('direct', directFound(iceServers.length, found, throughUdp))),
      this.testLine(relay),
    ]);
  }

  /** @param {import('./relay.js').Relay} relay */
  async testLine(relay) {
    const way = WAYS.find((one) => relay.open.includes(one));
    if (!way || this.over) return this.note('line', LINE_NONE);
    this.note('line', LINE_RUNNING);
    const iceServers = only(this.ice.servers, way);
    const line = new Line({
      connect: () => this.connect({ iceServers, iceTransportPolicy: 'relay' }),
      timers: this.timers,
    });
    this.line = line;
    const measured = (await line.open().catch(() => false)) ? await line.measure() : null;
    line.close();
    this.note('line', lineFound(measured));
  }

  /** Nobody looks any more. */
  stop() {
    this.over = true;
    this.line?.close();
  }

  /** How many of what was found are worth a word. */
  get faults() {
    return [...this.found.values()].filter(({ state }) => state === 'bad' || state === 'warn').length;
  }

  /** All of it as text, for whoever helps. @param {string[]} about which page, browser and server, a line each */
  report(about) {
    const lines = PARTS.map((part) => {
      const { state, words, facts } = this.found.get(part) ?? RUNNING;
      return `${MARKS[state]} ${TITLES[part]}: ${words}${facts && !words.includes(facts) ? ` [${facts}]` : ''}`;
    });
    return ['Tincan connection test', ...about, '', ...lines].join('\n');
  }
}

/** @type {Record<import('./check-words.js').State, string>} */
const MARKS = { running: '…', good: 'ok  ', warn: 'WARN', bad: 'BAD ', none: '-   ' };
