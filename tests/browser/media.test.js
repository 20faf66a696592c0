/**
 * What is sent in a call and how it ends: camera and screen at once, levels and tones, hanging up without the server.
 */

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { atFirefox } from './firefox.js';
import { scenario, until } from './world.js';

/** Ada and Bob, in a call. */
async function inCall(world) {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  await ada.rings('Bob');
  await bob.accepts();
  await Promise.all([ada.hearsAndSees(), bob.hearsAndSees()]);
  return [ada, bob];
}

/** Heights of the pictures that come, each of which goes on. */
const pictures = (person) =>
  person.page.evaluate(async () => {
    const [pc] = globalThis.connections.filter((one) => one.connectionState === 'connected');
    const inbound = [...((await pc?.getStats()) ?? new Map()).values()].filter(
      (entry) => entry.type === 'inbound-rtp' && entry.kind === 'video',
    );
    const before = pc.frames ?? {};
    pc.frames = Object.fromEntries(inbound.map((entry) => [entry.mid, entry.framesDecoded ?? 0]));
    return inbound.filter((entry) => entry.framesDecoded > (before[entry.mid] ?? 0)).map((entry) => entry.frameHeight);
  });

scenario('camera and screen are seen beside each other, without another negotiation', async (world) => {
  const [ada, bob] = await inCall(world);
  await ada.button('Share screen').click();
  await until(async () => (await pictures(bob)).length === 2, 'two pictures');
  await ada.button('Share screen').click();
  await pictures(bob);
  await until(async () => (await pictures(bob)).length === 1, 'the camera alone');
  assert.equal(await bob.page.evaluate(() => globalThis.connections.length), 1);
});

scenario('a picture begins with at least 360 lines, and has all of them soon', async (world) => {
  const [, bob] = await inCall(world);
  assert.ok(Math.max(...(await pictures(bob))) >= 360);
  await until(async () => Math.max(...(await pictures(bob))) >= 720, 'the whole picture');
});

scenario(
  'who hangs up while the server is away is out at once, and the other is told when it is back',
  async (world) => {
    const [ada, bob] = await inCall(world);
    await world.server.kill();
    await ada.sees('Connection lost');
    await ada.button('Hang up').click();
    await ada.hasNoCall();
    await world.server.start();
    await bob.sees('Ada hung up.');
    await bob.hasNoCall();
    await ada.page.locator('.banner').waitFor({ state: 'detached' });
    assert.equal(await ada.button('Move the call here').count(), 0);
  },
  { flags: ['--call-grace', '60s'] },
);

/** The modules one by one, to try some of them alone. */
const SOURCES = ['--client-dir', fileURLToPath(new URL('../../static', import.meta.url))];

/** In a page: the level of a microphone that sounds, then of one that is muted. */
const measureLevels = async () => {
  const { LevelMeter } = await import('/call/level.js');
  const [track] = (await navigator.mediaDevices.getUserMedia({ audio: true })).getTracks();
  const meter = new LevelMeter(track);
  const loudest = async (isEnough) => {
    let level = 0;
    for (let look = 0; look < 200; look += 1) {
      level = meter.level;
      if (isEnough(level)) break;
      // A level is a number that one reads: no event tells of another.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return level;
  };
  const loud = await loudest((level) => level > 0.2);
  track.enabled = false;
  const muted = await loudest((level) => level === 0);
  meter.close();
  track.stop();
  return { loud, muted };
};

/** In a page: what becomes of a test of the usual loudspeaker, and of one that is not there. */
const testSpeakers = async () => {
  const { playTest } = await import('/call/tone.js');
  await playTest('');
  return playTest('no such loudspeaker').then(
    () => 'played',
    (error) => error.name,
  );
};

/** In a page: sound runs. Chromium makes do without a loudspeaker, Firefox waits for one. */
const canSound = async () => {
  const context = new AudioContext();
  // Where nothing will ever sound, nothing tells so either.
  const late = new Promise((resolve) => setTimeout(() => resolve(false), 3_000));
  return Promise.race([late, context.resume().then(() => true)]);
};

for (const [browser, open] of [
  ['Chromium', (world) => world.person('Ada')],
  ['Firefox', (world) => atFirefox(world, 'Ada')],
]) {
  scenario(
    `in ${browser} the level of a microphone is measured, and a loudspeaker is tried`,
    async (world, context) => {
      const ada = await open(world);
      // Sound is held back from who has not touched the page yet.
      await ada.link(/^People/).click();
      // A machine without sound is no fault of the client, and nothing can be proved there.
      if (!(await ada.page.evaluate(canSound)))
        return context.skip(`${browser} finds no loudspeaker on this machine, and then measures no sound either`);
      const { loud, muted } = await ada.page.evaluate(measureLevels);
      assert.ok(loud > 0.2, `${loud}`);
      assert.equal(muted, 0);
      assert.equal(await ada.page.evaluate(testSpeakers), 'NotFoundError');
    },
    { flags: SOURCES },
  );
}

scenario('the caller hears it ring until it is answered or over', async (world) => {
  const contexts = (context) =>
    context.addInitScript(() => {
      globalThis.sounding = new Set();
      const Native = globalThis.AudioContext;
      globalThis.AudioContext = class extends Native {
        createOscillator() {
          globalThis.sounding.add(this);
          return super.createOscillator();
        }
        close() {
          globalThis.sounding.delete(this);
          return super.close();
        }
      };
    });
  const ada = await world.person('Ada', { init: contexts });
  const bob = await world.person('Bob');
  const sounds = (many) =>
    until(async () => (await ada.page.evaluate(() => globalThis.sounding.size)) === many, `${many} tones`);
  await ada.rings('Bob');
  await sounds(1);
  await bob.accepts();
  await sounds(0);
  await ada.button('Hang up').click();
  await bob.sees('Ada hung up.');
  await ada.rings('Bob');
  await sounds(1);
  await bob.button('Decline').click();
  await sounds(0);
});
