/** Codes of the server in words for people. */

/** @type {Record<string, string>} */
const WORDS = {
  offline: 'You are not connected right now.',
  timeout: 'The server did not answer in time.',
  unreachable: 'The server cannot be reached. Check your connection and try again.',
  rate_limited: 'That was a bit fast. Wait a moment and try again.',
  storage: 'The server cannot store anything right now.',
  overloaded: 'The server is busy. Try again in a moment.',
  internal: 'Something went wrong on the server.',
  unauthorized: 'Your session has ended. Please log in again.',
  token_expired: 'Your session has ended. Please log in again.',
  invalid_credentials: 'This name and password do not belong together.',
  signup_closed: 'New accounts are not being taken here. Ask whoever runs this server.',
  account_disabled: 'This account is disabled. Ask whoever runs this server.',
  invite_required: 'This invitation is not good any more. Ask for a new one.',
  invite_not_found: 'This invitation is not good any more: it was used up, taken back, or is too old.',
  reset_not_found: 'This link is not good any more: it was used, or is older than a day. Ask for a new one.',
  last_administrator: 'This is the last administrator. Make somebody else one first.',
  username_taken: 'This name is taken already.',
  email_taken: 'There is an account with this e-mail address already.',
  room_name_taken: 'There is a room of this name already.',
  room_not_found: 'This room does not exist any more.',
  not_in_room: 'You are not in this room any more.',
  not_allowed: 'You are not allowed to do this.',
  user_not_found: 'This person does not exist any more.',
  user_offline: 'Nobody can be reached there right now.',
  user_busy: 'Busy: in another call.',
  call_not_found: 'This call is over.',
  peer_unavailable: 'The other side cannot be reached right now.',
  limit_reached: 'You are in as many rooms as can be followed at once. Leave one of them first.',
};

/**
 * @param {{code: string, message: string}} error
 * @returns {string}
 */
export function inWords(error) {
  return WORDS[error.code] ?? error.message;
}

/**
 * The errors of a form's fields, by field, each a sentence.
 * @param {import('../protocol/errors.js').RequestError} error
 * @returns {Record<string, string>}
 */
export function fieldWords(error) {
  /** @type {Record<string, string>} */
  const fields = {};
  for (const { path, msg } of error.fields) {
    fields[path] ??= msg.charAt(0).toUpperCase() + msg.slice(1) + (msg.endsWith('.') ? '' : '.');
  }
  if (error.code === 'username_taken') fields.username = WORDS.username_taken ?? '';
  if (error.code === 'email_taken') fields.email = WORDS.email_taken ?? '';
  if (error.code === 'room_name_taken') fields.name = WORDS.room_name_taken ?? '';
  return fields;
}
