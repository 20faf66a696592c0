/** What stands before several servers: each new connection goes to the first of them that answers. */

import { connect, createServer } from 'node:net';

export class Front {
  /** @param {import('./server.js').Server[]} servers in the order in which they are tried */
  constructor(servers) {
    this.servers = servers;
    this.lines = new Set();
    this.listener = createServer((near) => this.carry(near, [...servers]));
  }

  async start() {
    await new Promise((resolve) => this.listener.listen(0, '127.0.0.1', () => resolve(undefined)));
    this.port = this.listener.address().port;
    return this;
  }

  carry(near, [server, ...others]) {
    const far = connect(server.port, '127.0.0.1');
    for (const line of [near, far]) this.lines.add(line), line.once('close', () => this.lines.delete(line));
    const refused = () => (others.length ? this.carry(near, others) : near.destroy());
    far.once('error', refused);
    near.once('error', () => far.destroy());
    far.once('connect', () => {
      far.off('error', refused).on('error', () => near.destroy());
      near.once('close', () => far.destroy());
      far.once('close', () => near.destroy());
      near.pipe(far).pipe(near);
    });
  }

  // As a server is to a world of people.
  get url() {
    return `http://localhost:${this.port}`;
  }

  get log() {
    return this.servers.flatMap((server) => server.log);
  }

  ask = (...request) => this.servers[0].ask(...request);
  signUp = (name) => this.servers[0].signUp(name);

  async close() {
    this.listener.close();
    for (const line of this.lines) line.destroy();
  }
}
