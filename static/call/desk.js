/** Calls of this user in this tab: what rings, what is planned, what goes on, and what the server says of it. */

import { asRequestError } from '../protocol/errors.js';
import { randomId } from '../state/outbox.js';
import { Store } from '../state/store.js';
import { IceServers } from './ice.js';
import { Journal } from './journal.js';
import { LocalMedia } from './media.js';
import { Mesh } from './mesh.js';
import { endWords, ringOverWords, startWords } from './reasons.js';

/** @typedef {import('../protocol/types.js').CallType} CallType */
/** @typedef {import('../protocol/types.js').SessionCall} SessionCall */
/** @typedef {{callId: string, from: string, fromUsername: string, callType: CallType, roomId?: string}} Incoming */
/**
 * A call that is being thought about: whom to ring, or which call to join.
 * @typedef {{to?: string, roomId?: string, join?: string, name: string, callType: CallType, busy?: boolean, problem?: string}} Plan
 */
/**
 * The call that this tab is in.
 * @typedef {object} CurrentCall
 * @property {string} callId
 * @property {CallType} callType
 * @property {string} [roomId]
 * @property {string} name of the other, or of the room
 * @property {'ringing' | 'active'} state
 * @property {boolean} mine this user began it
 * @property {number} since milliseconds since 1970: begun to ring, or answered
 */

const LISTEN_MS = 300;
const MEASURE_EVERY = 7;
const LOOKOUT_MS = 10_000;

export class CallDesk extends Store {
  /**
   * @param {object} options
   * @param {import('../protocol/rest.js').Rest} options.rest
   * @param {import('../protocol/connection.js').Connection} options.connection
   * @param {import('../state/storage.js').BrowserStorage} options.storage
   * @param {import('../state/storage.js').BrowserStorage} options.tabStorage
   * @param {import('./devices.js').Devices} options.devices
   * @param {{id: string, username: string}} options.user
   * @param {(words: string) => void} options.say
   * @param {(roomId: string) => string | undefined} options.roomName
   * @param {any} [options.timers]
   */
  constructor(options) {
    super();
    const { rest, connection, storage, tabStorage, devices, user, timers = globalThis } = options;
    this.options = options;
    this.connection = connection;
    this.tabStorage = tabStorage;
    this.devices = devices;
    this.user = user;
    this.timers = timers;
    /** Names this tab towards the others of this browser. */
    this.tab = randomId();
    this.ice = new IceServers(rest);
    this.media = new LocalMedia({ devices, storage });
    this.journal = new Journal({ rest, storage, me: user.id, changed: () => this.changed() });
    /** @type {Incoming | null} */
    this.incoming = null;
    /** @type {Plan | null} */
    this.plan = null;
    /** @type {CurrentCall | null} */
    this.call = null;
    /** @type {SessionCall | null} the call that this user is in elsewhere */
    this.elsewhere = null;
    /** @type {Mesh | null} */
    this.mesh = null;
    /** The call is shown small, so that one can write meanwhile. */
    this.small = false;
    this.storage = storage;
    /** @type {any} */
    this.ticker = undefined;
    /** @type {any} */
    this.lookout = undefined;
    this.media.onTrack = (kind) => {
      this.mesh?.retrack(kind);
      this.tellMedia();
    };
    this.stops = [this.media.subscribe(() => this.changed()), ...this.listen()];
  }

  listen() {
    const { connection } = this;
    /** @type {Record<string, (payload: any) => void>} */
    const handlers = {
      session: (payload) => void this.sessionCame(payload),
      'incoming-call': (payload) => this.rang(payload),
      'call-accepted': (payload) => this.accepted(payload),
      'call-rejected': (payload) => this.rejected(payload),
      'call-away': ({ callId, from }) => this.call?.callId === callId && this.mesh?.away(from),
      'call-left': (payload) => this.left(payload),
      'call-ended': (payload) => this.ended(payload),
      'media-state': ({ callId, from, ...flags }) => this.call?.callId === callId && this.mesh?.mediaState(from, flags),
    };
    for (const event of ['webrtc-offer', 'webrtc-answer', 'webrtc-ice-candidate']) {
      handlers[event] = (payload) => {
        if (this.call && (!payload.callId || payload.callId === this.call.callId)) void this.mesh?.signal(event, payload);
      };
    }
    return Object.entries(handlers).map(([event, handler]) => connection.on(event, handler));
  }

  /** Ends everything of this tab, without a word to the server. */
  close() {
    for (const stop of this.stops) stop();
    this.timers.clearTimeout(this.lookout);
    this.drop();
  }

  get missed() {
    return this.journal.missed;
  }

  /** The connection is there, again or for the first time: is there a call to go on with? @param {import('../protocol/types.js').Session} session */
  async sessionCame({ call }) {
    // Who is still rung is told again right after this.
    this.incoming = null;
    this.elsewhere = null;
    void this.journal.refresh();
    const mine = this.tabStorage.read('call');
    if (this.call && this.call.callId !== call?.callId) {
      this.finish(endWords('disconnected', { ...this.about(), answered: this.call.state === 'active' }));
    } else if (this.call?.state === 'ringing') {
      // Who rang and lost the connection rings no more.
      void this.connection.request('end-call', { callId: this.call.callId }).catch(() => undefined);
      this.finish(endWords('disconnected', this.about()));
    } else if (this.call && call) {
      await this.enter(this.call);
    } else if (call && mine?.callId === call.callId && (mine.left || call.socketId === null)) {
      await this.resume(call, mine);
    } else {
      if (mine && mine.callId !== call?.callId) this.tabStorage.write('call', null);
      if (call?.status === 'active') this.goesOnElsewhere(call);
    }
    this.changed();
  }

  /** After a reload: back into the call, as one was. @param {SessionCall} call @param {any} mine */
  async resume(call, mine) {
    this.call = {
      callId: call.callId,
      callType: call.callType,
      roomId: call.roomId,
      name: mine.name ?? '',
      state: 'active',
      mine: Boolean(mine.mine),
      since: call.answeredAt ? Date.parse(call.answeredAt) : Date.now(),
    };
    const wanted = { audio: mine.audio !== false, video: mine.video === true };
    await this.enter(this.call, wanted);
  }

  /** @param {Incoming} payload */
  rang({ callId, from, fromUsername, callType, roomId }) {
    if (this.call?.callId === callId) return;
    this.incoming = { callId, from, fromUsername, callType, roomId };
    void this.ice.ready();
    void this.media.refreshList();
    this.changed();
  }

  /** @param {{callId: string, from: string, fromUsername: string}} event */
  accepted(event) {
    const { call } = this;
    if (!call || call.callId !== event.callId) return;
    if (call.state === 'ringing') this.activate(call);
    void this.mesh?.accepted(event);
    this.tellMedia();
  }

  /** @param {{callId: string, fromUsername: string, reason?: string}} event */
  rejected({ callId, fromUsername, reason }) {
    if (this.call?.callId !== callId) return;
    const why = reason === 'disconnected' ? 'unreachable' : 'rejected';
    const words = endWords(why, { name: fromUsername, answered: false, group: false });
    if (this.call.roomId) this.options.say(words);
    else this.finish(words);
  }

  /** @param {{callId: string, from: string, reason: string}} event */
  left({ callId, from, reason }) {
    if (this.call?.callId !== callId) return;
    const name = this.mesh?.left(from);
    if (name) this.options.say(reason === 'disconnected' ? `${name} lost the connection.` : `${name} left the call.`);
  }

  /** @param {{callId: string, from?: string, reason: string}} event */
  ended({ callId, from, reason }) {
    const here = [this.incoming, this.call].find((one) => one?.callId === callId);
    if (this.elsewhere?.callId === callId) this.elsewhere = null;
    if (this.incoming?.callId === callId) {
      this.options.say(ringOverWords(reason, this.incoming.fromUsername));
      this.incoming = null;
      this.release();
    }
    if (this.call?.callId === callId) {
      const byMe = from === this.user.id && reason === 'hangup';
      this.finish(byMe ? 'You left the call elsewhere.' : endWords(reason, this.about()));
    }
    if (here && reason === 'answered-elsewhere') {
      this.goesOnElsewhere({ callId, callType: here.callType, roomId: here.roomId, status: 'active', socketId: '' });
    }
    void this.journal.refresh();
    this.changed();
  }

  about() {
    const { call } = this;
    return { name: call?.name || 'The other side', answered: call?.state === 'active', group: Boolean(call?.roomId) };
  }

  /** Begins to think about a call: preview and devices, before anybody is rung. @param {Plan} plan */
  prepare(plan) {
    if (this.call) {
      this.small = false;
      return this.options.say('You are in a call already.');
    }
    this.plan = plan;
    void this.ice.ready();
    void this.media.start({ audio: true, video: plan.callType === 'video' });
    this.changed();
  }

  dismissPlan() {
    // It rings already, or is about to: then one hangs up.
    if (this.plan?.busy) return;
    this.plan = null;
    this.release();
    this.changed();
  }

  /** Lets go of camera and microphone where nothing needs them any more. */
  release() {
    if (!this.call && !this.plan && !this.incoming) this.media.stop();
  }

  /** Does what was planned: rings, or joins. */
  async go() {
    const { plan } = this;
    if (!plan || plan.busy) return;
    this.plan = { ...plan, busy: true, problem: undefined };
    this.changed();
    try {
      await this.ice.ready();
      if (plan.join) await this.join(plan, plan.join);
      else await this.ring(plan);
      this.plan = null;
    } catch (thrown) {
      const error = asRequestError(thrown);
      if (this.plan) this.plan = { ...plan, busy: false, problem: startWords(error, { name: plan.name, group: Boolean(plan.roomId) }) };
      void this.journal.refresh();
    }
    this.changed();
  }

  /** @param {Plan} plan */
  async ring(plan) {
    const { to, roomId, callType } = plan;
    try {
      const ack = await this.connection.request('initiate-call', to ? { to, callType } : { roomId, callType });
      this.begin({ callId: ack.callId, callType, roomId, name: plan.name, state: 'ringing', mine: true, since: Date.now() });
    } catch (thrown) {
      const error = asRequestError(thrown);
      const { callId } = error.detail;
      // A call goes on there already, or the other one rings us: that is the one to be in.
      if (error.code !== 'user_busy' || typeof callId !== 'string') throw error;
      await this.join(plan, callId);
    }
  }

  /** @param {Plan} plan @param {string} callId */
  async join(plan, callId) {
    const call = { callId, callType: plan.callType, roomId: plan.roomId, name: plan.name, mine: false };
    this.begin({ ...call, state: 'active', since: Date.now() });
    try {
      await this.accept(callId);
    } catch (error) {
      this.drop(true);
      throw error;
    }
  }

  /** Answers the call that rings. @param {boolean} video with the camera on */
  async answer(video) {
    const { incoming } = this;
    if (!incoming) return;
    const { callId, callType, roomId, fromUsername } = incoming;
    this.incoming = null;
    this.plan = null;
    const name = roomId ? (this.options.roomName(roomId) ?? fromUsername) : fromUsername;
    // What one sends may come a moment later: answering does not wait for the camera.
    void this.media.start({ audio: this.media.wanted.audio, video });
    await this.ice.ready();
    this.begin({ callId, callType, roomId, name, state: 'active', mine: false, since: Date.now() });
    try {
      await this.accept(callId);
    } catch (thrown) {
      this.finish(startWords(asRequestError(thrown), { name, group: Boolean(roomId) }));
    }
  }

  /** @param {string} [reason] */
  async decline(reason) {
    const { incoming } = this;
    if (!incoming) return;
    this.incoming = null;
    this.release();
    this.changed();
    // Where it does not arrive, the call rings out by itself.
    await this.connection.request('reject-call', { callId: incoming.callId, reason }).catch(() => undefined);
    void this.journal.refresh();
  }

  /** The call that this user is in elsewhere comes into this tab. */
  async moveHere() {
    const { elsewhere } = this;
    if (!elsewhere) return;
    this.elsewhere = null;
    await this.ice.ready();
    await this.resume(elsewhere, { name: elsewhere.roomId ? this.options.roomName(elsewhere.roomId) : '', video: elsewhere.callType === 'video' });
  }

  /** Into a call that goes on, again: on a new socket, after a reload, or from another tab. @param {CurrentCall} call @param {{audio: boolean, video: boolean}} [wanted] */
  async enter(call, wanted) {
    if (!this.mesh) this.begin(call);
    if (wanted) void this.media.start(wanted);
    await this.ice.ready();
    try {
      await this.accept(call.callId);
    } catch (thrown) {
      const error = asRequestError(thrown);
      // The connection went again: its return brings us back here.
      if (error.isAbsence || this.call?.callId !== call.callId) return;
      this.finish(startWords(error, this.about()));
    }
  }

  /** @param {string} callId */
  async accept(callId) {
    const { peers } = await this.connection.request('accept-call', { callId });
    if (this.call?.callId !== callId) return;
    if (!this.call.name && peers[0]) this.call = { ...this.call, name: peers[0].username };
    this.mesh?.joined(peers);
    this.tellMedia();
    this.remember();
    this.changed();
  }

  /** This tab is in a call from now on. @param {CurrentCall} call */
  begin(call) {
    this.call = call;
    this.elsewhere = null;
    this.small = false;
    this.mesh?.close();
    this.mesh = new Mesh({
      callId: call.callId,
      me: this.user.id,
      connection: this.connection,
      connect: () => this.devices.connect(this.ice.configuration),
      track: (kind) => this.media.track(kind),
      changed: () => this.changed(),
      timers: this.timers,
    });
    let ticks = 0;
    this.timers.clearInterval(this.ticker);
    this.ticker = this.timers.setInterval(() => {
      ticks += 1;
      this.mesh?.listen();
      if (ticks % MEASURE_EVERY === 0) void this.mesh?.measure(Date.now());
    }, LISTEN_MS);
    this.remember();
    this.changed();
  }

  /** @param {CurrentCall} call */
  activate(call) {
    this.call = { ...call, state: 'active', since: Date.now() };
    this.remember();
    this.changed();
  }

  /** What this tab needs to come back after a reload; other tabs see that there is a call. */
  remember() {
    const { call, media } = this;
    if (!call) return;
    const { audio, video } = media.wanted;
    this.tabStorage.write('call', { callId: call.callId, name: call.name, mine: call.mine, audio, video });
    const { callId, callType, roomId, state } = call;
    this.storage.write('call', { callId, callType, roomId, status: state, tab: this.tab });
  }

  /** The page goes away; perhaps it is reloaded. */
  leaving() {
    const mine = this.tabStorage.read('call');
    if (mine && this.call) this.tabStorage.write('call', { ...mine, left: true });
  }

  /** Another tab of this browser began or ended a call. */
  heardOfCall() {
    const call = this.storage.read('call');
    if (this.call || !this.user) return;
    this.elsewhere = null;
    if (call?.status === 'active') this.goesOnElsewhere({ ...call, socketId: '' });
    this.changed();
  }

  /** This user is in a call, but not in this tab. Nobody tells when it ends there: the history knows. @param {SessionCall} call */
  goesOnElsewhere(call) {
    this.elsewhere = call;
    this.timers.clearTimeout(this.lookout);
    this.lookout = this.timers.setTimeout(async () => {
      if (this.elsewhere?.callId !== call.callId) return;
      await this.journal.refresh();
      if (this.elsewhere?.callId !== call.callId) return;
      const known = this.journal.calls.find((one) => one.id === call.callId);
      if (known?.status === 'ended') this.elsewhere = null;
      else this.goesOnElsewhere(this.elsewhere);
      this.changed();
    }, LOOKOUT_MS);
  }

  /** Shows the call small, so that one can read and write meanwhile. */
  shrink() {
    this.small = true;
    this.changed();
  }

  enlarge() {
    this.small = false;
    this.changed();
  }

  async hangUp() {
    const { call } = this;
    if (!call) return;
    const { callId } = call;
    this.drop();
    await this.connection.request('end-call', { callId }).catch(() => undefined);
    void this.journal.refresh();
  }

  /** @param {string} words why */
  finish(words) {
    this.drop();
    this.options.say(words);
    void this.journal.refresh();
  }

  /** Out of the call, here. @param {boolean} [keepMedia] */
  drop(keepMedia = false) {
    this.timers.clearInterval(this.ticker);
    this.mesh?.close();
    this.mesh = null;
    if (this.call) {
      this.tabStorage.write('call', null);
      // Where the call has moved to another tab, the note is that one's.
      if (this.storage.read('call')?.tab === this.tab) this.storage.write('call', null);
    }
    this.call = null;
    this.small = false;
    if (!keepMedia) this.media.stop();
    this.changed();
  }

  /** Tells the others what one sends. */
  tellMedia() {
    const { call, media } = this;
    if (call?.state !== 'active') return;
    this.remember();
    // Who comes later, or comes back, is told anew.
    void this.connection.request('media-state', { callId: call.callId, ...media.flags }).catch(() => undefined);
  }
}
