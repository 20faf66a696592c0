/** Where one is in the client, and what of it is in view: an address, the space of the page, the room one comes back to. */

import { parseRoute, roomHref, sectionHref } from './route.js';

/** @typedef {import('./route.js').Route} Route */

/** `both`: list and room side by side; `lists`: a list beside a large call; `beside`: the room beside a large call; `all`: all three. */
const NOTHING_FITS = { both: false, lists: false, beside: false, all: false };

export class Place {
  /** @param {string} hash */
  constructor(hash) {
    this.route = parseRoute(hash);
    /** What the page has space for. */
    this.fits = NOTHING_FITS;
    /** @type {import('./last-room.js').LastRoom | null} of the user */
    this.lastRoom = null;
    /** The user has just come, and was led nowhere yet. */
    this.fresh = false;
    /** @type {((hash: string) => void) | null} changes the address, without a step in the history */
    this.replace = null;
  }

  /** One went to another address. @param {string} hash @returns {Route} where one was */
  go(hash) {
    const before = this.route;
    this.route = parseRoute(hash);
    this.reopen();
    return before;
  }

  /** Another address in the place of this one: nobody went anywhere. @param {string} hash */
  put(hash) {
    this.route = parseRoute(hash);
    this.replace?.(hash);
  }

  /** The room in view. On a phone, the list of people or calls takes its place. */
  get roomInView() {
    const { page, section, roomId } = this.route;
    return page === 'home' && (section === 'rooms' || this.fits.both) ? roomId : null;
  }

  /** The room that stays open beside whichever list one goes to; after Settings too. */
  get keptRoom() {
    return this.route.page === 'settings' ? (this.lastRoom?.id ?? null) : this.route.roomId;
  }

  /** Who comes back finds the room that was open last. On a phone the list comes first. @returns {string} an address */
  get home() {
    return this.fits.both && this.lastRoom?.id ? roomHref(this.lastRoom.id) : sectionHref('rooms', null);
  }

  /** The user has come. @param {import('./last-room.js').LastRoom} lastRoom */
  begin(lastRoom) {
    this.lastRoom = lastRoom;
    this.fresh = true;
    this.reopen();
  }

  /** Who comes finds the last room open, unless the first address after the log-in names something else. */
  reopen() {
    const { page, section, roomId } = this.route;
    if (!this.fresh || page === 'login' || page === 'signup') return;
    this.fresh = false;
    if (page === 'home' && section === 'rooms' && !roomId) this.put(this.home);
  }

  /** The room that was opened again was deleted meanwhile: no room is open then. @param {import('./rooms.js').Rooms} rooms */
  check(rooms) {
    const missing = this.lastRoom?.missing(rooms);
    if (missing && missing === this.route.roomId) this.put(sectionHref(this.route.section, null));
  }

  /**
   * Whether what one went to can be seen beside a call.
   * @param {Route} before @param {'large' | 'beside'} call where the call is shown
   */
  showsBeside(before, call) {
    const { page, section, roomId } = this.route;
    const listShows = call === 'beside' ? this.fits.all : this.fits.lists;
    const sameMain = page === before.page && roomId === before.roomId;
    if (call === 'beside' && this.roomInView) return listShows || section === 'rooms';
    return listShows && sameMain && section !== before.section;
  }
}
