/** What STUN and relay servers do for this browser: which answer, by which way, and what they refuse. */

/** @typedef {'udp' | 'tcp' | 'tls'} Way how a relay is reached */
/** @typedef {{code: number, url: string, text: string}} Refusal as the browser tells it; 701 where nobody answered */
/**
 * @typedef {{types: Set<string>, relayed: boolean, complete: boolean, refusals: Refusal[]}} Gathered `types` of
 *   candidates: host, srflx, relay
 */
/**
 * @typedef {{named: Way[], open: Way[], refusals: Refusal[]}} Relay ways that the server names, and those that lead
 *   there
 */
/** @typedef {(configuration: RTCConfiguration) => RTCPeerConnection} Connect */
/** @typedef {{setTimeout: Function, clearTimeout: Function}} Timers */

/** @type {Way[]} the one that is best for calls first */
export const WAYS = ['udp', 'tcp', 'tls'];
/** A browser gives up a server that does not answer after about ten seconds. */
const PATIENCE_MS = 10_000;

/** @param {RTCIceServer} server @returns {string[]} */
const urlsOf = ({ urls }) => (Array.isArray(urls) ? urls : [urls]);

/** @param {string} url @returns {Way | 'stun'} */
function wayOf(url) {
  if (url.startsWith('stun')) return 'stun';
  if (url.startsWith('turns:')) return 'tls';
  return /[?&]transport=tcp\b/.test(url) ? 'tcp' : 'udp';
}

/**
 * Of these servers what belongs to one way, credentials and all.
 * @param {RTCIceServer[]} servers @param {Way | 'stun'} way @returns {RTCIceServer[]}
 */
export function only(servers, way) {
  return servers
    .map((server) => ({ ...server, urls: urlsOf(server).filter((url) => wayOf(url) === way) }))
    .filter(({ urls }) => urls.length > 0);
}

/**
 * Asks these servers for candidates, as a call would. Ends as soon as `enough` is found.
 * @param {Connect} connect
 * @param {RTCConfiguration} configuration
 * @param {string} enough a type of candidate
 * @param {Timers} [timers]
 * @returns {Promise<Gathered>}
 */
export async function gather(connect, configuration, enough, timers = globalThis) {
  const pc = connect(configuration);
  /** @type {Gathered} */
  const found = { types: new Set(), relayed: false, complete: false, refusals: [] };
  const done = new Promise((resolve) => {
    const timer = timers.setTimeout(resolve, PATIENCE_MS);
    const end = () => {
      timers.clearTimeout(timer);
      resolve(undefined);
    };
    pc.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) found.types.add(typeOf(candidate));
      found.relayed = found.types.has('relay');
      if (!candidate) found.complete = true;
      if (!candidate || found.types.has(enough)) end();
    };
    pc.onicecandidateerror = ({ errorCode: code, url, errorText: text }) => found.refusals.push({ code, url, text });
  });
  try {
    pc.createDataChannel('check');
    await pc.setLocalDescription(await pc.createOffer());
    await done;
  } finally {
    pc.close();
  }
  return found;
}

/** @param {{candidate: string, type?: string | null}} candidate */
const typeOf = ({ candidate, type }) => type ?? / typ (\w+)/.exec(candidate)?.[1] ?? '';

/**
 * Which ways lead to the relay. Asked all at once; each holds one allocation for as long as it is asked.
 * @param {Connect} connect @param {RTCIceServer[]} servers @param {Timers} [timers]
 * @returns {Promise<Relay>}
 */
export async function waysToRelay(connect, servers, timers) {
  const named = WAYS.filter((way) => only(servers, way).length > 0);
  const ask = (/** @type {Way} */ way) =>
    gather(connect, { iceServers: only(servers, way), iceTransportPolicy: 'relay' }, 'relay', timers);
  const answers = await Promise.all(named.map(ask));
  const open = named.filter((_, index) => answers[index]?.relayed);
  return { named, open, refusals: answers.flatMap((answer) => answer.refusals) };
}
