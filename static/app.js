/** Puts the parts together: session, server, rooms and calls of whoever is logged in. Knows no page. */

import { asRequestError } from './protocol/errors.js';
import { createConnection } from './protocol/connection.js';
import { createRest } from './protocol/rest.js';
import { dropLeftovers } from './state/belongings.js';
import { Place } from './state/place.js';
import { roomHref } from './state/route.js';
import { Session } from './state/session.js';
import { Store } from './state/store.js';

/** @typedef {import('./protocol/types.js').ServerConfig} ServerConfig */
/** @typedef {import('./state/belongings.js').Belongings} Belongings */
/** @typedef {import('./state/chat.js').Chat} Chat */
/** @typedef {import('./call/desk.js').CallDesk} CallDesk */
/** @typedef {typeof import('./inside.js')} Inside */

const RETRY_MS = 2_000;
/** A server that does not answer must not keep anybody logged in. */
const GOODBYE_MS = 2_000;
const ENDED = 'Your session has ended. Please log in again.';

export class App extends Store {
  /**
   * @param {object} options
   * @param {(options: object) => any} options.io makes a socket
   * @param {import('./state/storage.js').BrowserStorage} options.storage kept in this browser
   * @param {import('./state/storage.js').BrowserStorage} options.tabStorage kept in this tab
   * @param {import('./call/devices.js').Devices} options.devices
   * @param {string} options.hash
   * @param {() => Promise<Inside>} options.bringInside what only those need who are logged in
   */
  constructor({ io, storage, tabStorage, devices, hash, bringInside }) {
    super();
    this.storage = storage;
    this.tabStorage = tabStorage;
    this.devices = devices;
    this.session = new Session({ storage });
    this.rest = createRest({
      token: () => this.session.token,
      onRefused: (code, token) => void this.session.refused(token, code, ENDED),
    });
    this.connection = createConnection({
      io,
      token: () => this.session.token,
      onRefused: () => void this.reconsider(),
    });
    /** @type {ServerConfig | null} */
    this.config = null;
    this.bringInside = bringInside;
    /** @type {Inside | null} */
    this.inside = null;
    /** A part of the client could not be loaded. */
    this.isIncomplete = false;
    /** @type {Belongings | null} what is kept of the user */
    this.belongings = null;
    /** @type {Chat | null} */
    this.chat = null;
    /** @type {CallDesk | null} */
    this.calls = null;
    this.place = new Place(hash);
    /** @type {{id: number, text: string}[]} short words about what just happened */
    this.toasts = [];
    /** A call rings, and the browser lets this tab make no sound yet. */
    this.silent = false;
    /** @type {((message: import('./protocol/types.js').Message) => void) | null} told of what others write */
    this.onMessage = null;
    /** Where to go after log-in. */
    this.returnTo = '';
    /** @type {((hash: string) => void) | null} changes the address */
    this.navigate = null;
    this.session.subscribe(() => this.sessionChanged());
    /** How often the connection was refused since it was there. */
    this.refusals = 0;
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
    const wanted = this.chat && !user && !this.session.notice;
    if (this.chat && this.chat.user.id !== user?.id) this.leave();
    if (user && !this.inside) void this.open();
    else if (user && this.inside && !this.chat) this.enter(user, this.inside);
    // A newer token came after the connection was refused for the older.
    else if (user && this.connection.status === 'offline') this.connection.open();
    if (!user && this.route.page !== 'login' && this.route.page !== 'signup') {
      // Whoever logs in after a log-out is perhaps somebody else.
      this.returnTo = wanted ? '' : location.hash;
      if (wanted) this.toasts = [];
      this.navigate?.('#/login');
    }
    if (user && (this.route.page === 'login' || this.route.page === 'signup')) {
      this.navigate?.(this.returnTo || '#/rooms');
      this.returnTo = '';
    }
    this.changed();
  }

  /** Brings what those need who are logged in, then goes on. Asked for again it is the same, and comes once. */
  async open() {
    try {
      const inside = await this.bringInside();
      if (this.inside) return;
      this.inside = inside;
      inside.watch(this);
      this.sessionChanged();
    } catch (error) {
      console.info('A part of the client is missing:', asRequestError(error).message);
      this.isIncomplete = true;
      this.changed();
    }
  }

  /** @param {import('./protocol/types.js').User} user @param {Inside} inside */
  enter(user, { Belongings, CallDesk, Chat, LastRoom }) {
    const { rest, connection, storage, tabStorage, devices } = this;
    this.belongings = new Belongings({ storage, tabStorage, userId: user.id });
    const { ofBrowser, ofTab } = this.belongings;
    // Before the call is resumed, for which this is no way to somewhere else.
    this.place.begin(new LastRoom(ofBrowser));
    this.chat = new Chat({ rest, connection, storage: ofBrowser, user });
    this.calls = new CallDesk({
      ...{ rest, connection, devices, user, storage: ofBrowser, tabStorage: ofTab, deviceStorage: storage },
      say: (words) => this.say(words),
      roomName: (id) => this.chat?.rooms.byId.get(id)?.name,
    });
    this.chat.onMessage = (message) => this.onMessage?.(message);
    this.chat.subscribe(() => this.chatChanged());
    this.calls.subscribe(() => this.changed());
    this.showRoom();
    connection.open();
  }

  chatChanged() {
    if (this.chat) this.place.check(this.chat.rooms);
    this.showRoom();
    this.changed();
  }

  leave() {
    this.calls?.close();
    this.chat?.close();
    this.connection.close();
    this.belongings?.sessionOver();
    this.belongings = null;
    this.place.lastRoom = null;
    this.chat = null;
    this.calls = null;
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
    try {
      await this.rest.me();
      const wait = this.refusals++ ? RETRY_MS : 0;
      setTimeout(() => this.session.token === token && this.connection.open(), wait);
    } catch (thrown) {
      const error = asRequestError(thrown);
      if (!error.isAbsence) return;
      setTimeout(() => this.session.token === token && this.reconsider(), RETRY_MS);
    }
  }

  /** @param {string} hash */
  go(hash) {
    this.makeWay(this.place.go(hash));
    const outside = this.route.page === 'login' || this.route.page === 'signup';
    if (!this.session.user && !outside) {
      this.returnTo = hash;
      this.navigate?.('#/login');
    } else if (this.session.user && outside) {
      this.navigate?.(this.place.home);
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
    if (calls.small) return 'corner';
    return calls.beside && this.place.fits.beside ? 'beside' : 'large';
  }

  /** No large call stands in front of the room. */
  get roomVisible() {
    return this.callPlace !== 'large';
  }

  /** What one goes to must be seen: a call in front of it goes to a corner. @param {import('./state/route.js').Route} before */
  makeWay(before) {
    const { callPlace } = this;
    if (!callPlace || callPlace === 'corner') return;
    if (!this.place.showsBeside(before, callPlace)) this.calls?.shrink();
  }

  /** The chat of the call: beside it where there is room, else in its place. */
  toggleChat() {
    const { calls, place } = this;
    if (!calls?.call) return;
    if (this.callPlace === 'beside') return calls.showBeside(false);
    const roomId = calls.call.roomId ?? place.route.roomId;
    if (place.fits.beside && roomId) calls.showBeside(true);
    else calls.shrink();
    const there = roomId ? roomId === place.roomInView : place.route.page === 'home';
    if (!there) this.visit(roomId ? roomHref(roomId) : '#/rooms');
  }

  /** The page may end, or be put to sleep, without another word. */
  pausing() {
    this.chat?.marks.flush();
  }

  /** Another tab changed what this browser keeps. @param {string | null} key */
  stored(key) {
    if (key === null || this.storage.nameOf(key) === 'session') this.session.adopt();
    const name = this.belongings?.ofBrowser.nameOf(key);
    if (name === 'call') this.calls?.heardOfCall();
    if (name === 'read') this.chat?.marks.reload();
    if (name === 'read' || name?.startsWith('sounds')) this.changed();
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
