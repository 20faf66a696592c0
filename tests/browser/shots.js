/** Pictures of the client for the README, and at several sizes to look at: `node browser/shots.js [directory]`. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Server } from './server.js';
import { until, World } from './world.js';

const README = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const looks = process.argv[2];

/** A drawn face instead of the browser's green test picture. */
const painted = (hue) => (context) =>
  context.addInitScript((hue) => {
    if (!navigator.mediaDevices) return;
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async ({ audio, video }) => {
      const stream = audio ? await open({ audio }) : new MediaStream();
      if (!video) return stream;
      const canvas = Object.assign(document.createElement('canvas'), { width: 960, height: 720 });
      const pen = canvas.getContext('2d');
      const paint = () => {
        const sway = Math.sin(Date.now() / 900 + hue) * 8;
        const light = pen.createLinearGradient(0, 0, 960, 720);
        light.addColorStop(0, `hsl(${hue} 38% 78%)`);
        light.addColorStop(1, `hsl(${hue + 30} 34% 54%)`);
        pen.fillStyle = light;
        pen.fillRect(0, 0, 960, 720);
        pen.fillStyle = `hsl(${hue + 12} 30% 88% / 55%)`;
        pen.fillRect(90, 70, 250, 330);
        pen.fillStyle = `hsl(${hue + 170} 32% 34%)`;
        pen.beginPath();
        pen.ellipse(480 + sway / 2, 760, 300, 270, 0, 0, 7);
        pen.fill();
        pen.fillStyle = `hsl(${20 + (hue % 24)} 44% ${52 + (hue % 26)}%)`;
        pen.beginPath();
        pen.roundRect(425 + sway, 420, 110, 130, 40);
        pen.fill();
        pen.beginPath();
        pen.ellipse(480 + sway, 335, 128, 160, 0, 0, 7);
        pen.fill();
        pen.fillStyle = `hsl(${hue + 200} 22% 22%)`;
        pen.beginPath();
        pen.ellipse(480 + sway, 255, 146, 108, 0, Math.PI * 0.98, Math.PI * 2.02);
        pen.fill();
      };
      paint();
      setInterval(paint, 60);
      stream.addTrack(canvas.captureStream(15).getVideoTracks()[0]);
      return stream;
    };
  }, hue);

const TALK = [
  ['Noor', 'Morning! The new posters are back from the printer.'],
  ['Noor', 'They look lovely. Photos are here: https://photos.example.org/posters'],
  ['Marta', 'Oh nice, the green came out just right.'],
  ['Ilja', 'Shall we hang them before the workshop?\nI could be there at ten.'],
  ['Marta', 'Ten works. I’ll bring the ladder.'],
  ['Ada', 'Perfect. Quick call at half past nine to split up the streets?'],
  ['Ilja', 'Yes, ring me.'],
];

const server = await new Server().start();
const world = new World(server);
try {
  await mkdir(README, { recursive: true });
  const size = { viewport: { width: 1280, height: 800 } };
  const ada = await world.person('Ada', { ...size, init: painted(28) });
  const others = {};
  for (const [name, hue] of Object.entries({ Noor: 200, Marta: 330, Ilja: 150 })) {
    others[name] = await world.person(name, { ...size, init: painted(hue) });
  }
  const make = (person, name, description) =>
    server.ask('POST', '/api/rooms', { token: person.grant.token, body: { name, description } });
  const rooms = [];
  for (const [name, description] of [
    ['Lunch', 'Who cooks, who eats'],
    ['Workshop', 'Saturdays, ten to four'],
    ['Posters', 'Print, paste, repeat'],
  ]) {
    rooms.push(await make(others.Noor, name, description));
  }
  const sockets = {};
  for (const [name, person] of Object.entries({ Ada: ada, ...others })) {
    sockets[name] = await server.socket(person.grant);
    for (const room of rooms) await sockets[name].emitWithAck('join-room', { roomId: room.id });
  }
  const send = (name, room, content) => sockets[name].emitWithAck('send-message', { roomId: room.id, content });
  await ada.page.reload();
  await ada.link(/Lunch/).waitFor();
  await send('Marta', rooms[0], 'Soup today, for eight.');
  await send('Ilja', rooms[1], 'The projector is booked.');
  await send('Noor', rooms[1], 'And the big table.');
  for (const [name, text] of TALK) await send(name, rooms[2], text);
  await ada.visits(rooms[2]);
  await ada.reads('Yes, ring me.');
  const picture = async (place, name) => {
    await ada.page.evaluate(() =>
      Promise.all(
        document
          .getAnimations()
          .filter((one) => one.effect.getComputedTiming().iterations !== Infinity)
          .map((one) => one.finished.catch(() => undefined)),
      ),
    );
    await ada.page.screenshot({ path: join(place, `${name}.png`) });
  };
  const everywhere = async (name) => {
    if (!looks) return;
    await mkdir(looks, { recursive: true });
    for (const colorScheme of ['light', 'dark']) {
      for (const width of [360, 768, 1440]) {
        await ada.page.emulateMedia({ colorScheme });
        await ada.page.setViewportSize({ width, height: width === 360 ? 740 : 900 });
        await picture(looks, `${name}-${width}-${colorScheme}`);
      }
    }
    await ada.page.emulateMedia({ colorScheme: 'light' });
    await ada.page.setViewportSize(size.viewport);
  };
  await picture(README, 'room');
  await everywhere('room');
  for (const [name, hash] of [['rooms', '#/rooms'], ['people', '#/people'], ['settings', '#/settings']]) {
    await ada.page.goto(`${server.url}/${hash}`);
    await ada.page.locator('.row, .card').first().waitFor();
    await everywhere(name);
  }
  await ada.visits(rooms[2]);
  await ada.button('Video call with everybody here').click();
  await ada.page.locator('.preview video').waitFor();
  await everywhere('preview');
  await ada.page.getByRole('dialog').getByRole('button', { name: 'Call everybody here' }).click();
  if (looks) {
    await others.Noor.button('Accept', { exact: true }).waitFor();
    await others.Noor.page.screenshot({ path: join(looks, 'incoming.png') });
  }
  await everywhere('ringing');
  for (const person of Object.values(others)) await person.accepts();
  await ada.hearsAndSees(3);
  await until(async () => (await ada.page.locator('.quality').count()) === 3, 'quality of all');
  await picture(README, 'call');
  await everywhere('call');
  await others.Marta.button('Share screen').click();
  await ada.tile('Marta shares the screen').locator('video').waitFor();
  await everywhere('screen');
  await ada.button('Make the call small').click();
  await everywhere('small');
  await ada.button('Hang up').click();
  await ada.link(/^Calls/).click();
  await ada.page.locator('.row').first().waitFor();
  await everywhere('calls');
} finally {
  await world.close();
  // The browser ends with the process.
  process.exit();
}
