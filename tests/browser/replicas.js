/**
 * A MongoDB of the tests' own: a replica set of one, on which several servers can be one. `MONGOD` says which program,
 * as script/test does.
 */

import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './proxy.js';
import { Server } from './server.js';

const PATIENCE_MS = 30_000;

/** Why it cannot be run here, or nothing. */
export const missing = () => (process.env.MONGOD ? false : 'there is no mongod');

export class Replicas {
  async start() {
    // The driver that came with Mongoose, which other tests use.
    const { MongoClient } = createRequire(new URL('../mongoose/package.json', import.meta.url))('mongodb');
    this.directory = await mkdtemp(join(tmpdir(), 'tincan-replicas-'));
    this.port = await freePort();
    const place = ['--bind_ip', '127.0.0.1', '--port', String(this.port), '--dbpath', this.directory];
    const options = ['--replSet', 'tests', '--nounixsocket', '--wiredTigerCacheSizeGB', '0.25'];
    this.child = spawn(process.env.MONGOD, [...options, ...place], { stdio: 'ignore' });
    this.exited = new Promise((resolve) => this.child.once('exit', resolve));
    const host = `127.0.0.1:${this.port}`;
    const url = `mongodb://${host}/?directConnection=true`;
    const client = new MongoClient(url, { serverSelectionTimeoutMS: PATIENCE_MS });
    const admin = client.db('admin');
    await admin.command({ replSetInitiate: { _id: 'tests', members: [{ _id: 0, host }] } });
    while (!(await admin.command({ hello: 1 })).isWritablePrimary);
    await client.close();
    this.secret = join(this.directory, 'secret');
    await writeFile(this.secret, 'a secret of tests that is long enough', { mode: 0o600 });
    return this;
  }

  /** A server on it, of which any number are one. @param {string[]} flags */
  server(flags = []) {
    const url = `mongodb://127.0.0.1:${this.port}/chat?replicaSet=tests`;
    return new Server(['--mongo-url', url, '--jwt-secret-file', this.secret, ...flags]).start();
  }

  async close() {
    this.child.kill('SIGKILL');
    await this.exited;
    await rm(this.directory, { recursive: true, force: true });
  }
}
