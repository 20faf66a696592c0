/** How good the line to the relay is: two connections in this page, from here through the relay and back. */

import { pause } from '../protocol/errors.js';

/**
 * @typedef {object} Measured
 * @property {number} bits a second, there and back at once
 * @property {number} loss of all packets, 0 to 1, at the pace of a call
 * @property {number} roundTrip to the relay, in ms; the middle one of all
 * @property {number} jitter in ms: how much longer the slowest tenth took
 */

const OPEN_MS = 10_000;
/** As much as goes through. */
const FLOOD_MS = 2_000;
/** Then the pace of a call: what is lost now is lost in calls. */
const PACED_MS = 3_000;
const EVERY_MS = 20;
/** What is still on its way. */
const LATE_MS = 500;
const PACKET = 1_100;
/** So much waits at most in the browser. */
const AHEAD = 128 * 1024;
/** Where the line carries this many bits a second with ease, a picture is sent along at the pace. */
const WIDE = 3_000_000;

export class Line {
  /**
   * @param {object} options
   * @param {() => RTCPeerConnection} options.connect makes a connection that takes no way but the relay
   * @param {{setTimeout: Function, clearTimeout: Function}} [options.timers]
   * @param {() => number} [options.now] milliseconds
   */
  constructor({ connect, timers = globalThis, now = () => performance.now() }) {
    this.timers = timers;
    this.now = now;
    this.near = connect();
    this.far = connect();
    this.channel = this.near.createDataChannel('line', { ordered: false, maxRetransmits: 0 });
    this.closed = false;
    /** @type {(data: ArrayBuffer) => void} */
    this.came = () => undefined;
  }

  /** @returns {Promise<boolean>} whether it came about */
  async open() {
    const { near, far, channel } = this;
    near.onicecandidate = ({ candidate }) => void far.addIceCandidate(candidate ?? undefined).catch(() => undefined);
    far.onicecandidate = ({ candidate }) => void near.addIceCandidate(candidate ?? undefined).catch(() => undefined);
    far.ondatachannel = (event) => {
      event.channel.binaryType = 'arraybuffer';
      event.channel.onmessage = ({ data }) => this.came(data);
    };
    const opened = new Promise((resolve) => (channel.onopen = () => resolve(true)));
    const late = new Promise((resolve) => this.timers.setTimeout(() => resolve(false), OPEN_MS));
    await near.setLocalDescription(await near.createOffer());
    if (near.localDescription) await far.setRemoteDescription(near.localDescription);
    await far.setLocalDescription(await far.createAnswer());
    if (far.localDescription) await near.setRemoteDescription(far.localDescription);
    return /** @type {Promise<boolean>} */ (Promise.race([opened, late]));
  }

  /** For five seconds. @returns {Promise<Measured>} */
  async measure() {
    const bits = await this.flood();
    return { bits, ...(await this.pace(bits)) };
  }

  /** As much as goes through, in bits a second. */
  async flood() {
    let [bytes, first, last] = [0, 0, 0];
    this.came = (data) => {
      last = this.now();
      // The first only says when it began.
      if (first === 0) first = last;
      else bytes += data.byteLength;
    };
    const packet = new Uint8Array(PACKET);
    const end = this.now() + FLOOD_MS;
    while (this.now() < end && this.isOpen) {
      while (this.channel.bufferedAmount < AHEAD && this.isOpen) this.channel.send(packet);
      await pause(EVERY_MS / 4, this.timers);
    }
    while (this.isOpen && this.channel.bufferedAmount > 0 && this.now() < end + LATE_MS) {
      await pause(EVERY_MS, this.timers);
    }
    return last > first ? (bytes * 8 * 1_000) / (last - first) : 0;
  }

  /** @param {number} bits a second that go through @returns {Promise<Omit<Measured, 'bits'>>} */
  async pace(bits) {
    const count = bits > WIDE ? 3 : 1;
    /** @type {number[]} */
    const trips = [];
    this.came = (data) => {
      const sent = new DataView(data).getFloat64(0);
      if (sent > 0) trips.push(this.now() - sent);
    };
    // What the flood left on its way is not of this.
    await pause(LATE_MS, this.timers);
    let sent = 0;
    const end = this.now() + PACED_MS;
    while (this.now() < end && this.isOpen) {
      for (let number = 0; number < count && this.isOpen; number += 1) {
        const packet = new DataView(new ArrayBuffer(PACKET));
        packet.setFloat64(0, this.now());
        this.channel.send(packet);
        sent += 1;
      }
      await pause(EVERY_MS, this.timers);
    }
    await pause(LATE_MS, this.timers);
    trips.sort((a, b) => a - b);
    const [middle, slow] = [trips[Math.floor(trips.length / 2)] ?? 0, trips[Math.floor(trips.length * 0.9)] ?? 0];
    return { loss: sent > 0 ? 1 - Math.min(1, trips.length / sent) : 1, roundTrip: middle, jitter: slow - middle };
  }

  get isOpen() {
    return !this.closed && this.channel.readyState === 'open';
  }

  close() {
    this.closed = true;
    this.near.close();
    this.far.close();
  }
}
