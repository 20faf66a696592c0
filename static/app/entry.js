/** How somebody comes in and goes out: by a log-in, by a link, by a log-out, and to which page each of them leads. */

import { asRequestError, insist, pause } from '../protocol/errors.js';
import { isOutside, roomHref } from '../state/place.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../protocol/types.js').Grant} Grant */
/** @typedef {import('../state/place.js').Place} Place */

const RETRY_MS = 2_000;
/** A server that does not answer must not keep anybody logged in. */
const GOODBYE_MS = 2_000;

/** @param {Place} place */
const isForLogIn = ({ route: { page } }) => page === 'login' || page === 'signup';

export class Entry {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    /** Where to go after log-in. */
    this.returnTo = '';
    /** The name of the room that a new account was invited to, until it is open. */
    this.invitedTo = '';
    /** How often the connection was refused since it was there. */
    this.refusals = 0;
  }

  /** One goes away from a place. @param {Place} place */
  leaves({ hash, route }) {
    // Who was invited and has an account comes back to the invitation.
    if (!this.app.session.user && route.page === 'invite') this.returnTo = hash;
  }

  /** One has come to a place, and is led on where it is none for one. @param {Place} place */
  arrives(place) {
    const { navigation, session } = this.app;
    if (!session.user && !isOutside(place.route)) {
      this.returnTo = place.hash;
      navigation.visit('#/login');
    } else if (session.user && isForLogIn(place)) {
      navigation.visit(this.returnTo || place.home);
    } else if (session.user) {
      this.returnTo = '';
    }
  }

  /**
   * The session is another one.
   * @param {boolean} wanted its user has ended it, and whoever comes next may be another
   */
  sessionChanged(wanted) {
    const { app } = this;
    const { navigation, session, place } = app;
    if (!session.user && !isOutside(place.route)) {
      this.returnTo = wanted ? '' : place.hash;
      if (wanted) app.toasts = [];
      navigation.visit('#/login');
    }
    if (session.user && isForLogIn(place)) navigation.visit(this.returnTo || '#/rooms');
  }

  /** A new account: into the room that it was invited to. @param {Grant} grant @param {string} [room] its name */
  signedUp(grant, room = '') {
    this.invitedTo = room;
    this.changeTo(grant);
  }

  /** Somebody is logged in now, in the place of whoever was before. @param {Grant} grant */
  changeTo(grant) {
    this.returnTo = '';
    this.app.config = null;
    // Before the session begins: the page of a link that is used up is none to come back to.
    this.app.place.put('#/rooms');
    this.app.session.begin(grant);
  }

  /** Into the room of an invitation. @param {string} code */
  async followInvite(code) {
    const { app } = this;
    const { room } = await app.rest.followInvite(code);
    if (!room || !app.chat) return app.navigation.visit('#/rooms');
    app.chat.rooms.put({ ...room, joined: true });
    app.chat.sync.follow(room.id);
    app.chat.changed();
    app.navigation.visit(roomHref(room.id));
  }

  /** The room that a new account was invited to is opened, as soon as there are rooms. */
  openInvited() {
    const rooms = this.app.chat?.rooms;
    if (!this.invitedTo || !rooms?.fetched) return;
    const room = [...rooms.byId.values()].find(({ name, joined }) => joined && name === this.invitedTo);
    this.invitedTo = '';
    if (room) this.app.navigation.visit(roomHref(room.id));
  }

  /**
   * The connection's token was refused. Where this session has a newer one, or the refusal was about an older, go on.
   */
  async reconsider() {
    const { session, rest, connection } = this.app;
    const { token } = session;
    if (!token) return;
    const goesOn = () => session.token === token;
    try {
      await insist(() => rest.me(), { goesOn });
      if (this.refusals++) await pause(RETRY_MS);
      if (goesOn()) connection.open();
    } catch (error) {
      // Refused for good, the session is over: the REST side has said so already.
      console.info('The connection is not opened again:', asRequestError(error).message);
    }
  }

  async logOut() {
    const { app } = this;
    // The call of this browser, in whichever tab: that one hears of the log-out too late to say goodbye.
    const call = app.belongings?.ofBrowser.read('call');
    const goodbye = async () => {
      await app.calls?.hangUp();
      if (call) await app.connection.request('end-call', { callId: call.callId }).catch(() => undefined);
    };
    await Promise.race([goodbye(), new Promise((resolve) => setTimeout(resolve, GOODBYE_MS))]);
    // Before other tabs hear that the session is over: they look whether anything is left.
    app.belongings?.remove();
    app.session.end();
  }

  /** Every token of the user stops working, on all devices. */
  async logOutEverywhere() {
    const { app } = this;
    await app.calls?.hangUp();
    await app.rest.logOutEverywhere();
    app.belongings?.remove();
    app.session.end('You are logged out everywhere.', true);
  }
}
