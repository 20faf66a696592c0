/** Calls of this user in this tab: what rings, what one does about it, what the server says. Joins all parts. */

import { asRequestError } from '../protocol/errors.js';
import { randomId } from '../state/outbox.js';
import { Store } from '../state/store.js';
import { ConnectionCheck } from './check.js';
import { Elsewhere } from './elsewhere.js';
import { Endings } from './endings.js';
import { IceServers } from './ice.js';
import { Journal } from './journal.js';
import { LocalMedia } from './media.js';
import { Planner } from './planner.js';
import { endWords, ringOverWords, startWords } from './reasons.js';
import { Seat } from './seat.js';
import { Unconnected } from './unconnected.js';

/** @typedef {import('../protocol/types.js').SessionCall} SessionCall */
/** @typedef {import('./types.js').Incoming} Incoming */
/** @typedef {import('./types.js').Plan} Plan */

/** Who answers is not kept waiting for long. */
const ANSWER_ATTEMPTS = 3;

export class CallDesk extends Store {
  /** @param {import('./types.js').CallOptions} options */
  constructor(options) {
    super();
    const { rest, connection, storage, tabStorage, deviceStorage, devices, user, timers = globalThis } = options;
    const changed = () => this.changed();
    this.options = options;
    this.connection = connection;
    this.storage = storage;
    /** Names this tab towards the others of this browser. */
    this.tab = randomId();
    this.ice = new IceServers(rest);
    this.endings = new Endings({ connection, tabStorage, me: user.id, timers });
    this.media = new LocalMedia({ devices, storage: deviceStorage });
    const isGroup = (/** @type {string | undefined} */ roomId) => this.isGroup(roomId);
    this.journal = new Journal({ rest, storage, me: user.id, isGroup, changed });
    const { ice, journal, media, tab } = this;
    const ready = () => ice.ready();
    const connect = () => devices.connect(ice.configuration);
    const online = () => connection.status === 'online';
    /** Says why the call does not connect. */
    this.unconnected = new Unconnected({ ice, connect: devices.connect, online, changed, timers });
    const { unconnected } = this;
    const parts = { connection, connect, media, storage, tabStorage, unconnected };
    this.seat = new Seat({ me: user.id, tab, ...parts, timers, changed, isGroup });
    const refused = () => void journal.refresh();
    this.planner = new Planner({ connection, seat: this.seat, media, ready, changed, refused });
    this.away = new Elsewhere({ journal, timers, changed });
    /** @type {Incoming | null} what rings */
    this.incoming = null;
    this.stops = [media.subscribe(changed), ...this.listen()];
  }

  /** The call that this tab is in. */
  get call() {
    return this.seat.call;
  }

  /** Its connections. */
  get mesh() {
    return this.seat.mesh;
  }

  /** What is being thought about. */
  get plan() {
    return this.planner.plan;
  }

  /** The call that this user is in, but not in this tab. */
  get elsewhere() {
    return this.away.call;
  }

  get missed() {
    return this.journal.missed;
  }

  /** A call there is one of all in the room: in a room of two it is one of the two. @param {string} [roomId] */
  isGroup(roomId) {
    return Boolean(roomId && !this.options.isDirect?.(roomId));
  }

  listen() {
    const { connection } = this;
    /** @type {Record<string, (payload: any) => void>} */
    const handlers = {
      session: (payload) => this.sessionCame(payload),
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
        if (!this.call || (payload.callId && payload.callId !== this.call.callId)) return;
        void this.mesh?.signal(event, payload);
      };
    }
    return Object.entries(handlers).map(([event, handler]) => connection.on(event, handler));
  }

  /** The user is no longer here: ends everything of this tab. */
  close() {
    for (const stop of this.stops) stop();
    this.away.forget();
    if (this.call) void this.endings.tell('end-call', { callId: this.call.callId });
    this.endings.close();
    this.seat.drop();
  }

  /**
   * The connection is there, again or for the first time: is there a call to go on with?
   * @param {import('../protocol/types.js').Session} session
   */
  sessionCame({ call: open }) {
    // What was ended here meanwhile is over, also before the server has heard of it.
    const call = this.endings.has(open?.callId) ? undefined : open;
    void this.endings.tellAll();
    // Who is still rung is told again right after this.
    this.incoming = null;
    this.away.forget();
    void this.journal.refresh();
    const mine = this.seat.note;
    if (this.call && this.call.callId !== call?.callId) {
      void this.endedMeanwhile(this.call.callId);
    } else if (this.call?.state === 'ringing') {
      // Who rang and lost the connection rings no more.
      void this.endings.tell('end-call', { callId: this.call.callId });
      this.finish(endWords('disconnected', this.seat.about()));
    } else if (this.call && call) {
      void this.enter();
    } else if (call && mine?.callId === call.callId && (mine.left || call.socketId === null)) {
      void this.resume(call, mine);
    } else {
      if (mine && mine.callId !== call?.callId) this.seat.forget();
      if (call?.status === 'active') this.away.note(call);
    }
    this.changed();
  }

  /** The call ended while one was away. Nobody tells why; the history knows. @param {string} callId */
  async endedMeanwhile(callId) {
    const about = this.seat.about();
    this.seat.drop();
    await this.journal.refresh();
    const reason = this.journal.calls.find((one) => one.id === callId)?.endReason;
    this.options.say(endWords(reason ?? 'disconnected', about));
  }

  /** @param {Incoming} payload */
  rang({ callId, from, fromUsername, callType, roomId }) {
    if (this.call?.callId === callId || this.endings.has(callId)) return;
    this.incoming = { callId, from, fromUsername, callType, roomId };
    void this.ice.ready();
    void this.media.refreshList();
    this.changed();
  }

  /** @param {{callId: string, from: string, fromUsername: string}} event */
  accepted(event) {
    const { call } = this;
    if (!call || call.callId !== event.callId) return;
    if (call.state === 'ringing') this.seat.activate(call);
    void this.mesh?.accepted(event);
    this.seat.tellMedia();
  }

  /** @param {{callId: string, fromUsername: string, reason?: string}} event */
  rejected({ callId, fromUsername, reason }) {
    if (this.call?.callId !== callId) return;
    const why = reason === 'disconnected' ? 'unreachable' : 'rejected';
    const words = endWords(why, { name: fromUsername, answered: false, group: false });
    if (this.call.group) this.options.say(words);
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
    if (this.elsewhere?.callId === callId) this.away.forget();
    if (this.incoming?.callId === callId) {
      this.options.say(ringOverWords(reason, this.incoming.fromUsername));
      this.incoming = null;
      this.release();
    }
    if (this.call?.callId === callId) {
      const byMe = from === this.options.user.id && reason === 'hangup';
      this.finish(byMe ? 'You left the call elsewhere.' : endWords(reason, this.seat.about()));
    }
    if (here && reason === 'answered-elsewhere') {
      this.away.note({ callId, callType: here.callType, roomId: here.roomId, status: 'active', socketId: '' });
    }
    void this.journal.refresh();
    this.changed();
  }

  /** Begins to think about a call: preview and devices, before anybody is rung. @param {Plan} plan */
  prepare(plan) {
    if (!this.call) return this.planner.prepare(plan);
    this.seat.enlarge();
    this.options.say('You are in a call already.');
  }

  dismissPlan() {
    if (!this.planner.dismiss()) return;
    this.release();
    this.changed();
  }

  /** Does what was planned. */
  async go() {
    await this.planner.go();
    // Who is in a call here is in no other.
    if (this.call) this.away.forget();
  }

  /** Answers the call that rings. @param {boolean} video with the camera on */
  async answer(video) {
    const { incoming } = this;
    if (!incoming) return;
    const { callId, callType, roomId, fromUsername } = incoming;
    this.incoming = null;
    this.planner.plan = null;
    this.away.forget();
    const group = this.isGroup(roomId);
    const name = roomId && group ? (this.options.roomName(roomId) ?? fromUsername) : fromUsername;
    // What one sends may come a moment later: answering does not wait for the camera.
    void this.media.start({ audio: this.media.wanted.audio, video });
    await this.ice.ready();
    this.seat.begin({ callId, callType, roomId, name, state: 'active', mine: false, since: Date.now() });
    try {
      await this.seat.accept(ANSWER_ATTEMPTS);
    } catch (thrown) {
      this.finish(startWords(asRequestError(thrown), { name, group }));
    }
  }

  /** @param {string} [reason] */
  async decline(reason) {
    const { incoming } = this;
    if (!incoming) return;
    this.incoming = null;
    this.release();
    this.changed();
    await this.endings.tell('reject-call', { callId: incoming.callId, reason });
    void this.journal.refresh();
  }

  /** The call that this user is in elsewhere comes into this tab. */
  async moveHere() {
    const { elsewhere } = this;
    if (!elsewhere) return;
    this.away.forget();
    const name = elsewhere.roomId ? this.options.roomName(elsewhere.roomId) : '';
    await this.resume(elsewhere, { name, video: elsewhere.callType === 'video' });
  }

  async hangUp() {
    const { call } = this;
    if (!call) return;
    const { callId } = call;
    this.seat.drop();
    await this.endings.tell('end-call', { callId });
    void this.journal.refresh();
  }

  /** Into the call that goes on, again. */
  async enter() {
    await this.ice.ready();
    try {
      await this.seat.accept();
    } catch (thrown) {
      const error = asRequestError(thrown);
      // The connection went again: its return brings us back here.
      if (!error.mayPass) this.finish(startWords(error, this.seat.about()));
    }
  }

  /**
   * After a reload, or out of another tab: back into the call, as one was.
   * @param {SessionCall} call
   * @param {any} mine
   */
  resume({ callId, callType, roomId, answeredAt }, mine) {
    void this.media.start({ audio: mine.audio !== false, video: mine.video === true });
    const since = answeredAt ? Date.parse(answeredAt) : Date.now();
    const { name = '' } = mine;
    this.seat.begin({ callId, callType, roomId, name, state: 'active', mine: Boolean(mine.mine), since });
    return this.enter();
  }

  /** @param {string} words why it is over */
  finish(words) {
    this.seat.drop();
    this.options.say(words);
    void this.journal.refresh();
  }

  /** A test of all that calls need. In a call it leaves camera and microphone as they are. */
  newCheck() {
    const { connection, ice, media, options } = this;
    return new ConnectionCheck({
      connection,
      ice,
      media,
      devices: options.devices,
      inCall: Boolean(this.call),
      timers: options.timers,
    });
  }

  /** Lets go of camera and microphone where nothing needs them any more. */
  release() {
    if (!this.call && !this.plan && !this.incoming) this.media.stop();
  }

  /** The page goes away; perhaps it is reloaded. */
  leaving() {
    this.seat.leaving();
  }

  /** Another tab of this browser began or ended a call. */
  heardOfCall() {
    if (this.call) return;
    const call = this.storage.read('call');
    if (call?.status === 'active') this.away.note({ ...call, socketId: '' });
    else this.away.forget();
    this.changed();
  }
}
