/** Puts the parts together: session, server, rooms and calls of whoever is logged in. Knows no page. */

import { Entry } from './app/entry.js';
import { Navigation } from './app/navigation.js';
import { CALL_EVENTS, createConnection } from './protocol/connection.js';
import { asRequestError } from './protocol/errors.js';
import { createRest } from './protocol/rest.js';
import { Belongings, dropLeftovers } from './state/storage.js';
import { Part } from './state/part.js';
import { LastRoom } from './state/place.js';
import { Session } from './state/session.js';
import { Store } from './state/store.js';
import { inWords } from './state/words.js';

/** @typedef {typeof import('./room.js')} RoomPart */
/** @typedef {typeof import('./later.js')} Later */

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
   * @param {() => Promise<RoomPart>} options.parts.room
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
      onRefused: (code) => {
        if (code === 'account_disabled') this.session.end(inWords({ code, message: '' }));
        else void this.entry.reconsider();
      },
    });
    /** @type {import('./protocol/types.js').ServerConfig | null} */
    this.config = null;
    const missing = () => this.changed();
    this.roomPart = new Part({ load: parts.room, came: () => this.sessionChanged(), missing });
    this.later = new Part({ load: parts.later, came: () => this.laterCame(), missing });
    /** Who is connected, or about to be. */
    this.userId = '';
    /** @type {Belongings | null} what is kept of the user */
    this.belongings = null;
    /** @type {import('./state/chat.js').Chat | null} */
    this.chat = null;
    /** @type {import('./call/desk.js').CallDesk | null} */
    this.calls = null;
    /** @type {import('./call/devices.js').Devices | null} */
    this.devices = null;
    this.navigation = new Navigation(this, hash);
    this.entry = new Entry(this);
    /** @type {{id: number, text: string}[]} short words about what just happened */
    this.toasts = [];
    /** A call rings, and the browser lets this tab make no sound yet. */
    this.silent = false;
    /** @type {((message: import('./protocol/types.js').Message) => void) | null} told of what others write */
    this.onMessage = null;
    this.session.subscribe(() => this.sessionChanged());
    this.connection.on('account-updated', ({ user: told }) => this.session.update(told));
    this.connection.on('session', ({ role }) => role && this.session.update({ role }));
    this.connection.on('status', (status) => {
      if (status === 'online') this.entry.refusals = 0;
      this.changed();
    });
  }

  get place() {
    return this.navigation.place;
  }

  get route() {
    return this.navigation.route;
  }

  /** The user runs this server. */
  get isAdmin() {
    return this.session.user?.role === 'admin';
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
    const wanted = Boolean(this.chat) && !user && (this.session.wanted || !this.session.notice);
    if (this.userId && this.userId !== user?.id) this.leave();
    if (user && !this.userId) this.open(user);
    // A newer token came after the connection was refused for the older.
    else if (user && this.connection.status === 'offline') this.connection.open();
    if (user && !this.chat && this.roomPart.here) this.enter(user, this.roomPart.here);
    this.entry.sessionChanged(wanted);
    this.changed();
  }

  /** Connects, while what they need comes who are logged in. @param {import('./protocol/types.js').User} user */
  open(user) {
    this.userId = user.id;
    this.connection.hold(CALL_EVENTS, (event, payload) => {
      if (event === 'incoming-call' || payload?.call) void this.later.bring();
    });
    this.connection.open();
    void this.roomPart.bring();
    // This tab was in a call.
    if (this.tabStorage.of(user.id).read('call')) void this.later.bring();
  }

  /** @param {import('./protocol/types.js').User} user @param {RoomPart} roomPart */
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
    this.navigation.showRoom();
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
    this.entry.openInvited();
    this.navigation.showRoom();
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
    this.navigation.card = null;
  }

  /** The page is being left, perhaps for good. */
  leaving() {
    this.calls?.leaving();
    this.chat?.remember();
    this.pausing();
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
}
