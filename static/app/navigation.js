/** Where one goes, what of that is in view, and how a call makes way for it. */

import { Place, roomHref } from '../state/place.js';

/** @typedef {import('../app.js').App} App */

export class Navigation {
  /** @param {App} app @param {string} hash the address at the start */
  constructor(app, hash) {
    this.app = app;
    this.place = new Place(hash);
    /** @type {((hash: string) => void) | null} changes the address */
    this.setAddress = null;
    /** @type {{id: string, username: string} | null} whose card is shown */
    this.card = null;
  }

  get route() {
    return this.place.route;
  }

  /** @param {string} hash an address of this client */
  visit(hash) {
    this.setAddress?.(hash);
  }

  /** The address is another one. @param {string} hash */
  go(hash) {
    const { entry } = this.app;
    entry.leaves(this.place);
    this.card = null;
    this.makeWay(this.place.go(hash));
    entry.arrives(this.place);
    this.showRoom();
    this.app.changed();
  }

  /** @param {Place['fits']} fits what the page has space for now */
  fit(fits) {
    this.place.fits = fits;
    this.showRoom();
    this.app.changed();
  }

  showRoom() {
    const room = this.place.roomInView;
    this.app.chat?.open(room);
    this.place.lastRoom?.note(room);
  }

  /** Shows a person's card; `null` for none. @param {{id: string, username: string} | null} who */
  showPerson(who) {
    this.card = who;
    if (who) void this.app.later.bring();
    this.app.changed();
  }

  /** Goes to the room with one other, which is made where there is none. @param {string} userId */
  async writeTo(userId) {
    const room = await this.app.chat?.members.direct(userId);
    this.card = null;
    if (room) this.visit(roomHref(room.id));
    this.app.changed();
  }

  /** Where the call of this tab is shown. @returns {'' | 'large' | 'beside' | 'corner'} */
  get callPlace() {
    const { calls } = this.app;
    if (!calls?.call) return '';
    if (calls.seat.small) return 'corner';
    return calls.seat.beside && this.place.fits.beside ? 'beside' : 'large';
  }

  /** No large call stands in front of the room. */
  get roomVisible() {
    return this.callPlace !== 'large';
  }

  /**
   * What one goes to must be seen: a call in front of it goes to a corner.
   * @param {import('../state/place.js').Route} before
   */
  makeWay(before) {
    const { callPlace } = this;
    if (!callPlace || callPlace === 'corner') return;
    if (!this.place.showsBeside(before, callPlace)) this.app.calls?.seat.shrink();
  }

  /** The chat of the call: beside it where there is room, else in its place. */
  toggleChat() {
    const { place } = this;
    const { calls } = this.app;
    if (!calls?.call) return;
    if (this.callPlace === 'beside') return calls.seat.showBeside(false);
    const roomId = calls.call.roomId ?? place.route.roomId;
    if (place.fits.beside && roomId) calls.seat.showBeside(true);
    else calls.seat.shrink();
    const there = roomId ? roomId === place.roomInView : place.route.page === 'home';
    if (!there) this.visit(roomId ? roomHref(roomId) : '#/rooms');
  }
}
