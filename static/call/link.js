/** One RTCPeerConnection: its negotiation step by step, what goes out and comes in, its candidates. */

import { randomId } from '../state/outbox.js';
import { Candidates } from './candidates.js';
import { originOf, startingAt } from './sdp.js';
import { Sizes } from './sizes.js';

/** @typedef {import('./media.js').Lane} Lane */
/** @typedef {import('./budget.js').Budget} Budget */
/** @typedef {'offer' | 'answer' | 'ice-candidate'} SignalKind */
/** @typedef {{offer: RTCSessionDescriptionInit, offerId?: string, pictures?: number, meant?: string}} OfferSignal */
/** @typedef {{answer: RTCSessionDescriptionInit, offerId?: string, pictures?: number}} AnswerSignal */

/** @type {Lane[]} in the order of a description: the first video is the camera, the second one the screen */
const LANES = ['audio', 'video', 'screen'];
/** Told to the other side: how many pictures this client takes at once. Others say nothing, and take one. */
const PICTURES = 2;
/** While a path is found. */
const ALIVE = ['checking', 'connected', 'completed'];
/**
 * @typedef {object} LinkOptions
 * @property {RTCPeerConnection} pc
 * @property {string} name of the other, for the log
 * @property {(kind: SignalKind, payload: object) => Promise<boolean>} send false where it did not get there
 * @property {(lane: Lane) => MediaStreamTrack | null} track what is to be sent now
 * @property {() => Budget} budget
 * @property {(state: RTCPeerConnectionState) => void} became
 * @property {() => unknown} lives something happened that leads to a connection
 * @property {() => void} changed
 */

export class Link {
  /** @param {LinkOptions} options */
  constructor(options) {
    const { pc } = options;
    this.options = options;
    this.pc = pc;
    /** Names the other's connection; empty before it described itself. */
    this.theirs = '';
    /** The other side shows a camera and a screen beside each other. */
    this.sideBySide = false;
    /** @type {Partial<Record<Lane, MediaStreamTrack>>} what comes from there */
    this.remote = {};
    /** An offer of ours is under way, which one, and whether it failed to reach the other side. */
    this.offering = false;
    this.offerId = '';
    this.offerLost = false;
    this.candidates = new Candidates(pc);
    this.sizes = new Sizes({
      sender: (lane) => this.transceiver(lane)?.sender,
      isScreen: (track) => track !== null && track === options.track('screen'),
    });
    /** It was connected once. */
    this.was = false;
    this.closed = false;
    /** @type {Promise<void>} */
    this.chain = Promise.resolve();
    /** @type {() => void} */
    this.giveUp = () => undefined;
    /** @type {Promise<void>} */
    this.gone = new Promise((resolve) => (this.giveUp = resolve));
    pc.onicecandidate = ({ candidate }) =>
      void options.send('ice-candidate', { candidate: candidate?.toJSON() ?? null });
    pc.ontrack = ({ track, transceiver }) => this.came(track, transceiver);
    pc.onconnectionstatechange = () => {
      if (pc.connectionState === 'connected') this.was = true;
      options.became(pc.connectionState);
    };
    pc.onsignalingstatechange = pc.onicegatheringstatechange = () => options.lives();
    pc.oniceconnectionstatechange = () => ALIVE.includes(pc.iceConnectionState) && options.lives();
  }

  /** Names our connection, as the other side knows it from our descriptions. */
  get ours() {
    return originOf(this.pc.localDescription?.sdp);
  }

  /** Offers the connection; where it exists already, a new path for it. */
  offer() {
    const { pc } = this;
    const offerId = randomId();
    Object.assign(this, { offering: true, offerId, offerLost: false });
    return this.step(async () => {
      // Another offer is to follow, or the other side's came first.
      if (this.offerId !== offerId) return;
      if (!pc.getTransceivers().length) {
        // All from the start: what is muted, turned on or shared later needs no negotiation.
        for (const lane of LANES) pc.addTransceiver(lane === 'audio' ? 'audio' : 'video', { direction: 'sendrecv' });
      }
      await this.retrack();
      await pc.setLocalDescription(await pc.createOffer({ iceRestart: Boolean(pc.remoteDescription) }));
      // `meant` tells a page that was reloaded that this was for the one before.
      const offer = describe(pc.localDescription);
      const signal = { offer, offerId, pictures: PICTURES, meant: this.theirs || undefined };
      void this.options.send('offer', signal).then((arrived) => {
        if (this.offerId === offerId) this.offerLost = !arrived;
      });
      await this.applyBudget();
    });
  }

  /**
   * Takes an offer, and gives up one of our own.
   * @param {OfferSignal} signal
   * @param {Promise<void>} [turn] its work begins with this
   */
  accept({ offer, offerId, pictures }, turn) {
    const { pc } = this;
    Object.assign(this, { offering: false, offerId: '', theirs: originOf(offer.sdp) });
    if (turn) void this.step(() => turn);
    return this.step(async () => {
      this.sideBySide = pictures === PICTURES;
      await pc.setRemoteDescription({ type: 'offer', sdp: startingAt(offer.sdp, this.options.budget().start) });
      for (const transceiver of pc.getTransceivers()) {
        if (transceiver.direction !== 'sendrecv') transceiver.direction = 'sendrecv';
      }
      await this.retrack();
      await pc.setLocalDescription(await pc.createAnswer());
      void this.options.send('answer', { answer: describe(pc.localDescription), offerId, pictures: PICTURES });
      await this.candidates.addFitting();
      await this.applyBudget();
    });
  }

  /** @param {AnswerSignal} signal */
  takeAnswer({ answer, offerId, pictures }) {
    const { pc } = this;
    // An answer to an offer that was replaced meanwhile. Other clients do not say which one they answer.
    if (!this.offering || (offerId && offerId !== this.offerId)) return Promise.resolve();
    Object.assign(this, { offering: false, theirs: originOf(answer.sdp) });
    return this.step(async () => {
      if (pc.signalingState !== 'have-local-offer') return;
      this.sideBySide = pictures === PICTURES;
      await this.retrack();
      await pc.setRemoteDescription({ type: 'answer', sdp: startingAt(answer.sdp, this.options.budget().start) });
      await this.candidates.addFitting();
      await this.applyBudget();
    });
  }

  /** @param {RTCIceCandidateInit} candidate */
  takeCandidate(candidate) {
    this.options.lives();
    return this.step(() => this.candidates.take(candidate));
  }

  /** @param {Lane} lane */
  transceiver(lane) {
    const all = this.pc.getTransceivers();
    if (lane === 'audio') return all.find((one) => one.receiver.track.kind === 'audio');
    return all.filter((one) => one.receiver.track.kind === 'video')[lane === 'video' ? 0 : 1];
  }

  /** @param {MediaStreamTrack} track @param {RTCRtpTransceiver} transceiver */
  came(track, transceiver) {
    const lane = LANES.find((one) => this.transceiver(one) === transceiver);
    if (!lane || (lane === 'screen' && !this.sideBySide)) return;
    this.remote = { ...this.remote, [lane]: track };
    this.options.changed();
  }

  /**
   * Where the other side shows one picture, whichever it takes for that one, the screen goes in the place of the
   * camera.
   * @param {Lane} lane
   */
  outgoing(lane) {
    const { track } = this.options;
    return lane === 'audio' || this.sideBySide ? track(lane) : (track('screen') ?? track('video'));
  }

  /** Sends what is to be sent now; no negotiation. */
  async retrack() {
    for (const lane of LANES) {
      const sender = this.transceiver(lane)?.sender;
      const track = this.outgoing(lane);
      if (sender && sender.track !== track) await sender.replaceTrack(track).catch(() => undefined);
    }
  }

  /** Sends no more than the size of the call allows. */
  applyBudget() {
    return this.sizes.apply(this.options.budget());
  }

  /**
   * Notes what was measured. The first of it shows what the line carries.
   * @param {import('./quality.js').Sample} sample
   */
  measured(sample) {
    if (this.sizes.learn(sample, this.options.budget())) void this.applyBudget();
  }

  /**
   * Each step begins when the one before is through. What the browser never finishes, since the connection was closed
   * meanwhile, holds up nobody: neither the next connection, which has steps of its own, nor who waits here.
   * @param {() => Promise<void>} work
   * @returns {Promise<void>} fulfilled when it is through, failed or given up; a failure is mended by the watch of the
   * peer
   */
  step(work) {
    this.chain = this.chain
      .then(() => (this.closed ? undefined : work()))
      .catch((error) => this.closed || console.info(`Negotiation with ${this.options.name}:`, error.message))
      .then(() => undefined);
    return Promise.race([this.chain, this.gone]);
  }

  close() {
    const { pc } = this;
    this.closed = true;
    pc.onicecandidate = pc.ontrack = pc.onconnectionstatechange = null;
    pc.onsignalingstatechange = pc.onicegatheringstatechange = pc.oniceconnectionstatechange = null;
    pc.close();
    this.giveUp();
  }
}

/** @param {RTCSessionDescription | null} description */
const describe = (description) => ({ type: description?.type, sdp: description?.sdp });
