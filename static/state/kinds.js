/** What kind of room one is: open to all, private to its members, or that of two. */

/** @typedef {import('../protocol/types.js').Room} Room */
/** @typedef {import('../protocol/types.js').UserRef} UserRef */

/** Whose account was removed. No name can be like this. */
export const REMOVED = '[removed]';

/** Everybody may find and join it. @param {Pick<Room, 'kind'>} room */
export const isOpen = ({ kind }) => (kind ?? 'open') === 'open';

/** @param {Pick<Room, 'kind'> | undefined} room */
export const isDirect = (room) => room?.kind === 'direct';

/** The other of the two, as far as it is known. @param {Room} room @param {string} me @returns {UserRef | undefined} */
export const otherOf = (room, me) => (isDirect(room) ? room.participants.find((one) => one.id !== me) : undefined);

/** Nobody is there any more to whom one could write. @param {Room} room */
export const isDeserted = (room) => isDirect(room) && room.name === REMOVED;
