/** All connections of one call: one to each other person, kept in step with what the server tells of them. */

import { budgetFor } from './budget.js';
import { Peer } from './peer.js';
import { Strain } from './strain.js';
import { Turns } from './turns.js';

/** @typedef {import('../protocol/types.js').CallPeer} CallPeer */

/**
 * How many offers are answered at once, by how long the slowest description took: a busy machine makes one at a time.
 */
const AT_ONCE = [
  { under: 500, most: 4 },
  { under: 2_000, most: 2 },
  { under: Infinity, most: 1 },
];

/** After this nobody waits any longer for those who are not connected. */
const SETTLE_MS = 20_000;

const LISTEN_SELDOM = 4;

export class Mesh {
  /**
   * @param {object} options
   * @param {string} options.callId
   * @param {string} options.me
   * @param {Pick<import('../protocol/connection.js').Connection, 'request' | 'status'>} options.connection
   * @param {() => RTCPeerConnection} options.connect
   * @param {(lane: import('./media.js').Lane) => MediaStreamTrack | null} options.track
   * @param {(size: {lines: number, fps: number}) => void} [options.take] so much picture is to be taken from the camera
   * @param {() => void} [options.signed] who speaks, or how good a connection is, is otherwise
   * @param {() => void} options.changed
   * @param {{setTimeout: Function, clearTimeout: Function}} [options.timers]
   */
  constructor(options) {
    this.options = options;
    this.timers = options.timers ?? globalThis;
    /** @type {Map<string, Peer>} by user */
    this.peers = new Map();
    /**
     * What each last said; some say it before we know that they are in.
     * @type {Map<string, import('../protocol/types.js').MediaFlags>}
     */
    this.media = new Map();
    /** Somebody came, and not all are connected yet. */
    this.settling = false;
    /** @type {any} */
    this.settler = undefined;
    this.strain = new Strain();
    this.listens = 0;
    this.turns = new Turns(() => {
      const took = Math.max(0, ...[...this.peers.values()].map((peer) => peer.took));
      return AT_ONCE.find(({ under }) => took < under)?.most ?? 1;
    });
  }

  /** Who speaks now. */
  get speaking() {
    return new Set([...this.peers.values()].filter((peer) => peer.signs.speaking).map((peer) => peer.userId));
  }

  /** How good each connection is, as far as that is known. */
  get quality() {
    return new Map(
      [...this.peers.values()].flatMap(({ userId, signs: { quality } }) => (quality ? [[userId, quality]] : [])),
    );
  }

  /** @param {string} userId @param {string} username */
  add(userId, username) {
    const known = this.peers.get(userId);
    if (known) return known;
    const { callId, me, connection, connect, track } = this.options;
    const peer = new Peer({
      userId,
      username,
      polite: me < userId,
      connect,
      track,
      timers: this.timers,
      changed: () => this.peerChanged(),
      signed: () => this.options.signed?.(),
      reachable: () => connection.status === 'online',
      budget: () => this.budget,
      others: () => this.peers.size,
      turns: this.turns,
      send: (kind, payload) =>
        // By user and call, so that it reaches the socket that is in the call, whichever that is by now.
        connection.request(`webrtc-${kind}`, { to: userId, callId, ...payload }).then(
          () => true,
          () => false,
        ),
    });
    peer.media = this.media.get(userId) ?? peer.media;
    this.peers.set(userId, peer);
    this.unsettle();
    this.options.changed();
    return peer;
  }

  /** Somebody is new: until all are connected, or that takes too long, pictures leave the machine to it. */
  unsettle() {
    this.timers.clearTimeout(this.settler);
    this.settling = true;
    this.settler = this.timers.setTimeout(() => this.settle(), SETTLE_MS);
    this.rebudget();
  }

  settle() {
    this.timers.clearTimeout(this.settler);
    if (!this.settling) return;
    this.settling = false;
    this.rebudget();
  }

  peerChanged() {
    if ([...this.peers.values()].every((peer) => peer.away || peer.state === 'connected')) this.settle();
    this.options.changed();
  }

  /** Somebody accepted the call, or came back to it: we offer. @param {{from: string, fromUsername: string}} event */
  accepted({ from, fromUsername }) {
    const known = this.peers.has(from);
    const peer = this.add(from, fromUsername);
    return known ? peer.comeBack() : peer.offer();
  }

  /** We accepted, or came back: these are in, and offer. @param {CallPeer[]} others */
  joined(others) {
    const here = new Set(others.map((one) => one.userId));
    for (const { userId, username } of others) {
      if (this.peers.has(userId)) this.peers.get(userId)?.socketBack();
      else this.add(userId, username).expectOffer();
    }
    for (const [userId, peer] of this.peers) if (!here.has(userId)) peer.setAway(true);
  }

  /** @param {string} userId */
  away(userId) {
    this.peers.get(userId)?.setAway(true);
  }

  /** @param {string} userId @returns {string} the name of the one who left */
  left(userId) {
    const peer = this.peers.get(userId);
    peer?.close();
    this.peers.delete(userId);
    this.media.delete(userId);
    this.rebudget();
    this.peerChanged();
    return peer?.username ?? '';
  }

  /** @param {string} event @param {any} payload as relayed by the server */
  signal(event, payload) {
    const { from, fromUsername } = payload;
    const peer = event === 'webrtc-offer' ? this.add(from, fromUsername) : this.peers.get(from);
    if (!peer) return undefined;
    peer.away = false;
    if (event === 'webrtc-offer') return peer.onOffer(payload);
    if (event === 'webrtc-answer') return peer.onAnswer(payload);
    return peer.onCandidate(payload);
  }

  /** @param {string} userId @param {import('../protocol/types.js').MediaFlags} flags */
  mediaState(userId, { audio, video, screen }) {
    const flags = { audio, video, screen };
    this.media.set(userId, flags);
    const peer = this.peers.get(userId);
    if (!peer) return;
    peer.media = flags;
    this.options.changed();
  }

  /** Something else is to be sent. A screen may be sent with another budget than a camera. */
  retrack() {
    for (const { link } of this.peers.values()) void link?.retrack().then(() => link.applyBudget());
  }

  get budget() {
    return budgetFor(this.peers.size + 1, this.settling || this.strain.strained);
  }

  rebudget() {
    this.options.take?.(this.budget.taken);
    for (const { link } of this.peers.values()) void link?.applyBudget();
  }

  /** Looks who speaks. To be asked several times a second; a machine that is not up to the call looks more seldom. */
  listen() {
    this.listens += 1;
    if (this.strain.strained && this.listens % LISTEN_SELDOM) return;
    for (const peer of this.peers.values()) peer.signs.listen();
  }

  /** Looks how good each connection is. To be asked every other second. @param {number} now */
  measure(now) {
    const lag = Math.max(0, ...[...this.peers.values()].map((peer) => peer.signs.lag));
    if (this.strain.note(lag, now)) this.rebudget();
    for (const peer of this.peers.values()) void peer.signs.measure(now).catch(() => undefined);
  }

  close() {
    this.timers.clearTimeout(this.settler);
    for (const peer of this.peers.values()) peer.close();
    this.peers.clear();
  }
}
