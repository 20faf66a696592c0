/** The shapes that cross the wire, as the server documents them. Types only: nothing here runs. */

/** @typedef {{_id: string, id: string, username: string}} UserRef */
/** @typedef {UserRef & {online: boolean}} UserEntry */
/** @typedef {UserRef & {email: string, createdAt: string}} User */
/** @typedef {{token: string, user: User}} Grant */
/**
 * @typedef {object} Message
 * @property {string} _id
 * @property {string} id
 * @property {string} room
 * @property {string} sender
 * @property {string} senderName
 * @property {string} content
 * @property {string} timestamp
 * @property {number} seq 1, 2, 3, … within its room
 * @property {string} [clientId]
 */
/** @typedef {'audio' | 'video'} CallType */
/** @typedef {'ringing' | 'active' | 'ended'} CallStatus */
/** @typedef {{callId: string, callType: CallType, status: CallStatus, createdBy: UserRef, participants: UserRef[]}} RoomCall */
/**
 * @typedef {object} Room
 * @property {string} _id
 * @property {string} id
 * @property {string} name
 * @property {string} description
 * @property {UserRef} createdBy
 * @property {string} createdAt
 * @property {UserRef[]} participants the first 50, or all
 * @property {number} participantCount
 * @property {number} onlineCount
 * @property {number} lastSeq
 * @property {string | null} lastMessageAt
 * @property {Message | null} lastMessage
 * @property {RoomCall | null} call
 * @property {boolean} [joined]
 */
/** @typedef {{userId: string, username: string, online: boolean, socketIds: string[]}} Participant */
/**
 * @typedef {object} CallRecord
 * @property {string} id
 * @property {string} [room]
 * @property {CallType} callType
 * @property {CallStatus} status
 * @property {UserRef} createdBy
 * @property {UserRef[]} participants
 * @property {UserRef[]} invited
 * @property {string} createdAt
 * @property {string} [answeredAt]
 * @property {string} [endedAt]
 * @property {string} [endReason]
 */
/** @typedef {{callId: string, callType: CallType, status: CallStatus, roomId?: string, answeredAt?: string, socketId: string | null}} SessionCall */
/** @typedef {{socketId: string, userId: string, username: string, call?: SessionCall}} Session */
/** @typedef {{userId: string, username: string, socketId: string}} CallPeer */
/** @typedef {{audio: boolean, video: boolean, screen: boolean}} MediaFlags */
/** @typedef {{name: string, version: string, signup: 'open' | 'closed', ringTimeoutMs: number, callGraceMs: number}} ServerConfig */
/** @typedef {{path: string, msg: string, location?: string}} FieldError */
/**
 * What `join-room` is answered with.
 * @typedef {object} JoinReply
 * @property {Room} room
 * @property {Participant[]} participants
 * @property {number} lastSeq
 * @property {Message[]} [messages]
 * @property {boolean} [more]
 * @property {boolean} [reset]
 */

export {};
