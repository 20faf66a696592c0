/** Whom a message names: `@username`, and `@all` for everybody in the room. The same rule as the server's. */

const ALL = 'all';
/** In a larger room `@all` is for whoever made it. */
const SMALL_ROOM = 100;
/** Begins a mention, unless it stands within a word, as in an address. */
const AT = /(?<![\p{L}\p{M}\p{Nd}])@/gu;
/** Goes on with a word. */
const IN_WORD = /^[\p{L}\p{M}\p{Nd}]/u;

/**
 * For names that differ in case alone. A sigma at the end of a word is another letter only in lower case.
 * @param {string} text
 */
const fold = (text) => text.normalize('NFC').toLowerCase().replaceAll('ς', 'σ');

/**
 * The names that a text mentions, as they were given. Of names that begin alike it is the longest that fits.
 * @param {string} text
 * @param {string[]} names those whom it may mention
 * @returns {Set<string>}
 */
export function mentionsIn(text, names) {
  return new Set(findMentions(fold(text), names).map(({ name }) => name));
}

/**
 * Where a text mentions somebody, in order.
 * @param {string} text @param {string[]} names
 * @returns {{from: number, to: number, name: string}[]}
 */
export function mentionPlaces(text, names) {
  const folded = fold(text);
  // Where folding moves letters, places in one are not those in the other.
  return folded.length === text.length ? findMentions(folded, names) : [];
}

/** @param {string} folded @param {string[]} names */
function findMentions(folded, names) {
  const candidates = names
    .map((name) => ({ name, folded: fold(name) }))
    .sort((a, b) => b.folded.length - a.folded.length);
  const found = [];
  for (const { index: from } of folded.matchAll(AT)) {
    const rest = folded.slice(from + 1);
    const one = candidates.find(
      (candidate) => rest.startsWith(candidate.folded) && !IN_WORD.test(rest.slice(candidate.folded.length)),
    );
    if (one) found.push({ from, to: from + 1 + one.folded.length, name: one.name });
  }
  return found;
}

/**
 * What is being written after an `@` at the cursor, to be completed; null where that is no mention.
 * @param {string} text up to the cursor
 * @returns {{from: number, begun: string} | null} `from` is where the `@` stands
 */
export function begunMention(text) {
  const from = text.lastIndexOf('@');
  const begun = text.slice(from + 1);
  // A name has 30 characters at most, and no space.
  if (from < 0 || begun.length > 30 || /\s/.test(begun) || IN_WORD.test([...text.slice(0, from)].at(-1) ?? '')) {
    return null;
  }
  return { from, begun };
}

/**
 * Whose names, or a part of them, begin so; `all` too. Those whose whole name begins so come first.
 * @param {string} begun @param {string[]} names @param {number} most
 */
export function completions(begun, names, most) {
  const start = fold(begun);
  const rank = (/** @type {string} */ name) => {
    const folded = fold(name);
    if (folded.startsWith(start)) return 0;
    return folded.split(/[_.-]/).some((part) => part.startsWith(start)) ? 1 : 2;
  };
  const ranked = [...names, ALL].map((name) => ({ name, rank: rank(name) })).filter((one) => one.rank < 2);
  return ranked.sort((a, b) => a.rank - b.rank || a.name.localeCompare(b.name)).slice(0, most).map((one) => one.name);
}

/**
 * Whether the server says that a message means somebody.
 * @param {import('../protocol/types.js').Message} message
 * @param {string} userId
 */
export const isNamed = ({ mentions, mentionsAll }, userId) => Boolean(mentionsAll || mentions?.includes(userId));

/**
 * Whether a message in a room means somebody, as far as can be seen: older servers do not say it.
 * @param {import('../protocol/types.js').Message} message
 * @param {string} me the name of that user
 * @param {import('../protocol/types.js').Room} room
 * @param {string[]} others names of those in it, as far as they are known
 */
export function isMentioned(message, me, room, others) {
  const mentioned = mentionsIn(message.content, [me, ALL, ...others.filter((name) => name !== me)]);
  const toAll = room.participantCount <= SMALL_ROOM || room.createdBy?.id === message.sender;
  return mentioned.has(me) || (mentioned.has(ALL) && toAll);
}
