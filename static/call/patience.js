/** How long a connection that is being made is waited for, before it is begun anew. */

/** Nothing happened for this long: the attempt leads nowhere. */
const SILENT_MS = 5_000;
/** A description takes a busy machine long; one that takes longer than this never ends. */
const STUCK_MS = 20_000;
/** The other side was to offer; after this we do. */
const OFFER_DUE_MS = 8_000;
/** The other side takes its others in turn: for each of them an offer waits so much longer for its answer. */
const TURN_MS = 5_000;
/** Later attempts are given more time, up to this many times as much. */
const MOST = 4;

/**
 * Attempts that are given up too early make a busy machine busier, until it is never through. So time grows with the
 * number of connections that are made at once, and with how long the last description took here.
 * @param {object} seen
 * @param {number} seen.others how many others are in the call
 * @param {number} seen.attempts that led nowhere so far
 * @param {number} seen.took how long the last description took, in milliseconds
 * @param {boolean} [seen.unanswered] an offer of ours has reached the other side, and waits for its answer
 * @param {boolean} seen.offered by this side: it begins anew. The other one waits twice as long, since two that begin
 * anew at once undo each other's work.
 */
export function patience({ others, attempts, took, offered, unanswered = false }) {
  const crowd = 1 + Math.max(0, others - 1) / 2;
  const tries = Math.max(1, Math.min(attempts, MOST));
  const queue = unanswered ? TURN_MS * Math.max(0, others - 1) : 0;
  return {
    silent: (SILENT_MS * crowd * tries + 2 * took + queue) * (offered ? 1 : 2),
    stuck: STUCK_MS * crowd,
    offerDue: OFFER_DUE_MS * crowd,
  };
}
