/** Whom a message names: `@username`, and `@all` for everybody in the room. The same rule as the server's. */

const ALL = 'all';
/** In a larger room `@all` is for whoever made it. */
const SMALL_ROOM = 100;
/** Begins a mention, unless it stands within a word, as in an address. */
const AT = /(?<![\p{L}\p{M}\p{Nd}])@/gu;
/** Goes on with a word. */
const IN_WORD = /^[\p{L}\p{M}\p{Nd}]/u;

/** For names that differ in case alone. A sigma at the end of a word is another letter only in lower case. @param {string} text */
const fold = (text) => text.normalize('NFC').toLowerCase().replaceAll('ς', 'σ');

/**
 * The names that a text mentions, as they were given. Of names that begin alike it is the longest that fits.
 * @param {string} text
 * @param {string[]} names those whom it may mention
 * @returns {Set<string>}
 */
export function mentionsIn(text, names) {
  const folded = fold(text);
  const candidates = names.map((name) => ({ name, folded: fold(name) })).sort((a, b) => b.folded.length - a.folded.length);
  /** @type {Set<string>} */
  const found = new Set();
  for (const { index } of folded.matchAll(AT)) {
    const rest = folded.slice(index + 1);
    const one = candidates.find((candidate) => rest.startsWith(candidate.folded) && !IN_WORD.test(rest.slice(candidate.folded.length)));
    if (one) found.add(one.name);
  }
  return found;
}

/**
 * Whether a message in a room means somebody.
 * @param {import('../protocol/types.js').Message} message
 * @param {string} me the name of that user
 * @param {import('../protocol/types.js').Room} room
 * @param {string[]} others names of those in it, as far as they are known
 */
export function isMentioned(message, me, room, others) {
  const mentioned = mentionsIn(message.content, [me, ALL, ...others.filter((name) => name !== me)]);
  const toAll = room.participantCount <= SMALL_ROOM || room.createdBy.id === message.sender;
  return mentioned.has(me) || (mentioned.has(ALL) && toAll);
}
