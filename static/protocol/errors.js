/** What can go wrong between client and server, with the server's code where it answered; and what is tried again. */

/** @typedef {import('./types.js').FieldError} FieldError */

/** The server heard it, and could not do it just then. */
const PASSING = ['rate_limited', 'storage', 'overloaded', 'internal'];
/** Where the server does not say how long to wait. */
const RETRY_MS = 2_000;

export class RequestError extends Error {
  /**
   * @param {string} code the server's code, or `offline`, `timeout`, `unreachable` where it did not answer
   * @param {string} message for a person
   * @param {{status?: number, fields?: FieldError[], retryAfterMs?: number, detail?: Record<string, unknown>}} [more]
   */
  constructor(code, message, more = {}) {
    super(message);
    this.name = 'RequestError';
    this.code = code;
    this.status = more.status ?? 0;
    this.fields = more.fields ?? [];
    this.retryAfterMs = more.retryAfterMs;
    this.detail = more.detail ?? {};
  }

  /** Nobody answered. */
  get isAbsence() {
    return this.code === 'offline' || this.code === 'timeout' || this.code === 'unreachable';
  }

  /** The same request may succeed later. */
  get mayPass() {
    return this.isAbsence || PASSING.includes(this.code);
  }
}

/**
 * Any thrown value as a `RequestError`.
 * @param {unknown} error
 */
export function asRequestError(error) {
  if (error instanceof RequestError) return error;
  return new RequestError('internal', error instanceof Error ? error.message : String(error));
}

/**
 * Does something until it succeeds, or trying again cannot help: it was refused for good, or there is no connection,
 * whose return brings everybody back who has something to ask.
 * @template T
 * @param {() => Promise<T>} work
 * @param {{wait?: (ms: number) => Promise<void>, attempts?: number, goesOn?: () => boolean}} [options] `goesOn`:
 *   somebody still wants it
 * @returns {Promise<T>} rejected with the last `RequestError`
 */
export async function insist(work, { wait = pause, attempts = Infinity, goesOn = () => true } = {}) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (thrown) {
      const error = asRequestError(thrown);
      if (!error.mayPass || error.code === 'offline' || attempt >= attempts) throw error;
      await wait(error.retryAfterMs ?? RETRY_MS);
      if (!goesOn()) throw error;
    }
  }
}

/** @param {number} ms @param {{setTimeout: Function}} [timers] @returns {Promise<void>} */
export function pause(ms, timers = globalThis) {
  return new Promise((resolve) => timers.setTimeout(resolve, ms));
}
