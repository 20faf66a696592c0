/** What can go wrong between client and server, with the server's code where it answered. */

/** @typedef {import('./types.js').FieldError} FieldError */

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

  /** Nobody answered: the same request may succeed later. */
  get isAbsence() {
    return this.code === 'offline' || this.code === 'timeout' || this.code === 'unreachable';
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
