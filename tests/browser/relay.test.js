/** Calls that find no way of their own go through the relay of the executable. */

import assert from 'node:assert/strict';
import { scenario } from './world.js';

const RELAY = { flags: ['--turn', 'auto', '--turn-port', '0'] };

/** Before the page's own scripts: connections take no way but a relay's, over this transport alone. */
const ONLY = (transport) => {
  const Native = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Native {
    constructor(configuration) {
      const iceServers = configuration.iceServers
        .map((server) => ({ ...server, urls: server.urls.filter((url) => url.endsWith(`?transport=${transport}`)) }))
        .filter((server) => server.urls.length > 0);
      super({ ...configuration, iceServers, iceTransportPolicy: 'relay' });
    }
  };
};

/** How the two ends of the connection that carries the call are reached, and over what the own relay is. */
const way = (person) =>
  person.page.evaluate(async () => {
    const [pc] = globalThis.connections.filter((one) => one.connectionState === 'connected');
    const stats = await pc.getStats();
    const pair = [...stats.values()].find((entry) => entry.type === 'candidate-pair' && entry.nominated);
    const [local, remote] = [stats.get(pair.localCandidateId), stats.get(pair.remoteCandidateId)];
    return [local.candidateType, remote.candidateType, local.relayProtocol];
  });

for (const transport of ['udp', 'tcp']) {
  scenario(
    `a video call goes through the relay over ${transport} alone`,
    async (world) => {
      const init = (context) => context.addInitScript(ONLY, transport);
      const [ada, bob] = [await world.person('Ada', { init }), await world.person('Bob', { init })];
      await ada.rings('Bob');
      await bob.accepts();
      await Promise.all([ada.hearsAndSees(), bob.hearsAndSees()]);
      for (const person of [ada, bob]) assert.deepEqual(await way(person), ['relay', 'relay', transport]);
    },
    RELAY,
  );
}
