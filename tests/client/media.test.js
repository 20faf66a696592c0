/** What one sends: devices that work, that are refused, that go away, and how loud one is. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { levelOf } from '../../static/call/level.js';
import { LocalMedia } from '../../static/call/media.js';
import { securePage, wayPast } from '../../static/call/secure-page.js';
import { storage } from './fakes.js';
import { fakeDevices } from './rtc.js';

test('a camera that is refused leaves the microphone, and says what to do', async () => {
  const media = new LocalMedia({ devices: fakeDevices({ refuse: { video: 'NotAllowedError' } }), storage: storage() });
  await media.start({ audio: true, video: true });
  assert.ok(media.audio);
  assert.equal(media.camera, null);
  assert.match(media.problems.video.help, /Allow the camera/);
  assert.deepEqual(media.flags, { audio: true, video: false, screen: false });
});

test('no larger picture is taken from the camera than is sent, from one that comes later too', async () => {
  const media = new LocalMedia({ devices: fakeDevices(), storage: storage() });
  await media.start({ audio: true, video: true });
  const asked = [];
  media.camera.applyConstraints = async ({ height }) => void asked.push(height.ideal);
  let told = 0;
  media.onTrack = () => (told += 1);
  const small = { lines: 360, fps: 20 };
  await media.limit(small);
  await media.limit(small);
  assert.deepEqual([asked, told], [[360], 1]);
  assert.equal(media.constraints('videoinput').width.ideal, 640);
  media.stop();
  assert.equal(media.constraints('videoinput').height.ideal, 720);
});

test('on plain http from elsewhere nothing is asked for, and the reason is told', async () => {
  const media = new LocalMedia({ devices: fakeDevices({ available: false }), storage: storage() });
  await media.start({ audio: true, video: true });
  assert.match(media.problems.audio.help, /https/);
});

test('where the server has a secure page, the way to it is told once it is known', async () => {
  const way = { url: 'https://chat.test:5000/', warning: 'Go on.' };
  const media = new LocalMedia({ devices: fakeDevices({ available: false, secure: way }), storage: storage() });
  const told = new Promise((resolve) => media.subscribe(() => media.problems.audio?.way && resolve()));
  await media.start({ audio: true, video: true });
  await told;
  assert.equal(media.problems.audio.way, way);
  await media.start({ audio: true, video: true });
  assert.equal(media.problems.audio.way, way);
});

test('where the server vouches for itself a page is secure; each browser has its way past the warning', async () => {
  const here = { protocol: 'http:', host: '192.168.0.5:5000', pathname: '/', hash: '#/rooms/1' };
  const answers = (ok) => async () => ({ ok });
  const page = await securePage(here, 'Mozilla/5.0 Gecko/20100101 Firefox/140.0', answers(true));
  assert.equal(page.url, 'https://192.168.0.5:5000/#/rooms/1');
  assert.match(page.warning, /Accept the Risk/);
  assert.equal(
    (await securePage({ ...here, pathname: '/chat/' }, '', answers(true))).url,
    'https://192.168.0.5:5000/chat/#/rooms/1',
  );
  assert.equal(await securePage(here, '', answers(false)), null);
  assert.equal(await securePage(here, '', () => Promise.reject(new TypeError('away'))), null);
  assert.equal(await securePage({ ...here, protocol: 'https:' }, '', answers(true)), null);
  for (const [agent, words] of [
    ['Mozilla/5.0 (Windows) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36', /Proceed/],
    [
      'Mozilla/5.0 (Windows) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0',
      /Continue/,
    ],
    [
      'Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
      /visit this website/,
    ],
    ['Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1', /Proceed/],
  ]) {
    assert.match(wayPast(agent), words, agent);
  }
});

test('the camera is let go of when it is turned off, and a screen goes beside it', async () => {
  const devices = fakeDevices();
  const media = new LocalMedia({ devices, storage: storage() });
  let told = 0;
  await media.start({ audio: true, video: true });
  media.onTrack = () => (told += 1);
  await media.share();
  assert.deepEqual(media.flags, { audio: true, video: true, screen: true });
  assert.ok(media.track('screen') && media.track('video') === media.camera);
  media.unshare();
  assert.equal(media.track('screen'), null);
  const { camera } = media;
  await media.setCamera(false);
  assert.equal(camera.stopped, true);
  assert.equal(media.track('video'), null);
  assert.equal(told, 3);
});

test('a device that is unplugged is told of', async () => {
  const media = new LocalMedia({ devices: fakeDevices(), storage: storage() });
  await media.start({ audio: true, video: false });
  media.audio.dispatchEvent(new Event('ended'));
  assert.match(media.problems.audio.title, /gone/);
  assert.equal(media.flags.audio, false);
});

test('trying again tries what failed, and turns on nothing else', async () => {
  const devices = fakeDevices({ refuse: { screen: 'NotReadableError' } });
  const media = new LocalMedia({ devices, storage: storage() });
  await media.share();
  assert.ok(media.problems.screen);
  devices.refuse = {};
  await media.retry();
  assert.deepEqual(media.flags, { audio: false, video: false, screen: true });
  assert.deepEqual(media.problems, {});
});

test('one device that is turned on does not bring another along', async () => {
  const devices = fakeDevices({ refuse: { video: 'NotFoundError' } });
  const media = new LocalMedia({ devices, storage: storage() });
  await media.start({ audio: false, video: true });
  devices.refuse = {};
  await media.setMicrophone(true);
  assert.deepEqual(media.flags, { audio: true, video: false, screen: false });
  assert.ok(media.problems.video, 'what is wrong with the camera is still told');
});

test('what the browser gives after it was turned off or hung up is let go of', async () => {
  const devices = fakeDevices();
  const media = new LocalMedia({ devices, storage: storage() });
  const camera = media.setCamera(true);
  await media.setCamera(false);
  await camera;
  const screen = media.share();
  media.stop();
  await screen;
  assert.deepEqual([media.camera, media.screen], [null, null]);
  assert.ok(devices.made.every((track) => track.stopped));
});

test('the level of the microphone is measured while somebody looks, on the microphone in use', async () => {
  const meters = [];
  const meter = (track) =>
    meters[
      meters.push({
        track,
        level: 0.4,
        closed: false,
        close() {
          this.closed = true;
        },
      }) - 1
    ];
  const media = new LocalMedia({ devices: fakeDevices(), storage: storage(), meter });
  await media.start({ audio: true, video: false });
  assert.equal(media.level.now, 0);
  assert.equal(meters.length, 0);
  const stop = media.level.watch();
  assert.equal(media.level.now, 0.4);
  await media.choose('audioinput', 'another');
  assert.equal(media.level.now, 0.4);
  assert.deepEqual(
    meters.map((one) => one.closed),
    [true, false],
  );
  assert.equal(meters[1].track, media.audio);
  await media.setMicrophone(false);
  assert.equal(media.level.now, 0);
  stop();
  stop();
  assert.equal(meters[1].closed, true);
});

test('a level goes from silence to the loudest in steps as the ear hears them', () => {
  assert.deepEqual([0, 1, 0.0001].map(levelOf), [0, 1, 0]);
  assert.ok(Math.abs(levelOf(0.1) - 2 / 3) < 1e-9);
});
