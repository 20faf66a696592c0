/** The connection to one other in a call: made, kept alive, restarted, and made anew where nothing else helps. */

import { randomId } from '../state/outbox.js';
import { fragmentOf, fragmentsOf, originOf } from './sdp.js';

/** A path that is silent this long is looked for anew. */
const DISCONNECTED_MS = 3_000;
/** A restart has this long to bring the connection back. */
const RESTART_MS = 5_000;
/** The other side was to offer; after this we do. */
const OFFER_DUE_MS = 8_000;
/** Times `RESTART_MS`. */
const MAX_PATIENCE = 4;
const MAX_EARLY_CANDIDATES = 100;

/** @typedef {'offer' | 'answer' | 'ice-candidate'} SignalKind */
/** @typedef {'waiting' | 'connecting' | 'connected' | 'reconnecting'} PeerState */
/** @typedef {{scale: number, fps: number, bitrate: number}} Budget */

/**
 * @typedef {object} PeerOptions
 * @property {string} userId
 * @property {string} username
 * @property {boolean} polite gives way where both offer at once
 * @property {() => RTCPeerConnection} connect
 * @property {() => boolean} reachable the server is there to carry signals
 * @property {(kind: SignalKind, payload: object) => Promise<boolean>} send false where it did not get there
 * @property {(kind: 'audio' | 'video') => MediaStreamTrack | null} track what is to be sent now
 * @property {() => Budget} budget
 * @property {() => void} changed
 * @property {{setTimeout: Function, clearTimeout: Function}} [timers]
 */

export class Peer {
  /** @param {PeerOptions} options */
  constructor(options) {
    this.options = options;
    this.userId = options.userId;
    this.username = options.username;
    this.timers = options.timers ?? globalThis;
    /** @type {RTCPeerConnection | null} */
    this.pc = null;
    /** @type {PeerState} */
    this.state = 'waiting';
    /** Its socket dropped; the grace of the call runs. */
    this.away = false;
    /** @type {import('../protocol/types.js').MediaFlags} what it says it sends */
    this.media = { audio: true, video: true, screen: false };
    /** @type {Partial<Record<'audio' | 'video' | 'screen', MediaStreamTrack>>} what comes from there */
    this.remote = {};
    /** Our last offer, and whether it reached the other side. */
    this.offerId = '';
    this.offerLost = false;
    this.restarts = 0;
    /** @type {RTCIceCandidateInit[]} that came before the description they belong to */
    this.early = [];
    /** @type {Promise<void>} negotiation goes step by step */
    this.chain = Promise.resolve();
    /** @type {any} */
    this.timer = undefined;
    this.closed = false;
  }

  /** The other side is to offer. Where nothing comes, we do. */
  expectOffer() {
    this.schedule(OFFER_DUE_MS, () => this.state !== 'connected' && this.offer());
  }

  /** Offers a connection; on one that exists, a new path. */
  offer() {
    return this.step(async () => {
      const pc = this.pc ?? this.open();
      if (!pc.getTransceivers().length) {
        // Both from the start: what is muted, turned on or shared later needs no negotiation.
        for (const kind of /** @type {const} */ (['audio', 'video'])) {
          pc.addTransceiver(this.options.track(kind) ?? kind, { direction: 'sendrecv' });
        }
      }
      const again = Boolean(pc.remoteDescription);
      await pc.setLocalDescription(await pc.createOffer({ iceRestart: again }));
      this.offerId = randomId();
      this.offerLost = false;
      const { offerId } = this;
      this.watch();
      const arrived = await this.options.send('offer', { offer: describe(pc.localDescription), offerId });
      if (this.offerId === offerId) this.offerLost = !arrived;
      await this.applyBudget();
    });
  }

  /** The other side came back with a new socket: keep what lives, with a new path; make it anew where that fails. */
  comeBack() {
    this.away = false;
    this.restarts = 0;
    return this.offer();
  }

  /** Our own socket is back: whoever is not connected is offered a new path, in case nobody else does. */
  socketBack() {
    this.away = false;
    if (this.state !== 'connected') this.expectOffer();
  }

  /** @param {{offer: RTCSessionDescriptionInit, offerId?: string}} signal */
  onOffer({ offer, offerId }) {
    return this.step(async () => {
      let pc = this.pc;
      const known = pc?.remoteDescription?.sdp;
      const another = known !== undefined && originOf(known) !== originOf(offer.sdp);
      const collision = pc !== null && pc.signalingState !== 'stable';
      if (collision && !another && !this.options.polite && !this.offerLost) return;
      // A connection that never was would, rolled back, keep transceivers that nobody else has.
      if (!pc || another || (collision && !known)) pc = this.open();
      await pc.setRemoteDescription({ type: 'offer', sdp: offer.sdp ?? '' });
      for (const transceiver of pc.getTransceivers()) {
        const kind = transceiver.receiver.track.kind === 'audio' ? 'audio' : 'video';
        if (transceiver.direction !== 'sendrecv') transceiver.direction = 'sendrecv';
        const track = this.options.track(kind);
        if (transceiver.sender.track !== track) await transceiver.sender.replaceTrack(track);
      }
      await pc.setLocalDescription(await pc.createAnswer());
      this.watch();
      await this.options.send('answer', { answer: describe(pc.localDescription), offerId });
      await this.addEarly();
      await this.applyBudget();
    });
  }

  /** @param {{answer: RTCSessionDescriptionInit, offerId?: string}} signal */
  onAnswer({ answer, offerId }) {
    return this.step(async () => {
      const { pc } = this;
      if (!pc || pc.signalingState !== 'have-local-offer') return;
      // An answer to an offer that was replaced meanwhile. Other clients do not say which one they answer.
      if (offerId && offerId !== this.offerId) return;
      await pc.setRemoteDescription({ type: 'answer', sdp: answer.sdp ?? '' });
      await this.addEarly();
    });
  }

  /** @param {{candidate: RTCIceCandidateInit | null}} signal */
  onCandidate({ candidate }) {
    if (!candidate?.candidate) return Promise.resolve();
    return this.step(async () => {
      this.early.push(candidate);
      if (this.early.length > MAX_EARLY_CANDIDATES) this.early.shift();
      await this.addEarly();
    });
  }

  /** Adds the candidates that belong to the description at hand; the others wait for theirs. */
  async addEarly() {
    const { pc } = this;
    if (!pc?.remoteDescription) return;
    const here = fragmentsOf(pc.remoteDescription.sdp);
    const waiting = this.early;
    this.early = [];
    for (const candidate of waiting) {
      const fragment = fragmentOf(candidate);
      if (fragment && !here.includes(fragment)) {
        this.early.push(candidate);
        continue;
      }
      // One that cannot be used is one path less; the others go on.
      await pc.addIceCandidate(candidate).catch(() => undefined);
    }
  }

  /** A new connection in the place of the old one. */
  open() {
    this.shut();
    const pc = this.options.connect();
    this.pc = pc;
    pc.onicecandidate = ({ candidate }) => {
      if (this.pc === pc) void this.options.send('ice-candidate', { candidate: candidate ? candidate.toJSON() : null });
    };
    pc.ontrack = ({ track }) => {
      if (this.pc !== pc) return;
      this.remote = { ...this.remote, [track.kind]: track };
      this.options.changed();
    };
    pc.onconnectionstatechange = () => this.pc === pc && this.stateChanged(pc.connectionState);
    this.become('connecting');
    return pc;
  }

  /** @param {RTCPeerConnectionState} state */
  stateChanged(state) {
    if (state === 'connected') {
      this.restarts = 0;
      this.timers.clearTimeout(this.timer);
      this.become('connected');
    } else if (state === 'disconnected') {
      this.become('reconnecting');
      this.schedule(DISCONNECTED_MS, () => this.recover());
    } else if (state === 'failed') {
      this.become('reconnecting');
      void this.recover();
    }
  }

  /** What was begun must lead to a connection in time; on a slow network each attempt is given more of it. */
  watch() {
    this.schedule(RESTART_MS * Math.max(1, Math.min(this.restarts, MAX_PATIENCE)), () => {
      if (this.pc?.connectionState !== 'connected') void this.recover();
    });
  }

  /** A new path; where one did not help already, a new connection. While the other side is away there is nobody to ask. */
  recover() {
    if (this.closed || this.away) return Promise.resolve();
    if (!this.options.reachable()) {
      // The path may come back by itself before the server does: what there is, is kept until somebody can be asked.
      this.schedule(RESTART_MS, () => this.state !== 'connected' && this.recover());
      return Promise.resolve();
    }
    this.restarts += 1;
    if (this.restarts > 1 && this.restarts % 2 === 0) this.open();
    return this.offer();
  }

  /** @param {boolean} away */
  setAway(away) {
    this.away = away;
    this.options.changed();
  }

  /** Sends another track, or none; no negotiation. @param {'audio' | 'video'} kind */
  async retrack(kind) {
    const sender = this.senderOf(kind);
    if (sender) await sender.replaceTrack(this.options.track(kind)).catch(() => undefined);
  }

  /** @param {'audio' | 'video'} kind */
  senderOf(kind) {
    return this.pc?.getTransceivers().find((one) => one.receiver.track.kind === kind)?.sender;
  }

  /** Sends no more than the size of the call allows. */
  async applyBudget() {
    const sender = this.senderOf('video');
    const parameters = sender?.getParameters();
    const encoding = parameters?.encodings?.[0];
    if (!sender || !parameters || !encoding) return;
    const { scale, fps, bitrate } = this.options.budget();
    Object.assign(encoding, { scaleResolutionDownBy: scale, maxFramerate: fps, maxBitrate: bitrate });
    // Refused while negotiation changes the same parameters; it is applied again after that.
    await sender.setParameters(parameters).catch(() => undefined);
  }

  /** How loud the other side is, 0 to 1. */
  get level() {
    const receiver = this.pc?.getReceivers().find((one) => one.track.kind === 'audio');
    return receiver?.getSynchronizationSources?.()[0]?.audioLevel ?? 0;
  }

  /** @param {PeerState} state */
  become(state) {
    if (this.state === state) return;
    this.state = state;
    this.options.changed();
  }

  /** @param {number} ms @param {() => unknown} work */
  schedule(ms, work) {
    this.timers.clearTimeout(this.timer);
    this.timer = this.timers.setTimeout(() => !this.closed && work(), ms);
  }

  /**
   * Negotiation in steps: each begins when the one before is through. What fails here is mended by the watch.
   * @param {() => Promise<void>} work
   */
  step(work) {
    this.chain = this.chain
      .then(() => (this.closed ? undefined : work()))
      .catch((error) => console.info(`Negotiation with ${this.username}:`, error.message));
    return this.chain;
  }

  shut() {
    const { pc } = this;
    if (!pc) return;
    pc.onicecandidate = pc.ontrack = pc.onconnectionstatechange = null;
    pc.close();
    this.pc = null;
    this.remote = {};
  }

  close() {
    this.closed = true;
    this.timers.clearTimeout(this.timer);
    this.shut();
  }
}

/** @param {RTCSessionDescription | null} description */
const describe = (description) => ({ type: description?.type, sdp: description?.sdp });
