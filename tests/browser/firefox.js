/** People at Firefox, with what the tests want of a person at Chromium: the same names, another driver. */

import { after } from 'node:test';
import puppeteer from 'puppeteer-core';
import { FLOWS, FORGET, LOG_IN, WATCH, until } from './world.js';

export const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
/** Not at each picture that is drawn: what lies behind draws none. */
const WAIT = { timeout: 15_000, polling: 100 };
const PREFERENCES = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  // On a machine without a network there are no other candidates.
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
};

let browser;
after(async () => browser?.close());

/** In a page: the one that can be seen and is called so, whatever a screen reader would say of it. */
const NAMED = (selector, source) => {
  const name = new RegExp(source);
  const words = (element) => element.getAttribute('aria-label') ?? element.textContent.replace(/\s+/g, ' ').trim();
  // What lies in front comes last.
  return [...document.querySelectorAll(selector)]
    .filter((one) => one.getClientRects().length && name.test(words(one)))
    .at(-1);
};
const exactly = (name) => `^${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
const sourceOf = (name) => (name instanceof RegExp ? name.source : exactly(name));

export class FirefoxPerson {
  constructor(world, name, context, page) {
    Object.assign(this, { world, name, context, page, log: [], errors: [] });
    page.on('console', (message) => this.log.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => this.errors.push(error.stack ?? error.message));
  }

  /** @param {string} selector @param {string | RegExp} name whole, or a part of it as an expression */
  find(selector, name) {
    const waitFor = () => this.page.waitForFunction(NAMED, WAIT, selector, sourceOf(name));
    return { waitFor, click: async () => (await waitFor()).asElement().click() };
  }

  button = (name) => this.find('button', name);
  link = (name) => this.find('a[href]', name);

  /** @param {string} label @param {string} text */
  async fills(label, text) {
    const field = (await this.find('label', label).waitFor()).asElement();
    await field.click();
    await this.page.keyboard.type(text);
  }

  /** @param {string} text that stands somewhere in the page */
  async sees(text) {
    await this.page.waitForFunction((text) => document.body.innerText.includes(text), WAIT, text);
  }

  async says(text) {
    await (await this.find('textarea', /^Write to/).waitFor()).asElement().click();
    await this.page.keyboard.type(text);
    await this.page.keyboard.press('Enter');
  }

  async reads(text) {
    const stands = (text) =>
      [...document.querySelectorAll('.message[data-seq]')].some((one) => one.textContent.includes(text));
    await this.page.waitForFunction(stands, WAIT, text);
  }

  async visits(room) {
    await this.page.goto(`${this.world.server.url}/#/rooms/${room.id}`);
    await this.find('h1', room.name).waitFor();
  }

  async rings(name, { video = true } = {}) {
    await this.link(/^People/).click();
    await this.button(video ? `Video call with ${name}` : `Call ${name}`).click();
    await this.find('dialog button', 'Call').click();
  }

  accepts = () => this.button('Accept').click();

  async hearsAndSees(others = 1, { video = true } = {}) {
    await until(
      async () => (await this.page.evaluate(FLOWS, video)) >= others,
      `sound and pictures of ${others} at ${this.name}`,
    );
  }

  forgets = () => this.page.evaluate(FORGET);

  async hasNoCall() {
    await this.page.waitForFunction(() => !document.querySelector('.stage'), WAIT);
  }
}

/**
 * @param {import('./world.js').World} world
 * @param {string} name
 * @param {{outside?: boolean, at?: string, init?: () => void}} [options] `outside`: without an account; `init`: runs in
 * each page before its own scripts
 */
export async function atFirefox(world, name, { outside, at = '', init } = {}) {
  browser ??= await puppeteer.launch({ browser: 'firefox', executablePath: FIREFOX, extraPrefsFirefox: PREFERENCES });
  const context = await browser.createBrowserContext();
  // A window each: a tab behind another one is put to sleep.
  const page = await context.newPage({ type: 'window' });
  await page.setViewport({ width: 1280, height: 800 });
  await page.evaluateOnNewDocument(WATCH);
  if (init) await page.evaluateOnNewDocument(init);
  const grant = outside ? null : await world.server.signUp(name);
  if (grant) await page.evaluateOnNewDocument(LOG_IN, JSON.stringify(grant));
  const person = new FirefoxPerson(world, name, context, page);
  person.grant = grant;
  world.people.push(person);
  await page.goto(`${world.server.url}/${at}`);
  if (!outside) await person.button('New room').waitFor();
  return person;
}
