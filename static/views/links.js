/** Finds the addresses in a text. Only http and https become links; everything else stays text. */

/** @typedef {{text: string, href?: string}} Piece */

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`\u201c\u201d\u00ab\u00bb]+/giu;

/**
 * @param {string} text
 * @returns {Piece[]} which put together are the text
 */
export function pieces(text) {
  /** @type {Piece[]} */
  const found = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = trimEnd(match[0]);
    const href = safeHref(address);
    if (!href) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    found.push({ text: address, href });
    end = match.index + address.length;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

/**
 * Punctuation at the end belongs to the sentence; a bracket too, unless it was opened in the address.
 * @param {string} address
 */
function trimEnd(address) {
  let text = address;
  for (;;) {
    const last = text.at(-1) ?? '';
    const opener = { ')': '(', ']': '[', '}': '{' }[last];
    const open = opener && text.split(opener).length >= text.split(last).length;
    if (!/[.,;:!?…*_~)\]}]/.test(last) || open) return text;
    text = text.slice(0, -1);
  }
}

/** @param {string} address */
function safeHref(address) {
  try {
    const url = new URL(address);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null;
  } catch {
    return null;
  }
}
