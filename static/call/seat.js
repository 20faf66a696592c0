/** The place of this tab in the one call that it can be in: its connections, and its notes for a reload. */

import { insist, pause } from '../protocol/errors.js';
import { Store } from '../state/store.js';
import { WHOLE } from './budget.js';
import { Mesh } from './mesh.js';

/** @typedef {import('../protocol/types.js').SessionCall} SessionCall */
/** @typedef {import('./types.js').CurrentCall} CurrentCall */

const LISTEN_MS = 300;
const MEASURE_EVERY = 7;

export class Seat {
  /**
   * @param {object} options
   * @param {string} options.me
   * @param {string} options.tab names this tab towards the others of this browser
   * @param {Pick<import('../protocol/connection.js').Connection, 'request' | 'status'>} options.connection
   * @param {() => RTCPeerConnection} options.connect
   * @param {import('./media.js').LocalMedia} options.media
   * @param {import('../state/storage.js').BrowserStorage} options.storage the user's own part
   * @param {import('../state/storage.js').BrowserStorage} options.tabStorage the tab's part of it
   * @param {{setTimeout: Function, clearTimeout: Function, setInterval: Function, clearInterval: Function}}
   * options.timers
   * @param {() => void} options.changed
   * @param {(roomId: string | undefined) => boolean} options.isGroup a call there is one of all in the room
   * @param {import('./unconnected.js').Unconnected} options.unconnected looks into what does not connect
   */
  constructor(options) {
    const { media, storage, tabStorage, timers, changed } = options;
    this.options = options;
    this.media = media;
    this.storage = storage;
    this.tabStorage = tabStorage;
    this.timers = timers;
    this.changed = changed;
    /** Tells when somebody begins or ends to speak, or a connection is better or worse: too often to show all anew. */
    this.signs = new Store();
    /** @type {CurrentCall | null} */
    this.call = null;
    /** @type {Mesh | null} */
    this.mesh = null;
    /** The call is shown small in a corner, so that one can do something else meanwhile. */
    this.small = false;
    /** The call is shown large, and the room is to stand beside it. */
    this.beside = false;
    /** Grows with each way into a call: one that was begun before goes no further. */
    this.round = 0;
    /** @type {any} */
    this.ticker = undefined;
    media.onTrack = () => {
      this.mesh?.retrack();
      this.tellMedia();
    };
  }

  /** What is said of the call when it ends. */
  about() {
    const { call } = this;
    return { name: call?.name || 'The other side', answered: call?.state === 'active', group: Boolean(call?.group) };
  }

  /** This tab is in a call from now on. @param {CurrentCall} call */
  begin(call) {
    const { me, connection, connect } = this.options;
    this.call = { ...call, group: this.options.isGroup(call.roomId) };
    this.round += 1;
    this.small = this.beside = false;
    this.mesh?.close();
    this.mesh = new Mesh({
      callId: call.callId,
      me,
      connection,
      connect,
      track: (lane) => this.media.track(lane),
      changed: this.changed,
      signed: () => this.signs.changed(),
      take: (size) => void this.media.limit(size),
      timers: this.timers,
    });
    let ticks = 0;
    this.timers.clearInterval(this.ticker);
    this.ticker = this.timers.setInterval(() => {
      ticks += 1;
      this.mesh?.listen();
      this.options.unconnected.look(this.mesh?.peers.values() ?? []);
      if (ticks % MEASURE_EVERY === 0) this.mesh?.measure(Date.now());
    }, LISTEN_MS);
    this.remember();
    this.changed();
  }

  /** Who was rung is there. @param {CurrentCall} call */
  activate(call) {
    this.call = { ...call, state: 'active', since: Date.now() };
    this.remember();
    this.changed();
  }

  /**
   * Tells the server that this tab is in the call, and meets who else is: first of all, on a new socket, or after a
   * reload.
   * Where another way was begun meanwhile, or the call dropped, nothing comes of it.
   * @param {number} [attempts] of what the server may be able to do a little later
   */
  async accept(attempts = Infinity) {
    const { connection } = this.options;
    if (!this.call) return;
    const { callId } = this.call;
    const round = (this.round += 1);
    const goesOn = () => round === this.round;
    const wait = (/** @type {number} */ ms) => pause(ms, this.timers);
    const ask = () => connection.request('accept-call', { callId });
    const reply = await insist(ask, { wait, attempts, goesOn }).catch((error) => {
      if (goesOn()) throw error;
    });
    if (!goesOn() || !this.call) return;
    const { peers } = reply;
    if (!this.call.name && peers[0]) this.call = { ...this.call, name: peers[0].username };
    this.mesh?.joined(peers);
    this.tellMedia();
    this.remember();
    this.changed();
  }

  /** Tells the others what one sends. */
  tellMedia() {
    const { call, media } = this;
    if (call?.state !== 'active') return;
    this.remember();
    // Who comes later, or comes back, is told anew.
    void this.options.connection.request('media-state', { callId: call.callId, ...media.flags }).catch(() => undefined);
  }

  /** Out of the call, here. @param {boolean} [keepMedia] */
  drop(keepMedia = false) {
    this.round += 1;
    this.timers.clearInterval(this.ticker);
    this.mesh?.close();
    this.mesh = null;
    this.options.unconnected.clear();
    void this.media.limit(WHOLE);
    if (this.call) {
      this.tabStorage.write('call', null);
      // Where the call has moved to another tab, the note is that one's.
      if (this.storage.read('call')?.tab === this.options.tab) this.storage.write('call', null);
    }
    this.call = null;
    this.small = this.beside = false;
    if (!keepMedia) this.media.stop();
    this.changed();
  }

  /** Shows the call in a corner. */
  shrink() {
    this.small = true;
    this.beside = false;
    this.changed();
  }

  enlarge() {
    this.small = false;
    this.changed();
  }

  /** The room beside the large call, or no longer. @param {boolean} on */
  showBeside(on) {
    this.beside = on;
    this.changed();
  }

  /** What this tab needs to come back after a reload; other tabs see that there is a call. */
  remember() {
    const { call, media } = this;
    if (!call) return;
    const { audio, video } = media.wanted;
    this.tabStorage.write('call', { callId: call.callId, name: call.name, mine: call.mine, audio, video });
    const { callId, callType, roomId, state } = call;
    this.storage.write('call', { callId, callType, roomId, status: state, tab: this.options.tab });
  }

  /** The call that this tab was in before a reload. */
  get note() {
    return this.tabStorage.read('call');
  }

  /** What was noted is of a call that is over. */
  forget() {
    this.tabStorage.write('call', null);
  }

  /** The page goes away; perhaps it is reloaded. */
  leaving() {
    const mine = this.note;
    if (mine && this.call) this.tabStorage.write('call', { ...mine, left: true });
  }
}
