/** What a test of the connection found, in words: how it is, what it means for calls, and what mends it. */

/** @typedef {'running' | 'good' | 'warn' | 'bad' | 'none'} State `none`: there was nothing to be tested */
/**
 * @typedef {{state: State, words: string, mend?: string, facts?: string}} Found `facts` are for whoever helps: in the
 *   report alone
 */
/** @typedef {{words: string, mend: string}} Reason */
/** @typedef {import('../protocol/reach.js').Reach} Reach */
/** @typedef {import('./relay.js').Way} Way */

/** @type {Record<Way, string>} */
const WAY_WORDS = { udp: 'UDP', tcp: 'TCP', tls: 'TLS' };

/** @param {boolean} secure @param {boolean} hasWay the server has a secure page @returns {Found} */
export function pageFound(secure, hasWay) {
  if (secure) return { state: 'good', words: 'The page is secure: browsers give it camera and microphone.' };
  const mend = hasWay
    ? 'Open the secure page of this server and log in there.'
    : 'Open this server by https. Whoever runs it can turn that on: tincan --tls auto.';
  return { state: 'bad', words: 'The page is not secure, so your browser gives it no camera and no microphone.', mend };
}

/**
 * @param {'audio' | 'video'} kind
 * @param {{problem?: import('./problems.js').Problem, label: string, isOn: boolean, asked: boolean}} seen `asked`: it
 *   was to be opened
 * @returns {Found}
 */
export function deviceFound(kind, { problem, label, isOn, asked }) {
  const thing = kind === 'audio' ? 'microphone' : 'camera';
  if (isOn) return { state: 'good', words: label || `Your ${thing} is on.`, facts: label };
  if (problem) return { state: 'bad', words: `${problem.title}.`, mend: problem.help };
  if (!asked) return { state: 'none', words: `It is off in your call, and stays so.` };
  return { state: 'bad', words: `Your ${thing} does not start.`, mend: 'Try again, or choose another one.' };
}

/**
 * @param {Reach} websocket
 * @param {Reach | null} polling asked only where the other did not get through
 * @returns {Found}
 */
export function liveFound(websocket, polling) {
  const facts = [`websocket ${reachFacts(websocket)}`, polling && `polling ${reachFacts(polling)}`]
    .filter(Boolean)
    .join(', ');
  if (websocket.through) {
    return { state: 'good', words: `Messages come at once, over a WebSocket (${websocket.ms} ms to connect).`, facts };
  }
  if (polling?.through) {
    return {
      state: 'warn',
      words:
        'WebSockets do not get through; messages come by asking again and again instead. All works, with some delay.',
      mend:
        'A proxy or a firewall between you and the server holds them back. ' +
        'In front of the server the proxy must pass on “Upgrade”.',
      facts,
    };
  }
  return {
    state: 'bad',
    words: 'The server cannot be reached for messages and calls, neither by WebSocket nor by polling.',
    mend: 'Check your network; a proxy in between may not pass on /socket.io/.',
    facts,
  };
}

/** @param {Reach} reach */
const reachFacts = ({ through, ms, reason }) => (through ? `in ${ms} ms` : `no (${reason})`);

/**
 * @param {number} named how many STUN servers the server names
 * @param {import('./relay.js').Gathered | null} found
 * @param {boolean} throughUdp the relay was reached by UDP, so that nothing holds that back
 * @returns {Found}
 */
export function directFound(named, found, throughUdp) {
  if (found && !found.types.size) {
    return {
      state: 'bad',
      words: 'Your browser finds no network for calls.',
      mend: 'A setting or an extension of your browser may forbid WebRTC. Try another browser.',
    };
  }
  if (!named || !found) {
    return {
      state: 'warn',
      words: 'The server names no STUN server: people behind two routers find no direct path to each other.',
      mend: 'The relay carries such calls, where there is one.',
    };
  }
  const facts = `candidates: ${[...found.types].sort().join(', ')}${refusalFacts(found.refusals)}`;
  if (found.types.has('srflx')) return { state: 'good', words: 'STUN answers: most calls find a direct path.', facts };
  if (!throughUdp && (found.refusals.length || !found.complete)) {
    return {
      state: 'warn',
      words: 'No STUN server answers: your network may hold UDP back. Calls with people elsewhere need the relay.',
      facts,
    };
  }
  return {
    state: 'good',
    words: 'Nothing holds your packets back on the way to the server: calls find a direct path.',
    facts,
  };
}

/** @param {import('./relay.js').Refusal[]} refusals */
const refusalFacts = (refusals) => refusals.map(({ code, url, text }) => `; ${url}: ${code} ${text}`).join('');

/** @param {import('./relay.js').Relay} relay @returns {Found} */
export function relayFound({ named, open, refusals }) {
  const list = (/** @type {Way[]} */ ways) => ways.map((way) => WAY_WORDS[way]).join(', ');
  const facts = `named: ${list(named) || 'none'}; open: ${list(open) || 'none'}${refusalFacts(refusals)}`;
  if (!named.length) {
    return {
      state: 'bad',
      words: 'This server has no relay: a call comes about only where two people reach each other directly.',
      mend: 'Whoever runs the server can turn it on: tincan --turn auto.',
      facts,
    };
  }
  if (open.includes('udp')) {
    return { state: 'good', words: `The relay carries calls that find no direct path (by ${list(open)}).`, facts };
  }
  if (open.length) {
    return {
      state: 'warn',
      words:
        `The relay carries calls, but your network holds UDP back: they go over ${list(open)}, ` +
        'and may stutter when the line is bad.',
      mend: 'A firewall that lets UDP through to the relay’s port helps.',
      facts,
    };
  }
  return { state: 'bad', facts, ...wordsOfRefusal(refusals) };
}

/** @param {import('./line.js').Measured | null} measured null: the two ends did not find each other @returns {Found} */
export function lineFound(measured) {
  if (!measured) {
    return {
      state: 'bad',
      words: 'The relay was reached, but carried nothing.',
      mend: 'Whoever runs the server can check it: tincan doctor.',
    };
  }
  const { bits, loss, roundTrip, jitter } = measured;
  const [way, swing] = [Math.round(roundTrip), Math.round(jitter)];
  const facts = `${speed(bits)}, loss ${percent(loss)}, round trip ${way} ms, jitter ${swing} ms`;
  const [state, enough] = capacity(bits);
  const numbers = `${speed(bits)} there and back through the relay, ${percent(loss)} lost, ${way} ms on the way.`;
  const words = `${enough} ${numbers}`;
  if (loss > 0.08 || roundTrip > 600) {
    return { state: 'bad', words: `Poor: calls over it break off. ${numbers}`, mend: LINE_MEND, facts };
  }
  if (loss > 0.02 || roundTrip > 250 || jitter > 60) {
    return { state: state === 'bad' ? 'bad' : 'warn', words: `Unsteady. ${words}`, mend: LINE_MEND, facts };
  }
  return { state, words, facts, mend: state === 'good' ? undefined : LINE_MEND };
}

const LINE_MEND = 'Go nearer to the Wi-Fi or plug a cable in, and end what else uses the line.';

/** @param {number} bits @returns {[state: State, words: string]} */
function capacity(bits) {
  if (bits >= 4_000_000) return ['good', 'Good for pictures of several people.'];
  if (bits >= 1_000_000) return ['good', 'Good for a picture.'];
  if (bits >= 150_000) return ['warn', 'Enough for sound, hardly for a picture.'];
  return ['bad', 'Too little for a call.'];
}

/** @param {number} bits */
const speed = (bits) =>
  bits >= 1_000_000 ? `${(bits / 1_000_000).toFixed(1)} Mbit/s` : `${Math.round(bits / 1_000)} kbit/s`;
/** @param {number} part */
const percent = (part) => `${part > 0 && part < 0.01 ? '< 1' : Math.round(part * 100)} %`;

/** Why a relay that is named could not be used. @param {import('./relay.js').Refusal[]} refusals @returns {Reason} */
export function wordsOfRefusal(refusals) {
  const has = (/** @type {number} */ code) => refusals.some((one) => one.code === code);
  if (has(401) || has(403) || has(441)) {
    return {
      words: 'The relay refuses your credentials.',
      mend: 'The clocks of server and relay may differ, or their secrets do: tincan doctor tells.',
    };
  }
  if (has(486) || has(508)) {
    return {
      words: 'The relay takes no more connections from you just now.',
      mend: 'End other calls of yours, or wait a minute.',
    };
  }
  return {
    words: 'The relay of this server cannot be reached from here, neither by UDP nor by TCP.',
    mend:
      'Your network or a firewall holds it back: another network helps, ' +
      'or whoever runs the server opens the relay’s port (3478).',
  };
}
