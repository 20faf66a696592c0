/** UDP forwarders between two browsers on one machine: paths that a test can cut. */

import { createSocket } from 'node:dgram';

export function forwarders() {
  const open = [];
  let closed = false;
  const forward = (address, port) =>
    new Promise((resolve, reject) => {
      const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
      const path = { socket, dead: false, other: null };
      socket.on('message', (packet, from) => {
        if (path.dead) return;
        // What the target sends goes back to whoever spoke to it last through here.
        const fromTarget = from.port === port;
        if (!fromTarget) path.other = { port: from.port, address: from.address };
        const to = fromTarget ? path.other : { port, address };
        if (to) socket.send(packet, to.port, to.address);
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
    /** Candidates from the other side lead through a forwarder. @param {import('playwright-core').BrowserContext} context */
    async install(context) {
      await context.exposeFunction('forwardTo', forward);
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
