/** Puts the parts together: session, server, rooms and calls of whoever is logged in. Knows no page. */

import { CALL_EVENTS, createConnection } from './protocol/connection.js';
import { asRequestError, insist, pause } from './protocol/errors.js';
import { createRest } from './protocol/rest.js';
import { Belongings, dropLeftovers } from './state/storage.js';
import { Part } from './state/part.js';
import { LastRoom, Place, isOutside, roomHref } from './state/place.js';
import { Session } from './state/session.js';
import { Store } from './state/store.js';
import { inWords } from './state/words.js';

/** @typedef {import('./protocol/types.js').ServerConfig} ServerConfig */
/** @typedef {import('./state/chat.js').Chat} Chat */
/** @typedef {import('./call/desk.js').CallDesk} CallDesk */
/** @typedef {typeof import('./later.js')} Later */

const RETRY_MS = 2_000;
/** A server that does not answer must not keep anybody logged in. */
const GOODBYE_MS = 2_000;
const ENDED = 'Your session has ended. Please log in again.';

export class App extends Store {
  /**
   * @param {object} options
   * @param {string} [options.home] the path that the client lies at, with a slash at its end
   * @param {(options: object) => any} options.io makes a socket
   * @param {import('./state/storage.js').BrowserStorage} options.storage kept in this browser
   * @param {import('./state/storage.js').BrowserStorage} options.tabStorage kept in this tab
   * @param {string} options.hash
   * @param {object} options.parts what only those need who are logged in
   * @param {() => Promise<typeof import('./state/chat.js')>} options.parts.chat
   * @param {() => Promise<typeof import('./views/shell.js')>} options.parts.shell
   * @param {() => Promise<Later>} options.parts.later
   */
  constructor({ home = '/', io, storage, tabStorage, hash, parts }) {
    super();
    this.storage = storage;
    this.tabStorage = tabStorage;
    this.session = new Session({ storage });
    this.rest = createRest({
      base: home.slice(0, -1),
      token: () => this.session.token,
      onRefused: (code, token) => void this.session.refused(token, code, ENDED),
    });
    this.connection = createConnection({
      io,
      token: () => this.session.token,
      onRefused: (code) => (code === 'account_disabled' ? this.session.end(inWords({ code, message: '' })) : void this.reconsider()),
    });
    /** @type {ServerConfig | null} */
    this.config = null;
    const missing = () => this.changed();
    this.chatPart = new Part({ load: parts.chat, came: () => this.sessionChanged(), missing });
    this.shell = new Part({ load: parts.shell, came: () => this.chatChanged(), missing });
    this.later = new Part({ load: parts.later, came: () => this.laterCame(), missing });
    /** Who is connected, or about to be. */
    this.userId = '';
    /** @type {Belongings | null} what is kept of the user */
    this.belongings = null;
    /** @type {Chat | null} */
    this.chat = null;
    /** @type {CallDesk | null} */
    this.calls = null;
    /** @type {import('./call/devices.js').Devices | null} */
    this.devices = null;
    this.place = new Place(hash);
    /** @type {{id: number, text: string}[]} short words about what just happened */
    this.toasts = [];
    /** @type {{id: string, username: string} | null} whose card is shown */
    this.card = null;
    /** A call rings, and the browser lets this tab make no sound yet. */
    this.silent = false;
    /** @type {((message: import('./protocol/types.js').Message) => void) | null} told of what others write */
    this.onMessage = null;
    /** Where to go after log-in. */
    this.returnTo = '';
    /** The name of the room that a new account was invited to, until it is open. */
    this.invitedTo = '';
    /** @type {((hash: string) => void) | null} changes the address */
    this.navigate = null;
    this.session.subscribe(() => this.sessionChanged());
    /** How often the connection was refused since it was there. */
    this.refusals = 0;
    this.connection.on('account-updated', ({ user: told }) => this.session.update(told));
    this.connection.on('session', ({ role }) => role && this.session.update({ role }));
    this.connection.on('status', (status) => {
      if (status === 'online') this.refusals = 0;
      this.changed();
    });
  }

  start() {
    dropLeftovers(this.storage, this.tabStorage);
    this.session.keepFresh(() => this.rest.refresh());
    this.sessionChanged();
  }

  /** To be called by who shows something of it: a page that is opened again asks for nothing that it does not show. */
  async loadConfig() {
    if (this.config) return;
    try {
      this.config = await this.rest.config();
      this.changed();
    } catch (error) {
      // Without it only the notice about sign-ups and the version are unknown.
      console.info('The settings of the server are not known:', asRequestError(error).message);
    }
  }

  sessionChanged() {
    const { user } = this.session;
    const wanted = this.chat && !user && (this.session.wanted || !this.session.notice);
    if (this.userId && this.userId !== user?.id) this.leave();
    if (user && !this.userId) this.open(user);
    // A newer token came after the connection was refused for the older.
    else if (user && this.connection.status === 'offline') this.connection.open();
    if (user && !this.chat && this.chatPart.here) this.enter(user, this.chatPart.here);
    if (!user && !isOutside(this.route)) {
      // Whoever logs in after a log-out is perhaps somebody else.
      this.returnTo = wanted ? '' : this.place.hash;
      if (wanted) this.toasts = [];
      this.navigate?.('#/login');
    }
    if (user && (this.route.page === 'login' || this.route.page === 'signup')) {
      this.navigate?.(this.returnTo || '#/rooms');
    }
    this.changed();
  }

  /** A new account: into the room that it was invited to. @param {import('./protocol/types.js').Grant} grant @param {string} [room] its name */
  signedUp(grant, room = '') {
    this.invitedTo = room;
    this.changeTo(grant);
  }

  /** Somebody is logged in now, in the place of whoever was before. @param {import('./protocol/types.js').Grant} grant */
  changeTo(grant) {
    this.returnTo = '';
    this.config = null;
    // Before the session begins: the page of a link that is used up is none to come back to.
    this.place.put('#/rooms');
    this.session.begin(grant);
  }

  /** Into the room of an invitation. @param {string} code */
  async followInvite(code) {
    const { room } = await this.rest.followInvite(code);
    if (!room || !this.chat) return this.visit('#/rooms');
    this.chat.rooms.put({ ...room, joined: true });
    this.chat.sync.follow(room.id);
    this.chat.changed();
    this.visit(roomHref(room.id));
  }

  /** The room that a new account was invited to is opened, as soon as there are rooms. */
  openInvited() {
    if (!this.invitedTo || !this.chat?.rooms.fetched) return;
    const room = [...this.chat.rooms.byId.values()].find(({ name, joined }) => joined && name === this.invitedTo);
    this.invitedTo = '';
    if (room) this.visit(roomHref(room.id));
  }

  /** Connects, while what they need comes who are logged in. @param {import('./protocol/types.js').User} user */
  open(user) {
    this.userId = user.id;
    this.connection.hold(CALL_EVENTS, (event, payload) => {
      if (event === 'incoming-call' || payload?.call) void this.later.bring();
    });
    this.connection.open();
    void this.chatPart.bring();
    void this.shell.bring();
    // This tab was in a call.
    if (this.tabStorage.of(user.id).read('call')) void this.later.bring();
  }

  /** @param {import('./protocol/types.js').User} user @param {typeof import('./state/chat.js')} chatPart */
  enter(user, { Chat }) {
    const { rest, connection, storage, tabStorage } = this;
    this.belongings = new Belongings({ storage, tabStorage, userId: user.id });
    const { ofBrowser } = this.belongings;
    // Before the call is resumed, for which this is no way to somewhere else.
    this.place.begin(new LastRoom(ofBrowser));
    this.chat = new Chat({ rest, connection, storage: ofBrowser, user });
    this.chat.onMessage = (message) => this.onMessage?.(message);
    this.chat.members.onRemoved = (name) => this.say(`You are no longer in “${name}”.`);
    this.chat.subscribe(() => this.chatChanged());
    if (this.later.here) this.beginCalls(this.later.here);
    this.showRoom();
  }

  /** @param {Later} later */
  beginCalls({ CallDesk, browserDevices }) {
    const { rest, connection, storage, belongings, chat } = this;
    if (!belongings || !chat) return;
    const { ofBrowser, ofTab } = belongings;
    this.devices ??= browserDevices();
    this.calls = new CallDesk({
      ...{ rest, connection, devices: this.devices, user: chat.user },
      ...{ storage: ofBrowser, tabStorage: ofTab, deviceStorage: storage },
      say: (words) => this.say(words),
      roomName: (id) => this.chat?.rooms.byId.get(id)?.name,
      isDirect: (id) => this.chat?.rooms.isDirect(id) ?? false,
    });
    this.calls.subscribe(() => this.changed());
    connection.release();
  }

  laterCame() {
    const { here } = this.later;
    if (!here) return;
    here.watch(this);
    this.beginCalls(here);
    this.changed();
  }

  /** Plans a call, as soon as the part is there that can. @param {import('./call/types.js').Plan} plan */
  async prepareCall(plan) {
    await this.later.bring();
    // What the two write stands beside their call.
    const roomId = plan.roomId ?? (plan.to && this.chat?.rooms.directWith(plan.to)?.id);
    this.calls?.prepare({ ...plan, roomId });
  }

  /** What one came for is there to be read, the open room or the list: now the rest may come. */
  get canBeRead() {
    const { chat, place } = this;
    if (!chat?.rooms.loaded) return false;
    const { roomInView } = place;
    return !roomInView || !chat.rooms.byId.has(roomInView) || Boolean(chat.history.of(roomInView)?.loaded);
  }

  chatChanged() {
    if (this.chat) this.place.check(this.chat.rooms);
    this.openInvited();
    this.showRoom();
    this.changed();
  }

  leave() {
    this.calls?.close();
    this.chat?.close();
    this.connection.close();
    this.userId = '';
    this.belongings?.sessionOver();
    this.belongings = null;
    this.place.lastRoom = null;
    this.chat = null;
    this.calls = null;
    this.card = null;
  }

  /** The page is being left, perhaps for good. */
  leaving() {
    this.calls?.leaving();
    this.chat?.remember();
    this.pausing();
  }

  /** The connection's token was refused. Where this session has a newer one, or the refusal was about an older, go on. */
  async reconsider() {
    const { token } = this.session;
    if (!token) return;
    const goesOn = () => this.session.token === token;
    try {
      await insist(() => this.rest.me(), { goesOn });
      if (this.refusals++) await pause(RETRY_MS);
      if (goesOn()) this.connection.open();
    } catch (error) {
      // Refused for good, the session is over: the REST side has said so already.
      console.info('The connection is not opened again:', asRequestError(error).message);
    }
  }

  /** @param {string} hash */
  go(hash) {
    const before = this.place.hash;
    // Who was invited and has an account comes back to the invitation.
    if (!this.session.user && this.route.page === 'invite') this.returnTo = before;
    this.card = null;
    this.makeWay(this.place.go(hash));
    const { page } = this.route;
    if (!this.session.user && !isOutside(this.route)) {
      this.returnTo = hash;
      this.navigate?.('#/login');
    } else if (this.session.user && (page === 'login' || page === 'signup')) {
      this.navigate?.(this.returnTo || this.place.home);
    } else if (this.session.user) {
      // One has arrived there.
      this.returnTo = '';
    }
    this.showRoom();
    this.changed();
  }

  /** @param {Place['fits']} fits what the page has space for now */
  fit(fits) {
    this.place.fits = fits;
    this.showRoom();
    this.changed();
  }

  showRoom() {
    const room = this.place.roomInView;
    this.chat?.open(room);
    this.place.lastRoom?.note(room);
  }

  get route() {
    return this.place.route;
  }

  /** Where the call of this tab is shown. @returns {'' | 'large' | 'beside' | 'corner'} */
  get callPlace() {
    const { calls } = this;
    if (!calls?.call) return '';
    if (calls.seat.small) return 'corner';
    return calls.seat.beside && this.place.fits.beside ? 'beside' : 'large';
  }

  /** No large call stands in front of the room. */
  get roomVisible() {
    return this.callPlace !== 'large';
  }

  /** What one goes to must be seen: a call in front of it goes to a corner. @param {import('./state/place.js').Route} before */
  makeWay(before) {
    const { callPlace } = this;
    if (!callPlace || callPlace === 'corner') return;
    if (!this.place.showsBeside(before, callPlace)) this.calls?.seat.shrink();
  }

  /** The chat of the call: beside it where there is room, else in its place. */
  toggleChat() {
    const { calls, place } = this;
    if (!calls?.call) return;
    if (this.callPlace === 'beside') return calls.seat.showBeside(false);
    const roomId = calls.call.roomId ?? place.route.roomId;
    if (place.fits.beside && roomId) calls.seat.showBeside(true);
    else calls.seat.shrink();
    const there = roomId ? roomId === place.roomInView : place.route.page === 'home';
    if (!there) this.visit(roomId ? roomHref(roomId) : '#/rooms');
  }

  /** The page may end, or be put to sleep, without another word. */
  pausing() {
    this.chat?.marks.flush();
    this.chat?.reading.flush();
  }

  /** Another tab changed what this browser keeps. @param {string | null} key */
  stored(key) {
    if (key === null || this.storage.nameOf(key) === 'session') this.session.adopt();
    const name = this.belongings?.ofBrowser.nameOf(key);
    if (name === 'call') this.calls?.heardOfCall();
    if (name === 'read') this.chat?.marks.reload();
    if (name?.startsWith('sounds')) this.chat?.sounds.reload();
    if (name === 'read' || name?.startsWith('sounds')) this.changed();
  }

  /** The user runs this server. */
  get isAdmin() {
    return this.session.user?.role === 'admin';
  }

  /** Shows a person's card; `null` for none. @param {{id: string, username: string} | null} who */
  showPerson(who) {
    this.card = who;
    if (who) void this.later.bring();
    this.changed();
  }

  /** Goes to the room with one other, which is made where there is none. @param {string} userId */
  async writeTo(userId) {
    const room = await this.chat?.members.direct(userId);
    this.card = null;
    if (room) this.visit(roomHref(room.id));
    this.changed();
  }

  /** @param {string} hash an address of this client */
  visit(hash) {
    this.navigate?.(hash);
  }

  /** @param {string} text */
  say(text) {
    const id = (this.toasts.at(-1)?.id ?? 0) + 1;
    this.toasts = [...this.toasts.slice(-2), { id, text }];
    this.changed();
  }

  /** Every token of the user stops working, on all devices. */
  async logOutEverywhere() {
    await this.calls?.hangUp();
    await this.rest.logOutEverywhere();
    this.belongings?.remove();
    this.session.end('You are logged out everywhere.', true);
  }

  /** @param {number} id */
  dismiss(id) {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
    this.changed();
  }

  async logOut() {
    // The call of this browser, in whichever tab: that one hears of the log-out too late to say goodbye.
    const call = this.belongings?.ofBrowser.read('call');
    const goodbye = async () => {
      await this.calls?.hangUp();
      if (call) await this.connection.request('end-call', { callId: call.callId }).catch(() => undefined);
    };
    await Promise.race([goodbye(), new Promise((resolve) => setTimeout(resolve, GOODBYE_MS))]);
    // Before other tabs hear that the session is over: they look whether anything is left.
    this.belongings?.remove();
    this.session.end();
  }
}
