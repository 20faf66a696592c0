/** How calls end and why they do not begin, in words. */

/**
 * Why a call that one was in, or that one began, is over.
 * @param {string} reason as the server tells it
 * @param {{name: string, answered: boolean, group: boolean}} about
 * @returns {string}
 */
export function endWords(reason, { name, answered, group }) {
  switch (reason) {
    case 'hangup':
      return group ? 'Everybody else has left. The call is over.' : `${name} hung up.`;
    case 'timeout':
      return group ? 'Nobody answered.' : `${name} did not answer.`;
    case 'cancelled':
      return `${name} stopped calling.`;
    case 'disconnected':
      if (!answered) return 'The connection was lost before anybody answered.';
      return `${group ? 'The others' : name} lost the connection. The call is over.`;
    case 'answered-elsewhere':
      return 'The call goes on on another device or in another tab.';
    case 'rejected-elsewhere':
      return 'Declined on another device or in another tab.';
    case 'rejected':
      return `${name} declined.`;
    case 'unreachable':
      return `${name} can no longer be reached.`;
    case 'busy':
      return `${name} is busy in another call.`;
    case 'offline':
      return group ? 'Nobody else is here to be called.' : `${name} is offline.`;
    default:
      return 'The call is over.';
  }
}

/**
 * Why a call that rang here rings no more; empty where nothing needs to be said.
 * @param {string} reason
 * @param {string} name
 */
export function ringOverWords(reason, name) {
  switch (reason) {
    case 'answered-elsewhere':
      return 'Answered on another device or in another tab.';
    case 'rejected-elsewhere':
      return 'Declined on another device or in another tab.';
    default:
      return `Missed call from ${name}.`;
  }
}

/**
 * Why a call could not begin or be joined.
 * @param {{code: string, message: string}} error
 * @param {{name: string, group: boolean}} about
 */
export function startWords(error, { name, group }) {
  switch (error.code) {
    case 'user_busy':
      return group ? 'Everybody here is busy, or you are in a call already.' : `${name} is busy in another call.`;
    case 'user_offline':
      return group ? 'Nobody else is here to be called.' : `${name} is offline. They will see that you called.`;
    case 'limit_reached':
      return 'The call is full: 16 people are in it.';
    case 'call_not_found':
      return 'This call is over.';
    case 'rate_limited':
      return 'That were many calls in a short time. Wait a moment.';
    case 'offline':
    case 'timeout':
      return 'You are not connected right now.';
    default:
      return error.message;
  }
}

/**
 * A line of the call history.
 * @param {import('../protocol/types.js').CallRecord} call
 * @param {string} me
 * @param {boolean} [group] of all in a room, not of two
 * @returns {{kind: 'in' | 'out' | 'missed' | 'live', words: string}}
 */
export function recordWords(call, me, group = Boolean(call.room)) {
  const mine = call.createdBy.id === me;
  const took = call.participants.some((one) => one.id === me);
  if (call.status !== 'ended') return { kind: 'live', words: call.status === 'active' ? 'Going on now' : 'Ringing' };
  if (mine && call.answeredAt) return { kind: 'out', words: 'Outgoing' };
  if (mine) return { kind: 'out', words: OUTGOING[call.endReason ?? ''] ?? 'No answer' };
  if (took) return { kind: 'in', words: 'Incoming' };
  if (call.endReason === 'rejected' && !group) return { kind: 'in', words: 'Declined' };
  return { kind: 'missed', words: MISSED[call.endReason ?? ''] ?? 'Missed' };
}

/** @type {Record<string, string>} */
const OUTGOING = {
  timeout: 'No answer',
  cancelled: 'Cancelled',
  hangup: 'Cancelled',
  rejected: 'Declined',
  busy: 'Busy',
  offline: 'Was offline',
  disconnected: 'Connection lost',
};

/** @type {Record<string, string>} */
const MISSED = { busy: 'Missed: you were in a call', offline: 'Missed: you were offline' };
