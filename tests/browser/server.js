/** The real executable, with a place of its own: started, killed, started again on the same port. */

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { io } from 'socket.io-client';

const BINARY = process.env.TINCAN_BIN ?? fileURLToPath(new URL('../../target/release/tincan', import.meta.url));
/** While one works on the client: its files as they are, instead of those in the executable. */
const CLIENT = process.env.TINCAN_CLIENT_DIR ? ['--client-dir', process.env.TINCAN_CLIENT_DIR] : [];
const START_MS = 20_000;

export class Server {
  /** @param {string[]} flags beyond those that every test wants */
  constructor(flags = []) {
    this.flags = flags;
    this.port = 0;
    this.log = [];
  }

  async start() {
    this.directory ??= await mkdtemp(join(tmpdir(), 'tincan-browser-'));
    const host = this.flags.includes('--host') ? [] : ['--host', '127.0.0.1'];
    const flags = [...host, '--port', String(this.port), '--data-dir', this.directory];
    const quick = ['--bcrypt-cost', '4', '--rate-limit', 'off', '--ice-server', 'none'];
    const turn = this.flags.includes('--turn') ? [] : ['--turn', 'off'];
    const client = this.flags.includes('--client-dir') ? [] : CLIENT;
    // The environment of whoever runs the tests must not change the server.
    this.child = spawn(BINARY, [...flags, ...quick, ...turn, ...client, ...this.flags], {
      cwd: this.directory,
      env: { PATH: process.env.PATH },
    });
    this.exited = new Promise((resolve) => this.child.once('exit', resolve));
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the server did not start:\n${this.log.join('')}`)), START_MS);
      const read = (chunk) => {
        this.log.push(String(chunk));
        const port = /http:\/\/(?:localhost|127\.0\.0\.1):(\d+)/.exec(this.log.join(''))?.[1];
        if (!port) return;
        this.port = Number(port);
        clearTimeout(timer);
        resolve();
      };
      this.child.stdout.on('data', read);
      this.child.stderr.on('data', read);
      void this.exited.then((code) => reject(new Error(`the server ended with ${code}:\n${this.log.join('')}`)));
    });
    return this;
  }

  get url() {
    return `http://localhost:${this.port}`;
  }

  /** @param {'SIGKILL' | 'SIGTERM'} signal */
  async kill(signal = 'SIGKILL') {
    this.child.kill(signal);
    await this.exited;
    this.log = [];
  }

  async close() {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** @returns {Promise<any>} */
  async ask(method, path, { token, body } = {}) {
    const headers = {
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(body && { 'Content-Type': 'application/json' }),
    };
    const response = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    const answer = response.status === 204 ? null : await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer?.message}`);
    return answer;
  }

  /** @param {string} username @returns {Promise<{token: string, user: {id: string, username: string}}>} */
  signUp(username) {
    const body = { username, email: `${username.toLowerCase()}@example.com`, password: 'correct horse' };
    return this.ask('POST', '/api/auth/signup', { body });
  }

  /** A user without a page: a socket, and what came over it. @param {{token: string}} grant */
  async socket(grant) {
    const socket = io(this.url, { auth: { token: grant.token }, reconnection: false, transports: ['websocket'] });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
    return socket;
  }

  /**
   * Fills a room.
   * @param {{token: string}} grant
   * @param {string} roomId
   * @param {number} count
   * @param {(n: number) => string} [text]
   */
  async fill(grant, roomId, count, text = (n) => `message ${n}`) {
    const socket = await this.socket(grant);
    await socket.emitWithAck('join-room', { roomId });
    for (let begun = 0; begun < count; begun += 500) {
      const batch = Array.from({ length: Math.min(500, count - begun) }, (_, index) => text(begun + index + 1));
      await Promise.all(batch.map((content) => socket.emitWithAck('send-message', { roomId, content })));
    }
    socket.close();
  }
}
