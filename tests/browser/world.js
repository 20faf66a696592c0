/** Tests in real browsers: a server, people with pages, and what is left behind when a test fails. */

import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { Server } from './server.js';

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FAILURES = new URL('./failures/', import.meta.url);
const WAIT_MS = 15_000;
export const FLAGS = [
  '--no-sandbox',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  // On a machine without a network there are no other candidates.
  '--allow-loopback-in-peer-connection',
  // An insecure origin that leads here.
  '--host-resolver-rules=MAP *.test 127.0.0.1',
];

let browser;
after(async () => browser?.close());

/** Runs before the page's own scripts: what a test looks at later. */
export const WATCH = () => {
  globalThis.violations = [];
  document.addEventListener('securitypolicyviolation', (event) =>
    globalThis.violations.push(
      `${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`,
    ),
  );
  globalThis.connections ??= [];
  const Native = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Native {
    constructor(...args) {
      super(...args);
      globalThis.connections.push(this);
    }
  };
};

/**
 * As well, where a test wants to know when the first picture came over each connection, by the page's own clock:
 * looking costs.
 */
export const TIME_PICTURES = () => {
  const connections = (globalThis.connections ??= []);
  const push = connections.push.bind(connections);
  connections.push = (pc) => {
    const look = async () => {
      const inbound = pc.firstPictureAt ? [] : [...(await pc.getStats()).values()];
      if (inbound.some((entry) => entry.type === 'inbound-rtp' && entry.framesDecoded > 0)) {
        pc.firstPictureAt = Date.now();
      }
      if (pc.firstPictureAt || pc.connectionState === 'closed') clearInterval(timer);
    };
    const timer = setInterval(() => void look(), 100);
    return push(pc);
  };
};

/** In a page: from how many others pictures and sound came since the first look at each. */
export const FLOWS = async (video) => {
  const connected = globalThis.connections.filter((pc) => pc.connectionState === 'connected');
  const flows = connected.map(async (pc) => {
    const inbound = [...(await pc.getStats()).values()].filter((entry) => entry.type === 'inbound-rtp');
    // A camera and a screen have a stream each.
    const frames = inbound.reduce((sum, entry) => sum + (entry.framesDecoded ?? 0), 0);
    const energy = inbound.find((entry) => entry.kind === 'audio')?.totalAudioEnergy ?? 0;
    const before = (pc.seen ??= { frames, energy });
    // More than at the first look: it goes on.
    return energy > before.energy && (!video || frames > before.frames + 5);
  });
  return (await Promise.all(flows)).filter(Boolean).length;
};

/** In a page: what `FLOWS` counts begins anew. */
export const FORGET = () => globalThis.connections.forEach((pc) => delete pc.seen);

/** Puts a log-in into a page, once: a log-out must last over a reload. */
export const LOG_IN = (text) => {
  if (!location.protocol.startsWith('http')) return;
  if (!sessionStorage.getItem('begun') && !localStorage.getItem('tincan.session')) {
    localStorage.setItem('tincan.session', text);
  }
  sessionStorage.setItem('begun', 'yes');
};

/** One person at one browser; each has storage of their own. */
export class Person {
  constructor(world, name, context, page) {
    Object.assign(this, { world, name, context, page, log: [], errors: [] });
    this.watch(page);
  }

  watch(page) {
    page.on('console', (message) => this.log.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => this.errors.push(error.stack ?? error.message));
  }

  /** Another tab of the same browser. */
  async tab(hash = '') {
    const page = await this.context.newPage();
    await page.goto(`${this.world.server.url}/${hash}`);
    const other = new Person(this.world, `${this.name}, another tab`, this.context, page);
    other.grant = this.grant;
    this.world.people.push(other);
    return other;
  }

  // What one sees, by role and name, as one would say it.
  button = (name, options) => this.page.getByRole('button', { name, ...options });
  link = (name, options) => this.page.getByRole('link', { name, ...options });
  field = (name, options) => this.page.getByLabel(name, options);
  tile = (name) => this.page.locator('.tile', { hasText: name });
  messages = () => this.page.locator('.message[data-seq] .text').allTextContents();

  async sees(text) {
    await this.page.getByText(text).first().waitFor();
  }

  async says(text) {
    await this.page.getByRole('textbox', { name: /^Write to/ }).fill(text);
    // Enter alone is a new line on touch screens.
    await this.page.keyboard.press('Control+Enter');
  }

  /** The message stands in the room, stored by the server. */
  async reads(text) {
    await this.page.locator('.message[data-seq]', { hasText: text }).first().waitFor();
  }

  async visits(room) {
    await this.page.goto(`${this.world.server.url}/#/rooms/${room.id}`);
    await this.page.getByRole('heading', { name: room.name, level: 1 }).waitFor();
  }

  async rings(name, { video = true } = {}) {
    await this.link(/^People/).click();
    // The people of an open room stand beside those of the list.
    const list = this.page.getByRole('region', { name: 'People', exact: true });
    await list.getByRole('button', { name: video ? `Video call with ${name}` : `Call ${name}` }).click();
    await this.page.getByRole('dialog').getByRole('button', { name: 'Call', exact: true }).click();
  }

  /** In the open menu, or that of the room in view. */
  async chooses(name) {
    const item = this.page.getByRole('menuitem', { name });
    if (!(await item.isVisible())) await this.button('More about this room').click();
    await item.click();
  }

  async logsOut() {
    await this.button('Log out').first().click();
    await this.page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click();
    await this.button('Log in').waitFor();
  }

  accepts = () => this.button('Accept', { exact: true }).click();

  /** Pictures and sound come from so many others: frames are decoded, and there is energy in the sound. */
  async hearsAndSees(others = 1, { video = true } = {}) {
    // Not `waitForFunction`: polled, it takes a promise for an answer.
    await until(
      async () => (await this.page.evaluate(FLOWS, video)) >= others,
      `sound${video ? ' and pictures' : ''} of ${others} at ${this.name}`,
    );
  }

  /** From now on only what comes later counts. */
  forgets = () => this.page.evaluate(FORGET);

  async hasNoCall() {
    await this.page.locator('.stage').waitFor({ state: 'detached' });
  }
}

/** A server and the people of one test. */
export class World {
  /**
   * @param {import('./server.js').Server} server
   * @param {string[]} [flags] more of the browser's, which is begun with the first person
   */
  constructor(server, flags = []) {
    this.server = server;
    this.flags = flags;
    this.people = [];
    /**
     * What else is closed with this world, after its people: browsers of other machines.
     * @type {{close(): Promise<void>}[]}
     */
    this.besides = [];
  }

  /**
   * @param {string} name
   * @param {object} [options] of the browser context; `insecure`: by plain http from elsewhere; `at`: the first
   *   address; `elsewhere`: a browser of another machine, and the server's URL from there
   */
  async person(name, { insecure, at = '', outside, init, elsewhere, ...options } = {}) {
    if (!elsewhere) browser ??= await chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...this.flags] });
    const context = await (elsewhere?.browser ?? browser).newContext({
      viewport: { width: 1280, height: 800 },
      ...options,
    });
    context.setDefaultTimeout(WAIT_MS);
    await context.addInitScript(WATCH);
    if (init) await init(context);
    const grant = outside ? null : await this.server.signUp(name);
    if (grant) {
      await context.addInitScript(LOG_IN, JSON.stringify(grant));
    }
    const page = await context.newPage();
    const person = new Person(this, name, context, page);
    person.grant = grant;
    this.people.push(person);
    const server = insecure ? `http://chat.test:${this.server.port}` : (elsewhere?.url ?? this.server.url);
    await page.goto(`${server}/${at}`);
    if (!outside) await person.button('New room').waitFor();
    return person;
  }

  /** A room, made by one and joined by all. @param {string} name @param {Person[]} people */
  async room(name, people) {
    const [first, ...others] = people;
    const room = await this.server.ask('POST', '/api/rooms', { token: first.grant.token, body: { name } });
    for (const person of [first, ...others]) {
      await person.visits(room);
      await person.button('Join room').click();
      await person.page.getByRole('textbox', { name: /^Write to/ }).waitFor();
    }
    return room;
  }

  async keepEvidence(title) {
    const place = new URL(`${title.replace(/[^a-z0-9]+/gi, '-').slice(0, 80)}/`, FAILURES);
    await mkdir(place, { recursive: true });
    for (const { name, page, log, errors } of this.people) {
      await page.screenshot({ path: fileURLToPath(new URL(`${name}.png`, place)) }).catch(() => undefined);
      await writeFile(new URL(`${name}.log`, place), [...log, ...errors].join('\n'));
    }
    await writeFile(new URL('server.log', place), this.server.log.join(''));
    return fileURLToPath(place);
  }

  /** In no page anything went wrong that nobody expected, and nothing broke the content security policy. */
  async checkPages() {
    for (const { name, page, errors } of this.people) {
      assert.deepEqual(errors, [], `errors in the page of ${name}`);
      if (!page.isClosed()) {
        assert.deepEqual(await page.evaluate(() => globalThis.violations), [], `policy in the page of ${name}`);
      }
    }
  }

  async close() {
    for (const context of new Set(this.people.map((person) => person.context))) await context.close();
    for (const one of this.besides) await one.close();
    await this.server.close();
  }
}

/**
 * A test with a world of its own.
 * @param {string} title a sentence
 * @param {(world: World, context: import('node:test').TestContext) => Promise<void>} body
 * @param {{flags?: string[], timeout?: number, skip?: string}} [options] `skip`: why it cannot be run here
 */
export function scenario(title, body, { flags = [], timeout = 90_000, skip } = {}) {
  test(title, { timeout, skip }, async (context) => {
    const world = new World(await new Server(flags).start());
    try {
      await body(world, context);
      await world.checkPages();
    } catch (error) {
      error.message += `\n(pictures and logs: ${await world.keepEvidence(title)})`;
      throw error;
    } finally {
      await world.close();
    }
  });
}

/** @param {() => Promise<boolean>} condition asked until it holds */
export async function until(condition, what = 'what was waited for') {
  const end = Date.now() + WAIT_MS;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`${what} did not come`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export const forget = () => rm(FAILURES, { recursive: true, force: true });
