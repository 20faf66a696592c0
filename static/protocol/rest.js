/** The REST side of the server: one function a route, typed answers, failures as `RequestError`. */

import { RequestError } from './errors.js';

/** @typedef {import('./types.js').Grant} Grant */
/** @typedef {import('./types.js').Message} Message */
/** @typedef {import('./types.js').Room} Room */

const TIMEOUT_MS = 20_000;

/** The place that a `Link` header names with `rel="next"`. @param {string | null} link */
function nextPlace(link) {
  const address = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(link ?? '')?.[1];
  return address ? new URLSearchParams(address.split('?')[1]).get('after') : null;
}

/**
 * @typedef {ReturnType<typeof createRest>} Rest
 */

/**
 * @param {object} options
 * @param {() => string | null} options.token the token to send, if there is one
 * @param {(code: string, token: string) => void} [options.onRefused] told when the server no longer takes that token
 * @param {typeof globalThis.fetch} [options.fetch]
 * @param {string} [options.base] in front of every path
 */
export function createRest({ token, onRefused, fetch = (...args) => globalThis.fetch(...args), base = '' }) {
  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<{answer: any, headers: Headers}>}
   */
  async function ask(method, path, body) {
    const sent = token();
    /** @type {Record<string, string>} */
    const headers = { Accept: 'application/json' };
    if (sent) headers.Authorization = `Bearer ${sent}`;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    let response;
    try {
      response = await fetch(base + path, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        cache: 'no-store',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch {
      throw new RequestError('unreachable', 'The server cannot be reached.');
    }
    const { headers: told } = response;
    if (response.status === 204) return { answer: undefined, headers: told };
    const answer = await response.json().catch(() => null);
    if (response.ok && answer !== null) return { answer, headers: told };
    const code = typeof answer?.code === 'string' ? answer.code : response.status >= 500 ? 'unreachable' : 'internal';
    if (response.status === 401 && sent && code !== 'invalid_credentials') onRefused?.(code, sent);
    const seconds = Number(told.get('Retry-After'));
    throw new RequestError(code, answer?.message ?? `The server answered ${response.status}.`, {
      status: response.status,
      fields: Array.isArray(answer?.errors) ? answer.errors : [],
      retryAfterMs: seconds > 0 ? seconds * 1000 : undefined,
    });
  }

  /** @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<any>} */
  const call = async (method, path, body) => (await ask(method, path, body)).answer;

  /** @param {Record<string, string | number | undefined>} query */
  const search = (query) => {
    const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
    return pairs.length ? `?${new URLSearchParams(pairs.map(([key, value]) => [key, String(value)]))}` : '';
  };
  /** @param {string} id */
  const room = (id) => `/api/rooms/${encodeURIComponent(id)}`;
  /** @param {string} id */
  const account = (id) => `/api/admin/users/${encodeURIComponent(id)}`;

  return {
    /** @returns {Promise<import('./types.js').ServerConfig>} */
    config: () => call('GET', '/api/config'),
    /**
     * @param {{username: string, email: string, password: string, invite?: string}} account
     * @returns {Promise<Grant>}
     */
    signup: (account) => call('POST', '/api/auth/signup', account),
    /** @param {string} email the address or the name @param {string} password @returns {Promise<Grant>} */
    login: (email, password) => call('POST', '/api/auth/login', { email, password }),
    /** @returns {Promise<{user: import('./types.js').User}>} */
    me: () => call('GET', '/api/auth/me'),
    /** @returns {Promise<Grant>} */
    refresh: () => call('POST', '/api/auth/refresh'),
    /** @param {string} currentPassword @param {string} newPassword @returns {Promise<Grant>} */
    changePassword: (currentPassword, newPassword) =>
      call('POST', '/api/auth/password', { currentPassword, newPassword }),
    /** Every token of the user stops working, this one too. @returns {Promise<void>} */
    logOutEverywhere: () => call('POST', '/api/auth/logout-everywhere'),
    /** @param {string} code of a link to set a new password @param {string} newPassword @returns {Promise<Grant>} */
    resetPassword: (code, newPassword) => call('POST', '/api/auth/reset', { code, newPassword }),
    /**
     * A page of the accounts, and the place from which there are more, for `after`.
     * @param {{search?: string, sort?: 'online', limit?: number, after?: string}} [query]
     * @returns {Promise<{users: import('./types.js').UserEntry[], next: string | null}>}
     */
    async users(query = {}) {
      const { answer, headers } = await ask('GET', `/api/users${search(query)}`);
      return { users: answer, next: nextPlace(headers.get('Link')) };
    },
    /** @returns {Promise<Room[]>} */
    rooms: () => call('GET', '/api/rooms'),
    /** @param {string} id @returns {Promise<Room>} */
    room: (id) => call('GET', room(id)),
    /**
     * @param {{name: string, description?: string, kind?: 'open' | 'private', members?: string[]}} about
     * @returns {Promise<Room>}
     */
    createRoom: (about) => call('POST', '/api/rooms', about),
    /** @param {string} id @param {{name?: string, description?: string}} about @returns {Promise<Room>} */
    changeRoom: (id, about) => call('PATCH', room(id), about),
    /** @param {string} id @returns {Promise<void>} */
    deleteRoom: (id) => call('DELETE', room(id)),
    /** The room of two, found or made. @param {string} userId @returns {Promise<Room>} */
    direct: (userId) => call('POST', '/api/direct', { userId }),
    /** @param {string} id @param {string} userId @returns {Promise<Room>} */
    addMember: (id, userId) => call('POST', `${room(id)}/members`, { userId }),
    /** @param {string} id @param {string} userId @returns {Promise<void>} */
    removeMember: (id, userId) => call('DELETE', `${room(id)}/members/${encodeURIComponent(userId)}`),
    /**
     * @param {string} id
     * @param {{limit?: number, before?: number, after?: number}} [query]
     * @returns {Promise<Message[]>}
     */
    messages: (id, query = {}) => call('GET', `${room(id)}/messages${search(query)}`),
    /** @param {{limit?: number, before?: string}} [query] @returns {Promise<import('./types.js').CallRecord[]>} */
    calls: (query = {}) => call('GET', `/api/calls${search(query)}`),
    /**
     * @param {{roomId?: string, uses?: number, expiresIn?: string}} about
     * @returns {Promise<import('./types.js').Invite>}
     */
    invite: (about) => call('POST', '/api/invites', about),
    /** Those still good: one's own, to an administrator all. @returns {Promise<import('./types.js').Invite[]>} */
    invites: () => call('GET', '/api/invites'),
    /** @param {string} id @returns {Promise<void>} */
    takeBackInvite: (id) => call('DELETE', `/api/invites/${encodeURIComponent(id)}`),
    /** @param {string} code @returns {Promise<import('./types.js').InviteLook>} */
    lookAtInvite: (code) => call('GET', `/api/invites/code/${encodeURIComponent(code)}`),
    /** Into the room of an invitation, where it has one. @param {string} code @returns {Promise<{room?: Room}>} */
    followInvite: (code) => call('POST', `/api/invites/code/${encodeURIComponent(code)}`),
    /**
     * A page of the accounts as an administrator sees them, and the place from which there are more.
     * @param {{search?: string, limit?: number, after?: string}} [query]
     * @returns {Promise<{accounts: import('./types.js').Account[], next: string | null}>}
     */
    async accounts(query = {}) {
      const { answer, headers } = await ask('GET', `/api/admin/users${search(query)}`);
      return { accounts: answer, next: nextPlace(headers.get('Link')) };
    },
    /**
     * @param {string} id
     * @param {{role?: import('./types.js').Role, disabled?: boolean}} change
     * @returns {Promise<import('./types.js').Account>}
     */
    changeAccount: (id, change) => call('PATCH', account(id), change),
    /** @param {string} id @returns {Promise<import('./types.js').ResetLink>} */
    resetLink: (id) => call('POST', `${account(id)}/reset`),
    /** @param {string} id @returns {Promise<void>} */
    removeAccount: (id) => call('DELETE', account(id)),
    /** @returns {Promise<import('./types.js').Overview>} */
    overview: () => call('GET', '/api/admin/overview'),
    /** @returns {Promise<{iceServers: RTCIceServer[], ttl: number}>} */
    iceServers: () => call('GET', '/api/ice-servers'),
  };
}
