/** One other in a call: who offers, when a path is looked for anew, and when the connection is made anew. */

import { Link } from './link.js';
import { patience } from './patience.js';
import { originOf } from './sdp.js';
import { Signs } from './signs.js';

/** A path that is silent this long is looked for anew. */
const DISCONNECTED_MS = 3_000;
/** While the server is away, it is looked this often whether it is back. */
const SERVER_AWAY_MS = 5_000;
/** @typedef {import('./link.js').SignalKind} SignalKind */
/** @typedef {import('./media.js').Lane} Lane */
/** @typedef {'waiting' | 'connecting' | 'connected' | 'reconnecting'} PeerState */

/**
 * @typedef {object} PeerOptions
 * @property {string} userId
 * @property {string} username
 * @property {boolean} polite gives way where both offer at once
 * @property {() => RTCPeerConnection} connect
 * @property {() => boolean} reachable the server is there to carry signals
 * @property {(kind: SignalKind, payload: object) => Promise<boolean>} send false where it did not get there
 * @property {(lane: Lane) => MediaStreamTrack | null} track what is to be sent now
 * @property {() => import('./budget.js').Budget} budget
 * @property {() => number} others how many others are in the call
 * @property {import('./turns.js').Turns} turns of those whose offers are answered
 * @property {() => void} changed
 * @property {() => void} signed who speaks, or how good the connection is, is otherwise: that changes all the time
 * @property {{setTimeout: Function, clearTimeout: Function}} [timers]
 */

export class Peer {
  /** @param {PeerOptions} options */
  constructor(options) {
    this.options = options;
    this.userId = options.userId;
    this.username = options.username;
    this.timers = options.timers ?? globalThis;
    /** @type {Link | null} */
    this.link = null;
    /** @type {PeerState} */
    this.state = 'waiting';
    /** Its socket dropped; the grace of the call runs. */
    this.away = false;
    /** @type {import('../protocol/types.js').MediaFlags} what it says it sends */
    this.media = { audio: true, video: true, screen: false };
    this.signs = new Signs({
      link: () => this.link,
      isConnected: () => this.state === 'connected',
      mayBeHeard: () => !this.away && this.media.audio,
      changed: () => this.options.signed(),
    });
    this.restarts = 0;
    /** This side made the last offer: it is the one that begins anew. */
    this.offered = false;
    /** How long the last description took. */
    this.took = 0;
    /** @type {import('./turns.js').Turn | null} while an offer is answered, until that has led to a connection */
    this.turn = null;
    /** The timer that runs is the one of an attempt that leads nowhere. */
    this.watching = false;
    /** @type {any} */
    this.timer = undefined;
    this.closed = false;
  }

  /**
   * What comes from there: sound, camera (`video`) and screen. Who shows one picture at a time sends a screen as
   * `video`.
   */
  get remote() {
    return this.link?.remote ?? {};
  }

  /** The track of its camera, where that is on and comes by itself. */
  get camera() {
    const { video, screen } = this.media;
    return (video && (!screen || this.remote.screen) && this.remote.video) || null;
  }

  /** The track of the screen that it shares. */
  get screen() {
    return (this.media.screen && (this.remote.screen ?? this.remote.video)) || null;
  }

  /** The other side is to offer. Where nothing comes, we do. */
  expectOffer() {
    this.schedule(this.patience.offerDue, () => this.state !== 'connected' && this.offer());
  }

  /** Offers a connection; on one that exists, a new path. */
  offer() {
    const link = this.link ?? this.open();
    this.offered = true;
    this.endTurn();
    return this.watched(link, link.offer());
  }

  /**
   * The other side came back: what lives is kept, with a new path. A page that was reloaded answers with an offer of
   * its own.
   */
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

  /** @param {import('./link.js').OfferSignal} signal */
  onOffer(signal) {
    const { link } = this;
    const waits = Boolean(link?.offering && !link.offerLost);
    if (signal.meant && signal.meant !== link?.ours) {
      // A new path to a connection that this page does not have (any more). A new connection is what helps.
      if (waits && !link?.theirs) return Promise.resolve();
      this.open();
      return this.offer();
    }
    const another = Boolean(link?.theirs) && link?.theirs !== originOf(signal.offer.sdp);
    if (waits && !another && !this.options.polite) return Promise.resolve();
    // A connection that never was would, rolled back, keep transceivers that nobody else has.
    const fits = link && !another && (link.theirs || !link.offering);
    return this.answer(fits ? link : this.open(), signal);
  }

  /**
   * Answers in its turn: a newcomer is offered a connection by everybody at once, and a busy machine that made all of
   * them
   * at once would be through with none in time. What is connected already waits for nobody.
   * @param {Link} link @param {import('./link.js').OfferSignal} signal
   */
  async answer(link, signal) {
    this.offered = false;
    this.endTurn();
    this.timers.clearTimeout(this.timer);
    if (link.pc.connectionState === 'connected') return this.watched(link, link.accept(signal));
    const turn = this.options.turns.take();
    this.turn = turn;
    const answered = link.accept(signal, turn.come);
    await turn.come;
    // Another offer came meanwhile, or we made one.
    if (this.turn !== turn) return undefined;
    return this.watched(link, answered);
  }

  endTurn() {
    this.turn?.done();
    this.turn = null;
  }

  /** @param {import('./link.js').AnswerSignal} signal */
  onAnswer(signal) {
    return this.link?.takeAnswer(signal);
  }

  /** @param {{candidate: RTCIceCandidateInit | null}} signal */
  onCandidate({ candidate }) {
    if (!candidate?.candidate) return undefined;
    return (this.link ?? this.open()).takeCandidate(candidate);
  }

  /** A new connection in the place of the old one. */
  open() {
    const { connect, send, track, budget, changed } = this.options;
    this.become(this.link ? 'reconnecting' : 'connecting');
    this.link?.close();
    const became = (/** @type {RTCPeerConnectionState} */ state) => this.connectionBecame(state);
    const lives = () => this.watching && this.watch();
    this.link = new Link({ pc: connect(), name: this.username, send, track, budget, changed, became, lives });
    return this.link;
  }

  /** @param {RTCPeerConnectionState} state */
  connectionBecame(state) {
    if (state === 'connected') {
      this.restarts = 0;
      this.timers.clearTimeout(this.timer);
      this.watching = false;
      this.endTurn();
      this.become('connected');
    } else if (state === 'disconnected') {
      this.become('reconnecting');
      this.schedule(DISCONNECTED_MS, () => this.recover());
    } else if (state === 'failed') {
      this.become('reconnecting');
      // One that never was is begun anew by the side that offered it.
      if (this.offered || this.link?.was) void this.recover();
      else this.watch();
    }
  }

  get patience() {
    const { link, restarts, took, offered } = this;
    const unanswered = Boolean(link?.offering && !link.offerLost);
    return patience({ others: this.options.others(), attempts: restarts, took, offered, unanswered });
  }

  /**
   * Only when the description is made does the time of the connection begin: begun anew too early, a busy machine would
   * never be through. Where it is never made, a new connection helps.
   * @param {Link} link @param {Promise<void>} work
   */
  async watched(link, work) {
    const began = performance.now();
    this.schedule(this.patience.stuck, () => {
      this.open();
      void this.recover();
    });
    await work;
    this.took = performance.now() - began;
    if (this.link === link && !this.closed) this.watch();
  }

  /** What was begun must lead to a connection in time. Each sign that it goes on gives it that time anew. */
  watch() {
    this.schedule(this.patience.silent, () => this.link?.pc.connectionState !== 'connected' && this.recover());
    this.watching = true;
  }

  /**
   * A new path; where one did not help already, a new connection. While the other side is away there is nobody to ask.
   */
  recover() {
    this.endTurn();
    if (this.closed || this.away) return Promise.resolve();
    if (!this.options.reachable()) {
      // The path may come back by itself before the server does: what there is, is kept until somebody can be asked.
      this.schedule(SERVER_AWAY_MS, () => this.state !== 'connected' && this.recover());
      return Promise.resolve();
    }
    this.restarts += 1;
    if (this.restarts > 1 && this.restarts % 2 === 0) this.open();
    return this.offer();
  }

  /** @param {boolean} away */
  setAway(away) {
    this.away = away;
    if (away) this.endTurn();
    this.options.changed();
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
    this.watching = false;
    this.timer = this.timers.setTimeout(() => !this.closed && work(), ms);
  }

  close() {
    this.closed = true;
    this.timers.clearTimeout(this.timer);
    this.endTurn();
    this.link?.close();
    this.link = null;
  }
}
