/** The one call that this tab can be in: its media and its connections, from the first to the last; and its notes for other tabs. */

import { asRequestError } from '../protocol/errors.js';
import { randomId } from '../state/outbox.js';
import { Store } from '../state/store.js';
import { Endings } from './endings.js';
import { IceServers } from './ice.js';
import { Journal } from './journal.js';
import { LocalMedia } from './media.js';
import { Mesh } from './mesh.js';
import { startWords } from './reasons.js';

/** @typedef {import('../protocol/types.js').SessionCall} SessionCall */
/** @typedef {import('./types.js').CallOptions} CallOptions */
/** @typedef {import('./types.js').CurrentCall} CurrentCall */
/** @typedef {import('./types.js').Incoming} Incoming */
/** @typedef {import('./types.js').Plan} Plan */

const LISTEN_MS = 300;
const MEASURE_EVERY = 7;
const LOOKOUT_MS = 10_000;

export class CallLine extends Store {
  /** @param {CallOptions} options */
  constructor(options) {
    super();
    const { rest, connection, storage, tabStorage, deviceStorage, devices, user, timers = globalThis } = options;
    this.options = options;
    this.connection = connection;
    this.storage = storage;
    this.tabStorage = tabStorage;
    this.devices = devices;
    this.user = user;
    this.timers = timers;
    /** Names this tab towards the others of this browser. */
    this.tab = randomId();
    this.ice = new IceServers(rest);
    this.endings = new Endings({ connection, tabStorage, me: user.id, timers });
    this.media = new LocalMedia({ devices, storage: deviceStorage });
    this.journal = new Journal({ rest, storage, me: user.id, changed: () => this.changed() });
    /** @type {Incoming | null} what rings */
    this.incoming = null;
    /** @type {Plan | null} what is being thought about */
    this.plan = null;
    /** @type {CurrentCall | null} */
    this.call = null;
    /** @type {SessionCall | null} the call that this user is in elsewhere */
    this.elsewhere = null;
    /** @type {Mesh | null} */
    this.mesh = null;
    /** The call is shown small in a corner, so that one can do something else meanwhile. */
    this.small = false;
    /** The call is shown large, and the room is to stand beside it. */
    this.beside = false;
    /** @type {any} */
    this.ticker = undefined;
    /** @type {any} */
    this.lookout = undefined;
    this.media.onTrack = () => {
      this.mesh?.retrack();
      this.tellMedia();
    };
  }

  about() {
    const { call } = this;
    return { name: call?.name || 'The other side', answered: call?.state === 'active', group: Boolean(call?.roomId) };
  }

  /** This tab is in a call from now on. @param {CurrentCall} call */
  begin(call) {
    this.call = call;
    this.elsewhere = null;
    this.small = this.beside = false;
    this.mesh?.close();
    this.mesh = new Mesh({
      callId: call.callId,
      me: this.user.id,
      connection: this.connection,
      connect: () => this.devices.connect(this.ice.configuration),
      track: (lane) => this.media.track(lane),
      changed: () => this.changed(),
      timers: this.timers,
    });
    let ticks = 0;
    this.timers.clearInterval(this.ticker);
    this.ticker = this.timers.setInterval(() => {
      ticks += 1;
      this.mesh?.listen();
      if (ticks % MEASURE_EVERY === 0) this.mesh?.measure(Date.now());
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

  /** Tells the others what one sends. */
  tellMedia() {
    const { call, media } = this;
    if (call?.state !== 'active') return;
    this.remember();
    // Who comes later, or comes back, is told anew.
    void this.connection.request('media-state', { callId: call.callId, ...media.flags }).catch(() => undefined);
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
    this.small = this.beside = false;
    if (!keepMedia) this.media.stop();
    this.changed();
  }

  /** Lets go of camera and microphone where nothing needs them any more. */
  release() {
    if (!this.call && !this.plan && !this.incoming) this.media.stop();
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
}
