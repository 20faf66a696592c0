/** Where one is in the client: addresses behind `#`, both ways. */

/** @typedef {'rooms' | 'people' | 'calls'} Section */
/**
 * @typedef {object} Route
 * @property {'login' | 'signup' | 'home' | 'settings'} page
 * @property {Section} section which list one looks at
 * @property {string | null} roomId the open room, whichever list stands beside it
 */

/**
 * @param {string} hash as in `location.hash`
 * @returns {Route}
 */
export function parseRoute(hash) {
  const [first = '', second = ''] = hash.replace(/^#?\/?/, '').split('/');
  if (first === 'login' || first === 'signup' || first === 'settings') return { page: first, section: 'rooms', roomId: null };
  const section = first === 'people' || first === 'calls' ? first : 'rooms';
  const roomId = first === section && /^[0-9a-f]{24}$/.test(second) ? second : null;
  return { page: 'home', section, roomId };
}

/** A list, with the room that stays open beside it. @param {Section} section @param {string | null} roomId */
export const sectionHref = (section, roomId) => (roomId ? `#/${section}/${roomId}` : `#/${section}`);

/** @param {string} roomId */
export const roomHref = (roomId) => sectionHref('rooms', roomId);
