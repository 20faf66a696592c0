/** UDP forwarders between two browsers on one machine: paths that can be cut, or be as narrow as a poor line. */

import { createSocket } from 'node:dgram';

/** Of IP and UDP, which a line carries too. */
const HEADER_BYTES = 28;

/**
 * One direction of a line: packets leave it in order, none faster than it carries; what would wait too long in its
 * queue is lost.
 * @param {{kbit: number, delayMs: number, queueMs: number}} shape
 */
function narrow({ kbit, delayMs, queueMs }) {
  const queue = [];
  let freeAt = 0;
  let timer = null;
  // The delay of a line is what is imitated here, so it goes by the clock.
  const pump = () => {
    timer = null;
    const now = performance.now();
    while (queue.length && queue[0].at <= now) queue.shift().deliver();
    if (queue.length) timer = setTimeout(pump, queue[0].at - now);
  };
  return (bytes, deliver) => {
    const begin = Math.max(performance.now(), freeAt);
    if (begin - performance.now() > queueMs) return;
    freeAt = begin + ((bytes + HEADER_BYTES) * 8) / kbit;
    queue.push({ at: freeAt + delayMs, deliver });
    timer ??= setTimeout(pump, queue[0].at - performance.now());
  };
}

/**
 * @param {{kbit: number, delayMs: number, queueMs: number}} [shape] of the line between the first two that these are
 * installed for
 */
export function forwarders(shape) {
  const open = [];
  const lines = [0, 1].map(() => (shape ? narrow(shape) : (_, deliver) => deliver()));
  let people = 0;
  let closed = false;
  const forward = (who, address, port) =>
    new Promise((resolve, reject) => {
      const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
      const path = { socket, dead: false, other: null };
      socket.on('message', (packet, from) => {
        if (path.dead) return;
        // What the target sends goes back to whoever spoke to it last through here.
        const fromTarget = from.port === port;
        if (!fromTarget) path.other = { port: from.port, address: from.address };
        const to = fromTarget ? path.other : { port, address };
        if (to)
          lines[fromTarget ? 1 - who : who](packet.length, () => closed || socket.send(packet, to.port, to.address));
      });
      socket.once('error', reject);
      socket.bind(0, address, () => {
        const { port } = socket.address();
        open.push(path);
        if (closed) socket.close();
        resolve(port);
      });
    });

  return {
    get count() {
      return open.length;
    },
    /** All paths there are now are silent from now on; new ones work. */
    cut() {
      for (const path of open) path.dead = true;
    },
    close() {
      closed = true;
      for (const path of open) path.socket.close();
    },
    /**
     * Candidates from the other side lead through a forwarder.
     * @param {import('playwright-core').BrowserContext} context
     */
    async install(context) {
      const who = people++ % 2;
      await context.exposeFunction('forwardTo', (address, port) => forward(who, address, port));
      await context.addInitScript(() => {
        // Candidates that were there already when the description was sent; each comes by itself, too.
        const describe = RTCPeerConnection.prototype.setRemoteDescription;
        RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
          return describe.call(this, { type, sdp: sdp.replace(/^a=candidate:.*\r\n/gm, '') });
        };
        const add = RTCPeerConnection.prototype.addIceCandidate;
        RTCPeerConnection.prototype.addIceCandidate = async function (candidate) {
          const parts = candidate?.candidate?.split(' ') ?? [];
          if (parts[2]?.toLowerCase() !== 'udp' || parts[4]?.endsWith('.local')) return undefined;
          parts[5] = String(await globalThis.forwardTo(parts[4], Number(parts[5])));
          return add.call(this, { ...(candidate.toJSON?.() ?? candidate), candidate: parts.join(' ') });
        };
      });
    },
  };
}
