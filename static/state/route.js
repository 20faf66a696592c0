/** Where one is in the client: addresses behind `#`, both ways. */

/** @typedef {'rooms' | 'people' | 'calls'} Section */
/**
 * @typedef {object} Route
 * @property {'login' | 'signup' | 'home' | 'settings'} page
 * @property {Section} section which list stands beside
 * @property {string | null} roomId the room in view
 */

/**
 * @param {string} hash as in `location.hash`
 * @returns {Route}
 */
export function parseRoute(hash) {
  const [first = '', second = ''] = hash.replace(/^#?\/?/, '').split('/');
  if (first === 'login' || first === 'signup') return { page: first, section: 'rooms', roomId: null };
  if (first === 'settings') return { page: 'settings', section: 'rooms', roomId: null };
  if (first === 'people' || first === 'calls') return { page: 'home', section: first, roomId: null };
  const roomId = first === 'rooms' && /^[0-9a-f]{24}$/.test(second) ? second : null;
  return { page: 'home', section: 'rooms', roomId };
}

/** @param {string} roomId */
export const roomHref = (roomId) => `#/rooms/${roomId}`;
