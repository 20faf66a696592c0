/** All connections of one call: one to each other person, kept in step with what the server tells of them. */

import { budgetFor } from './budget.js';
import { Peer } from './peer.js';

/** @typedef {import('../protocol/types.js').CallPeer} CallPeer */

export class Mesh {
  /**
   * @param {object} options
   * @param {string} options.callId
   * @param {string} options.me
   * @param {Pick<import('../protocol/connection.js').Connection, 'request' | 'status'>} options.connection
   * @param {() => RTCPeerConnection} options.connect
   * @param {(lane: import('./media.js').Lane) => MediaStreamTrack | null} options.track
   * @param {() => void} options.changed
   * @param {{setTimeout: Function, clearTimeout: Function}} [options.timers]
   */
  constructor(options) {
    this.options = options;
    /** @type {Map<string, Peer>} by user */
    this.peers = new Map();
    /** @type {Map<string, import('../protocol/types.js').MediaFlags>} what each last said; some say it before we know that they are in */
    this.media = new Map();
  }

  /** Who speaks now. */
  get speaking() {
    return new Set([...this.peers.values()].filter((peer) => peer.speaking).map((peer) => peer.userId));
  }

  /** How good each connection is, as far as that is known. */
  get quality() {
    return new Map([...this.peers.values()].flatMap((peer) => (peer.quality ? [[peer.userId, peer.quality]] : [])));
  }

  /** @param {string} userId @param {string} username */
  add(userId, username) {
    const known = this.peers.get(userId);
    if (known) return known;
    const { callId, me, connection, connect, track, changed, timers } = this.options;
    const peer = new Peer({
      userId,
      username,
      polite: me < userId,
      connect,
      track,
      changed,
      timers,
      reachable: () => connection.status === 'online',
      budget: () => budgetFor(this.peers.size + 1),
      others: () => this.peers.size,
      send: (kind, payload) =>
        // By user and call, so that it reaches the socket that is in the call, whichever that is by now.
        connection.request(`webrtc-${kind}`, { to: userId, callId, ...payload }).then(
          () => true,
          () => false,
        ),
    });
    peer.media = this.media.get(userId) ?? peer.media;
    this.peers.set(userId, peer);
    this.rebudget();
    changed();
    return peer;
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
    this.options.changed();
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

  rebudget() {
    for (const { link } of this.peers.values()) void link?.applyBudget();
  }

  /** Looks who speaks. Cheap: to be asked several times a second. */
  listen() {
    for (const peer of this.peers.values()) peer.listen();
  }

  /** Looks how good each connection is. To be asked every other second. @param {number} now */
  measure(now) {
    for (const peer of this.peers.values()) void peer.measure(now).catch(() => undefined);
  }

  close() {
    for (const peer of this.peers.values()) peer.close();
    this.peers.clear();
  }
}
