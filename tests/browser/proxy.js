/**
 * A proxy with a certificate in front of a server, run with the very text of docs/operations.md; only ports and files
 * are put in.
 */

import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const DOCUMENT = new URL('../../docs/operations.md', import.meta.url);
const PATIENCE_MS = 15_000;
const PATH = `${process.env.PATH}:/usr/sbin`;
/** The name in the documents; whoever connects must lead it to 127.0.0.1. */
export const NAME = 'chat.example.com';

/** Whether these programs are on this machine. */
export function isThere(...programs) {
  try {
    for (const program of programs) execFileSync('which', [program], { env: { PATH }, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The first block of code below a heading. */
export async function block(heading) {
  const text = await readFile(DOCUMENT, 'utf8');
  return text.split(`\n### ${heading}\n`)[1].split('```')[1].replace(/^.*\n/, '');
}

/** A port that nobody listens on. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const answers = (port) =>
  new Promise((resolve) => {
    const line = connect(port, '127.0.0.1', () => (line.destroy(), resolve(true))).on('error', () => resolve(false));
  });

export class Proxy {
  /**
   * @param {'nginx' | 'HAProxy'} kind
   * @param {number} upstream the server's port
   * @param {(text: string) => string} [change] of the document's text
   */
  async start(kind, upstream, change = (text) => text) {
    this.directory = await mkdtemp(join(tmpdir(), 'tincan-proxy-'));
    const file = (name) => join(this.directory, name);
    const subject = ['-subj', `/CN=${NAME}`, '-addext', `subjectAltName=DNS:${NAME}`];
    const files = ['-keyout', file('key'), '-out', file('pem')];
    const kinds = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'];
    await promisify(execFile)('openssl', ['req', ...kinds, ...subject, ...files]);
    this.port = await freePort();
    let text = change(await block(kind))
      .replace('127.0.0.1:5000', `127.0.0.1:${upstream}`)
      .replace('listen 443', `listen 127.0.0.1:${this.port}`)
      .replace('bind :443', `bind 127.0.0.1:${this.port}`)
      .replace(`/etc/ssl/${NAME}.pem`, file('pem'))
      .replace(`/etc/ssl/${NAME}.key`, file('key'));
    if (kind === 'nginx') {
      const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((place) => `${place}_temp_path ${file(place)};`)
        .join(' ');
      text = `daemon off; pid ${file('pid')}; error_log stderr; events {} http { access_log off; ${places}\n${text}}`;
      await writeFile(file('conf'), text);
      this.child = spawn('nginx', ['-p', this.directory, '-e', 'stderr', '-c', file('conf')], {
        env: { PATH },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
    } else {
      await writeFile(file('pem'), `${await readFile(file('pem'))}${await readFile(file('key'))}`);
      await writeFile(file('conf'), text);
      this.child = spawn('haproxy', ['-db', '-f', file('conf')], {
        env: { PATH },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
    }
    let said = '';
    this.child.stderr.on('data', (chunk) => (said += chunk));
    this.exited = new Promise((resolve) => this.child.once('exit', resolve));
    const end = Date.now() + PATIENCE_MS;
    while (!(await answers(this.port))) {
      if (this.child.exitCode !== null || Date.now() > end) throw new Error(`${kind} did not start:\n${said}`);
      // Neither proxy says that it listens, so it is asked again and again.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return this;
  }

  get origin() {
    return `https://${NAME}:${this.port}`;
  }

  async close() {
    this.child.kill('SIGTERM');
    await this.exited;
    await rm(this.directory, { recursive: true, force: true });
  }
}
