/**
 * Where one is in the client, and what of it is in view: an address, the space of the page, the room one comes back to.
 */

/** @typedef {'rooms' | 'people' | 'calls'} Section */
/** @typedef {'login' | 'signup' | 'invite' | 'reset' | 'home' | 'settings' | 'admin'} Page */
/**
 * @typedef {object} Route
 * @property {Page} page
 * @property {Section} section which list one looks at
 * @property {string | null} roomId the open room, whichever list stands beside it
 * @property {string} code of an invitation or a new password; of administration, the part of it
 */

/** @type {Page[]} all but the home */
const PAGES = ['login', 'signup', 'invite', 'reset', 'settings', 'admin'];
/** Of these there is no need to be logged in. @type {Page[]} */
const OUTSIDE = ['login', 'signup', 'invite', 'reset'];
const CODE = /^[\w-]{1,128}$/;

/** @param {Route} route */
export const isOutside = ({ page }) => OUTSIDE.includes(page);

/**
 * @param {string} hash as in `location.hash`
 * @returns {Route}
 */
export function parseRoute(hash) {
  const [first = '', second = ''] = hash.replace(/^#?\/?/, '').split('/');
  const page = PAGES.find((one) => one === first);
  if (page) return { page, section: 'rooms', roomId: null, code: CODE.test(second) ? second : '' };
  const section = first === 'people' || first === 'calls' ? first : 'rooms';
  const roomId = first === section && /^[0-9a-f]{24}$/.test(second) ? second : null;
  return { page: 'home', section, roomId, code: '' };
}

/** A list, with the room that stays open beside it. @param {Section} section @param {string | null} roomId */
export const sectionHref = (section, roomId) => (roomId ? `#/${section}/${roomId}` : `#/${section}`);

/** @param {string} roomId */
export const roomHref = (roomId) => sectionHref('rooms', roomId);

/** Under which the room that was open last is kept. */
const ROOM = 'room';
/**
 * `both`: list and room side by side; `lists`: a list beside a large call; `beside`: the room beside a large call;
 * `all`: all three.
 */
const NOTHING_FITS = { both: false, lists: false, beside: false, all: false };

export class Place {
  /** @param {string} hash */
  constructor(hash) {
    /** The address, as it was given. */
    this.hash = hash;
    this.route = parseRoute(hash);
    /** What the page has space for. */
    this.fits = NOTHING_FITS;
    /** @type {LastRoom | null} of the user */
    this.lastRoom = null;
    /** The user has just come, and was led nowhere yet. */
    this.fresh = false;
    /** @type {((hash: string) => void) | null} changes the address, without a step in the history */
    this.replace = null;
  }

  /** One went to another address. @param {string} hash @returns {Route} where one was */
  go(hash) {
    const before = this.route;
    this.hash = hash;
    this.route = parseRoute(hash);
    this.reopen();
    return before;
  }

  /** Another address in the place of this one: nobody went anywhere. @param {string} hash */
  put(hash) {
    this.hash = hash;
    this.route = parseRoute(hash);
    this.replace?.(hash);
  }

  /** The room in view. On a phone, the list of people or calls takes its place. */
  get roomInView() {
    const { page, section, roomId } = this.route;
    return page === 'home' && (section === 'rooms' || this.fits.both) ? roomId : null;
  }

  /** The room that stays open beside whichever list one goes to; after Settings and the like too. */
  get keptRoom() {
    return this.route.page !== 'home' ? (this.lastRoom?.id ?? null) : this.route.roomId;
  }

  /** Who comes back finds the room that was open last. On a phone the list comes first. @returns {string} an address */
  get home() {
    return this.fits.both && this.lastRoom?.id ? roomHref(this.lastRoom.id) : sectionHref('rooms', null);
  }

  /** The user has come. @param {LastRoom} lastRoom */
  begin(lastRoom) {
    this.lastRoom = lastRoom;
    this.fresh = true;
    this.reopen();
  }

  /** Who comes finds the last room open, unless the first address after the log-in names something else. */
  reopen() {
    const { page, section, roomId } = this.route;
    if (!this.fresh || isOutside(this.route)) return;
    this.fresh = false;
    if (page === 'home' && section === 'rooms' && !roomId) this.put(this.home);
  }

  /**
   * The room that was opened again was deleted meanwhile: no room is open then.
   * @param {import('./rooms.js').Rooms} rooms
   */
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

/** The room that was open last: it is opened again when its user comes back. */
export class LastRoom {
  /** @param {import('./storage.js').BrowserStorage} storage the user's own part */
  constructor(storage) {
    this.storage = storage;
    /** @type {string | null} of this tab, and before it showed one, of whichever tab of this browser was last */
    this.id = storage.read(ROOM);
    /** @type {string | null} kept from before; only the list of rooms will tell whether it still exists */
    this.unsure = this.id;
  }

  /** @param {string | null} id is in view */
  note(id) {
    if (!id || id === this.id) return;
    this.id = id;
    this.storage.write(ROOM, id);
  }

  /**
   * Says once, as soon as the server has said which rooms there are, that the one from before was deleted meanwhile.
   * @param {import('./rooms.js').Rooms} rooms @returns {string | null} its id
   */
  missing(rooms) {
    const { unsure } = this;
    if (!unsure || !rooms.fetched) return null;
    this.unsure = null;
    if (rooms.byId.has(unsure)) return null;
    if (this.id === unsure) this.id = null;
    if (this.storage.read(ROOM) === unsure) this.storage.write(ROOM, null);
    return unsure;
  }
}
