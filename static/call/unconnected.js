/** Why a call does not connect: looked into once somebody was waited for too long, and said in words. */

import { wordsOfRefusal } from './check-words.js';
import { gather, only, waysToRelay } from './relay.js';

/** @typedef {import('./peer.js').Peer} Peer */
/** @typedef {import('./check-words.js').Reason} Reason */

/** So long a connection may take, or an attempt to get it back, before somebody asks why; in looks. */
const LOOKS = 40;

export class Unconnected {
  /**
   * @param {object} options
   * @param {import('./ice.js').IceServers} options.ice
   * @param {import('./relay.js').Connect} options.connect
   * @param {() => boolean} options.online the server is there to carry signals
   * @param {() => void} options.changed
   * @param {{setTimeout: Function, clearTimeout: Function}} [options.timers]
   */
  constructor({ ice, connect, online, changed, timers = globalThis }) {
    this.ice = ice;
    this.connect = connect;
    this.online = online;
    this.changed = changed;
    this.timers = timers;
    /** Grows with each that is looked into: an answer about an earlier one is void. */
    this.round = 0;
    /** @type {Map<Peer, number>} at how many looks each was not connected */
    this.waited = new Map();
    /** Who does not connect; empty where all do. */
    this.name = '';
    /** @type {Reason | null} null while it is looked into */
    this.reason = null;
  }

  /** The call is over, or everybody is connected. */
  clear() {
    this.waited = new Map();
    this.name = '';
    this.reason = null;
    this.round += 1;
  }

  /** To be told again and again who is in the call, three times a second. @param {Iterable<Peer>} peers */
  look(peers) {
    const waiting = [...peers].filter((peer) => peer.state !== 'connected' && !peer.away);
    this.waited = new Map(waiting.map((peer) => [peer, (this.waited.get(peer) ?? 0) + 1]));
    const longest = waiting.find((peer) => (this.waited.get(peer) ?? 0) >= LOOKS);
    if (!longest) {
      if (this.name) {
        this.clear();
        this.changed();
      }
    } else if (this.name !== longest.username) {
      this.name = longest.username;
      this.reason = null;
      void this.ask(longest);
      this.changed();
    }
  }

  /** @param {Peer} peer */
  async ask(peer) {
    const round = (this.round += 1);
    const reason = await this.reasonFor(peer).catch(() => null);
    if (round !== this.round) return;
    this.reason = reason ?? {
      words: 'Your browser makes no connections for calls.',
      mend: 'A setting or an extension may forbid WebRTC. Try another browser.',
    };
    this.changed();
  }

  /** @param {Peer} peer @returns {Promise<Reason>} */
  async reasonFor(peer) {
    const name = peer.username;
    if (!this.online()) {
      return {
        words: 'The server cannot be reached just now, and without it no connection is agreed on.',
        mend: 'Check your network.',
      };
    }
    if (!peer.link?.theirs) {
      return {
        words: `${name}’s browser does not answer.`,
        mend: `The page there may be asleep, closed or without a network: ${name} can load it again.`,
      };
    }
    await this.ice.ready();
    const { servers } = this.ice;
    const [near, relay] = await Promise.all([
      gather(this.connect, { iceServers: only(servers, 'stun') }, 'host', this.timers),
      waysToRelay(this.connect, servers, this.timers),
    ]);
    if (!near.types.size && !relay.open.length) {
      return {
        words: 'Your browser finds no network for calls.',
        mend: 'A setting or an extension may forbid WebRTC. Try another browser.',
      };
    }
    if (!relay.named.length) {
      return {
        words:
          `You and ${name} find no direct path to each other, ` +
          'and this server has no relay that would carry the call.',
        mend: 'Whoever runs the server can turn it on: tincan --turn auto.',
      };
    }
    if (!relay.open.length) return wordsOfRefusal(relay.refusals);
    return {
      words: `Your side is fine, the relay too. What holds the call back is at ${name}’s side.`,
      mend: `${name} can find out what: Settings, “Test my connection”.`,
    };
  }
}
