/** Machines that reach this one and not each other: network namespaces, with a browser in each. */

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { CHROMIUM } from './world.js';

/** How many there were: each has a network of its own. */
let made = 0;

const ip = (...words) => execFileSync('ip', words, { env: { PATH: `${process.env.PATH}:/usr/sbin` }, stdio: 'pipe' });

/** Why there can be none here; undefined where there can. */
export function whyNone() {
  const name = `tincan-try-${process.pid}`;
  try {
    ip('netns', 'add', name);
    ip('netns', 'delete', name);
    return undefined;
  } catch {
    return 'network namespaces need root and the program ip (package iproute2)';
  }
}

/** One of them; `host` is the address under which it reaches this machine. */
export class Island {
  constructor() {
    const number = (made += 1);
    this.name = `tincan-${process.pid}-${number}`;
    this.host = `10.91.${number}.1`;
    const [near, far] = [`tc${process.pid % 100_000}n${number}`, `tc${process.pid % 100_000}f${number}`];
    this.cable = near;
    ip('netns', 'add', this.name);
    ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', this.name);
    ip('address', 'add', `${this.host}/24`, 'dev', near);
    ip('link', 'set', near, 'up');
    ip('-netns', this.name, 'address', 'add', `10.91.${number}.2/24`, 'dev', far);
    // An address of IPv6 would be there a second after the rest, and a browser stops loading where its network changes.
    ip('-netns', this.name, 'link', 'set', far, 'addrgenmode', 'none');
    ip('-netns', this.name, 'link', 'set', far, 'up');
    ip('-netns', this.name, 'link', 'set', 'lo', 'up');
  }

  /** A browser there, to which the server at this port is as good as one with a certificate. @param {number} port */
  async launch(port) {
    this.url = `http://${this.host}:${port}`;
    const program = join(mkdtempSync(join(tmpdir(), 'tincan-island-')), 'chromium');
    writeFileSync(program, `#!/bin/sh\nexec ip netns exec ${this.name} ${CHROMIUM} "$@"\n`);
    chmodSync(program, 0o755);
    const media = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
    const args = ['--no-sandbox', ...media, `--unsafely-treat-insecure-origin-as-secure=${this.url}`];
    this.browser = await chromium.launch({ executablePath: program, args });
    return this;
  }

  async close() {
    await this.browser?.close();
    // By itself it goes a while after its other end.
    ip('link', 'delete', this.cable);
    ip('netns', 'delete', this.name);
  }
}
