/** The shapes that the parts of a call share. Types only: nothing here runs. */

/** @typedef {import('../protocol/types.js').CallType} CallType */
/** @typedef {{callId: string, from: string, fromUsername: string, callType: CallType, roomId?: string}} Incoming */
/**
 * A call that is being thought about: whom to ring, or which call to join.
 * @typedef {object} Plan
 * @property {string} [to]
 * @property {string} [roomId]
 * @property {string} [join]
 * @property {string} name
 * @property {CallType} callType
 * @property {boolean} [busy]
 * @property {string} [problem]
 */
/**
 * The call that this tab is in.
 * @typedef {object} CurrentCall
 * @property {string} callId
 * @property {CallType} callType
 * @property {string} [roomId]
 * @property {string} [to] the user who is rung
 * @property {string} name of the other, or of the room
 * @property {boolean} [group] of all in the room, not of two
 * @property {'ringing' | 'active'} state
 * @property {boolean} mine this user began it
 * @property {number} since milliseconds since 1970: begun to ring, or answered
 */
/**
 * @typedef {object} CallOptions
 * @property {import('../protocol/rest.js').Rest} rest
 * @property {import('../protocol/connection.js').Connection} connection
 * @property {import('../state/storage.js').BrowserStorage} storage kept of the user in this browser
 * @property {import('../state/storage.js').BrowserStorage} tabStorage kept of the user in this tab
 * @property {import('../state/storage.js').BrowserStorage} deviceStorage kept in this browser, whoever is logged in
 * @property {import('./devices.js').Devices} devices
 * @property {{id: string, username: string}} user
 * @property {(words: string) => void} say
 * @property {(roomId: string) => string | undefined} roomName
 * @property {(roomId: string) => boolean} [isDirect] a room of two: a call in it is one of the two
 * @property {any} [timers]
 */

export {};
