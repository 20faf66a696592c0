/** Two people whose machines reach the server and not each other call each other, with nothing set anywhere. */

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { Island, whyNone } from './islands.js';
import { scenario } from './world.js';

/** Before the page's own scripts: relays are known over TCP alone, and with `relay` no other way is taken. */
const OVER_TCP = (policy) => {
  const Native = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Native {
    constructor(configuration) {
      const iceServers = configuration.iceServers
        .map((server) => ({ ...server, urls: server.urls.filter((url) => url.endsWith('?transport=tcp')) }))
        .filter((server) => server.urls.length > 0);
      super({ ...configuration, iceServers, iceTransportPolicy: policy });
    }
  };
};

/** What carries the call: the own end of the path, and over what the relay is reached. */
const way = (person) =>
  person.page.evaluate(async () => {
    const [pc] = globalThis.connections.filter((one) => one.connectionState === 'connected');
    const stats = await pc.getStats();
    const pair = [...stats.values()].find((entry) => entry.type === 'candidate-pair' && entry.nominated);
    const local = stats.get(pair.localCandidateId);
    return [local.candidateType, local.relayProtocol];
  });

/** A call between two islands; how each of the two was connected. */
async function call(world, init) {
  const islands = [new Island(), new Island()];
  world.besides.push(...islands);
  const [one, other] = await Promise.all(islands.map((island) => island.launch(world.server.port)));
  const ada = await world.person('Ada', { elsewhere: one, init });
  const bob = await world.person('Bob', { elsewhere: other, init });
  await ada.rings('Bob');
  await bob.accepts();
  await Promise.all([ada.hearsAndSees(), bob.hearsAndSees()]);
  return [await way(ada), await way(bob)];
}

const skip = whyNone();
const ANYWHERE = ['--host', '0.0.0.0', '--turn', 'auto'];

scenario(
  'two who reach the server alone have a video call',
  async (world) => {
    // One of the two may be reached by the relay of the other, at an address that it did not tell (`prflx`).
    const ends = await call(world);
    assert.ok(ends.some(([, over]) => over === 'udp'), JSON.stringify(ends));
  },
  { flags: [...ANYWHERE, '--turn-port', '0'], skip },
);

scenario(
  'two whom UDP does not reach have one over TCP',
  async (world) => {
    const ends = await call(world, (context) => context.addInitScript(OVER_TCP, 'all'));
    assert.ok(ends.some(([, over]) => over === 'tcp'), JSON.stringify(ends));
  },
  { flags: [...ANYWHERE, '--turn-port', '0'], skip },
);

const taken = createServer();
await new Promise((resolve) => taken.listen(0, '0.0.0.0', resolve));
// It ends with the tests.
taken.unref();
scenario(
  'two have one where the port of the server is all that is open',
  async (world) => {
    const ends = await call(world, (context) => context.addInitScript(OVER_TCP, 'relay'));
    for (const end of ends) assert.deepEqual(end, ['relay', 'tcp']);
  },
  { flags: [...ANYWHERE, '--turn-port', String(taken.address().port)], skip },
);
