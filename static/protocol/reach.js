/** Whether a transport gets through to the server: a connection of its own, made for the question and closed again. */

/** @typedef {'websocket' | 'polling'} Transport */
/** @typedef {{through: boolean, ms: number, reason: string}} Reach how long it took; why it did not get through */

/** What stands between may also swallow it without a word. */
const PATIENCE_MS = 8_000;

/**
 * Connects as this user does, by one transport alone.
 * @param {Pick<import('./connection.js').Connection, 'another'>} connection
 * @param {Transport} transport
 * @param {{setTimeout: Function, clearTimeout: Function}} [timers]
 * @returns {Promise<Reach>}
 */
export function reach(connection, transport, timers = globalThis) {
  return new Promise((resolve) => {
    const began = performance.now();
    const socket = connection.another({ transports: [transport], upgrade: false, timeout: PATIENCE_MS });
    const end = (/** @type {boolean} */ through, reason = '') => {
      timers.clearTimeout(timer);
      socket.off();
      socket.disconnect();
      resolve({ through, ms: Math.round(performance.now() - began), reason });
    };
    const timer = timers.setTimeout(() => end(false, 'no answer'), PATIENCE_MS);
    socket.on('connect', () => end(true));
    socket.on('connect_error', (/** @type {Error} */ error) => end(false, error.message));
    socket.connect();
  });
}
