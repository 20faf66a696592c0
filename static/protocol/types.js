/** The shapes that cross the wire, as the server documents them. Types only: nothing here runs. */

/** @typedef {{_id: string, id: string, username: string}} UserRef */
/** @typedef {UserRef & {online: boolean}} UserEntry */
/** @typedef {'member' | 'admin'} Role */
/** @typedef {UserRef & {email: string, createdAt: string, role?: Role}} User older servers know no roles */
/**
 * @typedef {User & {disabled: boolean, online: boolean, lastSeenAt?: string}} Account a user as administrators see it
 */
/**
 * @typedef {object} Grant
 * @property {string} token
 * @property {User} user
 * @property {string} [passwordResetAt] told once, at the log-in after a link of an administrator set the password
 */
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
 * @property {string[]} [mentions] ids of the users whom it names
 * @property {true} [mentionsAll] it names everybody in the room
 */
/** @typedef {'open' | 'private' | 'direct'} RoomKind */
/** @typedef {'audio' | 'video'} CallType */
/** @typedef {'ringing' | 'active' | 'ended'} CallStatus */
/**
 * @typedef {object} RoomCall
 * @property {string} callId
 * @property {CallType} callType
 * @property {CallStatus} status
 * @property {UserRef} createdBy
 * @property {UserRef[]} participants
 */
/**
 * @typedef {object} Room
 * @property {string} _id
 * @property {string} id
 * @property {RoomKind} [kind] `open` where it is absent, as older servers have it
 * @property {string} name of a direct room, that of the other
 * @property {string} description
 * @property {UserRef | null} createdBy null where whoever made an open room was removed
 * @property {string} createdAt
 * @property {UserRef[]} participants the first 50, or all
 * @property {number} participantCount
 * @property {number} onlineCount
 * @property {number} lastSeq
 * @property {string | null} lastMessageAt
 * @property {Message | null} lastMessage
 * @property {RoomCall | null} call
 * @property {boolean} [joined]
 * @property {number} [readSeq] read up to here, on whatever device; like the next two where one is in the room
 * @property {number} [unread] messages of others after that, at most 999
 * @property {number} [mentions] those of them that name the user
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
/**
 * @typedef {object} SessionCall
 * @property {string} callId
 * @property {CallType} callType
 * @property {CallStatus} status
 * @property {string} [roomId]
 * @property {string} [answeredAt]
 * @property {string | null} socketId
 */
/** @typedef {{socketId: string, userId: string, username: string, role?: Role, call?: SessionCall}} Session */
/** @typedef {{userId: string, username: string, socketId: string}} CallPeer */
/** @typedef {{audio: boolean, video: boolean, screen: boolean}} MediaFlags */
/**
 * @typedef {object} ServerConfig
 * @property {string} name
 * @property {string} version
 * @property {'open' | 'invite' | 'closed'} signup
 * @property {boolean} [first] nobody has an account yet
 * @property {number} ringTimeoutMs
 * @property {number} callGraceMs
 */
/**
 * @typedef {object} Invite
 * @property {string} id
 * @property {string} code
 * @property {string} url what is sent to whom is invited
 * @property {UserRef | null} createdBy
 * @property {{id: string, name: string}} [room] whoever follows it is in that room
 * @property {number} uses
 * @property {number} used
 * @property {string} createdAt
 * @property {string} expiresAt
 */
/**
 * @typedef {{by: UserRef | null, room?: {name: string}, expiresAt: string}} InviteLook an invitation, to whom it is
 *   shown
 */
/** @typedef {{code: string, url: string, expiresAt: string}} ResetLink */
/** @typedef {{id: string, version: string, startedAt: string, sockets: number}} ServerEntry */
/**
 * @typedef {object} Overview
 * @property {string} version
 * @property {number} uptime seconds
 * @property {any} store
 * @property {number} users
 * @property {number} rooms
 * @property {number} messages perhaps an estimate
 * @property {number} calls that go on
 * @property {ServerEntry[]} servers
 */
/** @typedef {{readSeq: number, unread: number, mentions: number}} Reading */
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
