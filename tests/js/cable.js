/** A cable between a client and the server, which can be cut and mended. */

import { connect, createServer } from 'node:net';

export class Cable {
  /** @param {{port: number}} server asked for its port at each connection, for it may be another one after a restart */
  constructor(server) {
    this.server = server;
    this.whole = true;
    this.lines = new Set();
  }

  async lay() {
    this.listener = createServer((near) => {
      const far = connect(this.server.port, '127.0.0.1');
      for (const [line, other] of [[near, far], [far, near]]) {
        this.lines.add(line);
        // An orderly end is passed on by the pipe, behind what was sent before.
        line.on('error', () => other.destroy()).on('close', () => this.lines.delete(line));
        line.pipe(other);
      }
      if (!this.whole) near.resetAndDestroy();
    });
    await new Promise((resolve) => this.listener.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url() {
    return `http://127.0.0.1:${this.listener.address().port}`;
  }

  cut() {
    this.whole = false;
    for (const line of this.lines) line.destroy();
  }

  mend() {
    this.whole = true;
  }

  remove() {
    this.cut();
    this.listener.close();
  }
}
