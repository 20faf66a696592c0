/** The room that was open last: it is opened again when its user comes back. */

const ROOM = 'room';

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
