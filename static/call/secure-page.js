/** The same page over https, where browsers give camera and microphone: whether there is one, and the way to it. */

/** @typedef {{url: string, warning: string}} SecurePage `warning` is what to do about the one that the browser shows */

const PROBE_MS = 5_000;

/**
 * Asks the server whether it vouches for a secure page by itself; one that others vouch for leads there anyway.
 * @param {Pick<Location, 'protocol' | 'host' | 'pathname' | 'hash'>} here
 * @param {string} agent how the browser calls itself
 * @param {typeof globalThis.fetch} fetch
 * @returns {Promise<SecurePage | null>}
 */
export async function securePage(here, agent, fetch) {
  if (here.protocol !== 'http:') return null;
  try {
    const answer = await fetch('trust', { method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(PROBE_MS) });
    if (!answer.ok) return null;
  } catch {
    return null;
  }
  return { url: `https://${here.host}${here.pathname}${here.hash}`, warning: wayPast(agent) };
}

/** The way past the warning, in the words of the browser. @param {string} agent */
export function wayPast(agent) {
  const [first, then] = BUTTONS.find(({ sign }) => sign.test(agent))?.buttons ?? CHROME;
  return `Your browser warns of it, for the server vouches for itself: choose “${first}”, then “${then}”.`;
}

const CHROME = ['Advanced', 'Proceed'];
const BUTTONS = [
  { sign: /Firefox\/|FxiOS\//, buttons: ['Advanced', 'Accept the Risk and Continue'] },
  { sign: /Edg(?:A|iOS)?\//, buttons: ['Advanced', 'Continue'] },
  { sign: /Chrome\/|CriOS\//, buttons: CHROME },
  { sign: /Safari\//, buttons: ['Show Details', 'visit this website'] },
];
