/** The live connection: Socket.IO with acknowledged requests, and a way back after every kind of loss. */

import { RequestError } from './errors.js';

/** How long an acknowledgement may take. The store's own limit is well below. */
const ACK_TIMEOUT_MS = 15_000;
/** Of the events that are held, the newest: the first ones would be told of what is long over. */
const MOST_HELD = 1_000;
/** Before trying again where Socket.IO by itself would not. */
const RETRY_MS = 2_000;

/** What the server tells of calls. */
export const CALL_EVENTS = [
  ...['session', 'incoming-call', 'call-accepted', 'call-rejected', 'call-away', 'call-left', 'call-ended'],
  'media-state',
  ...['webrtc-offer', 'webrtc-answer', 'webrtc-ice-candidate'],
];

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
  /**
   * Events whose listeners are still to come, and who is told that there is one.
   * @type {{events: string[], heard: (event: string, payload: any) => void} | null}
   */
  let hold = null;
  /** @type {[event: string, payload: any][]} */
  let held = [];

  const auth = (/** @type {(data: object) => void} */ give) => give({ token: token() });
  const socket = io({
    autoConnect: false,
    auth,
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
  /** @param {string} event @param {any} payload */
  const tellOrHold = (event, payload) => {
    if (!hold?.events.includes(event)) return tell(event, payload);
    held = [...held.slice(1 - MOST_HELD), [event, payload]];
    hold.heard(event, payload);
  };
  /** @param {Status} next */
  const become = (next) => {
    if (status === next) return;
    status = next;
    // Of what is so the next connection tells anew.
    held = [];
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
    if (
      event === 'error' &&
      !payload?.event &&
      ['token_expired', 'unauthorized', 'account_disabled'].includes(payload?.code)
    ) {
      return refuse(payload.code);
    }
    tellOrHold(event, payload);
  });

  return {
    get status() {
      return status;
    },

    /**
     * A socket beside this one, as the same user, that connects when it is told to and once.
     * @param {object} options of Socket.IO
     */
    another: (options) => io({ autoConnect: false, forceNew: true, reconnection: false, auth, ...options }),

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
     * Keeps events of this connection for listeners that are still to come, in their order.
     * @param {string[]} events
     * @param {(event: string, payload: any) => void} heard told at once that there is one
     */
    hold(events, heard) {
      hold = { events, heard };
      held = [];
    },

    /** The listeners are there: they hear what was kept for them, and from now on everything as it comes. */
    release() {
      const kept = held;
      hold = null;
      held = [];
      for (const [event, payload] of kept) tell(event, payload);
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
        socket
          .timeout(ACK_TIMEOUT_MS)
          .emit(event, payload, (/** @type {Error | null} */ lost, /** @type {any} */ ack) => {
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
