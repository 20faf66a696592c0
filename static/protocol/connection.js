/** The live connection: Socket.IO with acknowledged requests, and a way back after every kind of loss. */

import { RequestError } from './errors.js';

/** How long an acknowledgement may take. The store's own limit is well below. */
const ACK_TIMEOUT_MS = 15_000;
/** Before trying again where Socket.IO by itself would not. */
const RETRY_MS = 2_000;

/** @typedef {'connecting' | 'online' | 'offline'} Status */
/** @typedef {ReturnType<typeof createConnection>} Connection */

/**
 * @param {object} options
 * @param {(options: object) => any} options.io makes a socket from options; Socket.IO's `io` bound to the address
 * @param {() => string | null} options.token
 * @param {(code: string) => void} options.onRefused the server does not take the token (any more)
 * @param {{setTimeout: Function, clearTimeout: Function}} [options.timers]
 */
export function createConnection({ io, token, onRefused, timers = globalThis }) {
  /** @type {Map<string, Set<(payload: any) => void>>} */
  const listeners = new Map();
  /** @type {Status} */
  let status = 'offline';
  let wanted = false;
  /** @type {any} */
  let retry;

  const socket = io({
    autoConnect: false,
    auth: (/** @type {(data: object) => void} */ give) => give({ token: token() }),
    // One request instead of five; where something between does not let WebSockets through, the other way is tried.
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    reconnectionDelay: 400,
    reconnectionDelayMax: 4_000,
    timeout: 8_000,
  });

  /** @param {string} event @param {any} payload */
  const tell = (event, payload) => {
    for (const listener of [...(listeners.get(event) ?? [])]) listener(payload);
  };
  /** @param {Status} next */
  const become = (next) => {
    if (status === next) return;
    status = next;
    tell('status', status);
  };
  const tryAgain = (delay = RETRY_MS) => {
    timers.clearTimeout(retry);
    retry = timers.setTimeout(() => wanted && !socket.connected && socket.connect(), delay);
  };
  /** @param {string} code */
  const refuse = (code) => {
    wanted = false;
    socket.disconnect();
    become('offline');
    onRefused(code);
  };

  socket.on('connect', () => become('online'));
  socket.on('disconnect', (/** @type {string} */ reason) => {
    become(wanted ? 'connecting' : 'offline');
    // The server put an end to this session; Socket.IO leaves it at that.
    if (wanted && reason === 'io server disconnect') tryAgain(RETRY_MS / 4);
  });
  socket.on('connect_error', (/** @type {Error} */ error) => {
    become(wanted ? 'connecting' : 'offline');
    if (error.message.startsWith('Authentication error')) return refuse('unauthorized');
    if (!socket.active) tryAgain();
  });
  socket.onAny((/** @type {string} */ event, /** @type {any} */ payload) => {
    if (event === 'error' && !payload?.event && ['token_expired', 'unauthorized'].includes(payload?.code)) {
      return refuse(payload.code);
    }
    tell(event, payload);
  });

  return {
    get status() {
      return status;
    },

    open() {
      wanted = true;
      if (status === 'offline') become('connecting');
      socket.connect();
    },

    close() {
      wanted = false;
      timers.clearTimeout(retry);
      socket.disconnect();
      become('offline');
    },

    /** The network may have come back: try at once instead of at the next attempt. */
    nudge() {
      if (wanted && !socket.connected) {
        socket.disconnect();
        socket.connect();
      }
    },

    /**
     * Calls `listener` with each `event` of the server, and with `status` when that changes.
     * @param {string} event
     * @param {(payload: any) => void} listener
     * @returns {() => void} ends it
     */
    on(event, listener) {
      const set = listeners.get(event) ?? new Set();
      listeners.set(event, set.add(listener));
      return () => set.delete(listener);
    },

    /**
     * Sends an event and waits for its acknowledgement. Nothing is kept for later: while the connection is away it
     * fails with `offline` at once, as what is sent before rooms are joined again would be refused.
     * @param {string} event
     * @param {object} payload
     * @returns {Promise<any>} the acknowledgement
     */
    request(event, payload) {
      if (!socket.connected) return Promise.reject(new RequestError('offline', 'There is no connection.'));
      return new Promise((resolve, reject) => {
        socket.timeout(ACK_TIMEOUT_MS).emit(event, payload, (/** @type {Error | null} */ lost, /** @type {any} */ ack) => {
          if (lost) {
            const code = socket.connected ? 'timeout' : 'offline';
            return reject(new RequestError(code, 'The server did not answer.'));
          }
          if (ack?.ok) return resolve(ack);
          reject(
            new RequestError(ack?.code ?? 'internal', ack?.message ?? 'The server refused this.', {
              retryAfterMs: ack?.retryAfterMs,
              detail: ack ?? {},
            }),
          );
        });
      });
    },
  };
}
