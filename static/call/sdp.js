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

/**
 * A description of the other side's that lets Chromium begin with so much picture, instead of little that grows slowly.
 * It stands in the first section of pictures, and counts for the whole connection; other browsers pass over it.
 * @param {string | undefined} sdp
 * @param {number} bitrate in bits a second
 * @returns {string}
 */
export function startingAt(sdp = '', bitrate = 0) {
  const begin = sdp.search(/^m=video /m);
  if (begin < 0 || !bitrate) return sdp;
  const end = sdp.indexOf('\nm=', begin) + 1 || sdp.length;
  const words = `x-google-start-bitrate=${Math.round(bitrate / 1000)}`;
  let section = sdp.slice(begin, end);
  for (const [, payload] of section.matchAll(/^a=rtpmap:(\d+) (?:VP8|VP9|H264|AV1)\//gim)) {
    const known = new RegExp(`^(a=fmtp:${payload} .*?)\\r?$`, 'm');
    section = known.test(section)
      ? section.replace(known, `$1;${words}\r`)
      : section.replace(new RegExp(`^(a=rtpmap:${payload} .*?)\\r?$`, 'm'), `$1\r\na=fmtp:${payload} ${words}\r`);
  }
  return sdp.slice(0, begin) + section + sdp.slice(end);
}
