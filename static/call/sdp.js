/** The few lines of SDP that tell connections apart. */

/**
 * What names the peer connection that wrote a description: it stays over ICE restarts, and no two share it.
 * @param {string | undefined} sdp
 * @returns {string}
 */
export function originOf(sdp) {
  return /^o=\S+ (\S+)/m.exec(sdp ?? '')?.[1] ?? '';
}

/**
 * The ICE user fragments of a description: candidates carry the one of the description that they belong to.
 * @param {string | undefined} sdp
 * @returns {string[]}
 */
export function fragmentsOf(sdp) {
  return [...(sdp ?? '').matchAll(/^a=ice-ufrag:(\S+)/gm)].map((match) => match[1] ?? '');
}

/**
 * @param {RTCIceCandidateInit} candidate
 * @returns {string | null} `null` where it does not say
 */
export function fragmentOf(candidate) {
  return candidate.usernameFragment || /\bufrag (\S+)/.exec(candidate.candidate ?? '')?.[1] || null;
}
