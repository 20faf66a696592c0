/** Calls between real browsers, peer to peer, through the real server. */

import assert from 'node:assert/strict';
import { scenario, until } from './world.js';

/** Ada and Bob, in a call. */
async function inCall(world, { video = true } = {}) {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  await ada.rings('Bob', { video });
  await bob.accepts();
  for (const person of [ada, bob]) await person.page.locator('.tile[data-state=connected]').waitFor();
  return [ada, bob];
}

scenario('two see and hear each other, and each sees what the other turns off', async (world) => {
  const [ada, bob] = await inCall(world);
  await Promise.all([ada.hearsAndSees(), bob.hearsAndSees()]);
  await ada.button('Microphone').click();
  await bob.tile('Ada').getByText('Microphone off').waitFor();
  await ada.button('Microphone').click();
  await bob.tile('Ada').getByText('Microphone off').waitFor({ state: 'detached' });
  await bob.button('Camera').click();
  await ada.tile('Bob').getByText('Camera off').waitFor();
  assert.equal(await ada.tile('Bob').locator('video').count(), 0);
  await bob.button('Camera').click();
  await ada.tile('Bob').locator('video').waitFor();
  await ada.forgets();
  await ada.hearsAndSees();
  // Another microphone in the middle of the call.
  await ada.button('Devices').click();
  const options = await ada.page.getByRole('combobox', { name: 'Microphone' }).locator('option').all();
  assert.ok(options.length > 1);
  await ada.page.getByRole('combobox', { name: 'Microphone' }).selectOption({ index: options.length - 1 });
  await bob.forgets();
  await bob.hearsAndSees();
  // One negotiation was enough for all of it.
  assert.equal(await ada.page.evaluate(() => connections.length), 1);
});

scenario('a screen is shared and shown whole, and the picture comes back after it', async (world) => {
  const [ada, bob] = await inCall(world);
  await bob.hearsAndSees();
  await ada.button('Share screen').click();
  await bob.tile('Ada shares the screen').locator('video.contain').waitFor();
  await bob.forgets();
  await bob.hearsAndSees();
  await ada.button('Share screen').click();
  await bob.tile('Ada shares the screen').waitFor({ state: 'detached' });
  await bob.tile('Ada').locator('video').waitFor();
});

scenario('who hangs up ends it for both, and both have it in their history', async (world) => {
  const [ada, bob] = await inCall(world);
  await ada.button('Hang up').click();
  await Promise.all([ada.hasNoCall(), bob.hasNoCall()]);
  await bob.sees('Ada hung up.');
  // Camera and microphone are let go of.
  assert.equal(await ada.page.evaluate(() => connections.every((pc) => pc.connectionState === 'closed')), true);
  for (const [person, words] of [
    [ada, 'Outgoing'],
    [bob, 'Incoming'],
  ]) {
    await person.link(/^Calls/).click();
    await person.page.locator('.row', { hasText: words }).waitFor();
  }
});

scenario('a call without pictures is heard', async (world) => {
  const [ada, bob] = await inCall(world, { video: false });
  await Promise.all([ada.hearsAndSees(1, { video: false }), bob.hearsAndSees(1, { video: false })]);
  await ada.button('Camera').click();
  await bob.tile('Ada').locator('video').waitFor();
});

scenario('who is declined hears it', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  await ada.rings('Bob');
  await bob.button('Decline').click();
  await ada.sees('Bob declined.');
  await ada.hasNoCall();
});

scenario('who is in a call is busy', async (world) => {
  const [ada, bob] = await inCall(world);
  const cyd = await world.person('Cyd');
  await cyd.rings('Bob');
  await cyd.sees('Bob is busy in another call.');
  await cyd.button('Cancel').click();
  await ada.button('Hang up').click();
  await bob.hasNoCall();
  await bob.link(/^Calls/).click();
  await bob.sees('Missed: you were in a call');
});

scenario(
  'nobody answers: both are told, and the one who was called sees a missed call',
  async (world) => {
    const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
    await ada.rings('Bob');
    await bob.button('Accept', { exact: true }).waitFor();
    assert.match(await bob.page.title(), /Ada is calling/);
    await ada.sees('Bob did not answer.');
    await bob.sees('Missed call from Ada.');
    await bob.page.locator('.sections .badge', { hasText: '1' }).waitFor();
    await bob.link(/^Calls/).click();
    await bob.page.locator('.row .missed', { hasText: 'Ada' }).waitFor();
  },
  { flags: ['--ring-timeout', '2s'] },
);

scenario('missed while offline, and called back', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  await bob.page.goto('about:blank');
  await ada.link(/^People/).click();
  await ada.page.locator('.row', { hasText: 'Bob' }).getByText('Offline').waitFor();
  await ada.rings('Bob');
  await ada.sees('Bob is offline. They will see that you called.');
  await ada.button('Cancel').click();
  await bob.page.goto(`${world.server.url}/#/calls`);
  await bob.sees('Missed: you were offline');
  await bob.button('Call Ada back').click();
  await bob.page.getByRole('dialog').getByRole('button', { name: 'Call', exact: true }).click();
  await ada.accepts();
  await Promise.all([ada.hearsAndSees(), bob.hearsAndSees()]);
});

scenario('a call is answered in one tab, and the other says so; from there it can be moved', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  const tab = await bob.tab();
  await tab.button('New room').waitFor();
  await ada.rings('Bob');
  await tab.button('Accept', { exact: true }).waitFor();
  await bob.accepts();
  await tab.sees('Answered on another device or in another tab.');
  await tab.button('Accept', { exact: true }).waitFor({ state: 'detached' });
  await ada.hearsAndSees();
  await tab.button('Move the call here').click();
  await bob.sees('The call goes on on another device or in another tab.');
  await bob.hasNoCall();
  await tab.hearsAndSees();
  await ada.forgets();
  await ada.hearsAndSees();
});

scenario('two who ring each other are in one call', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  for (const [person, other] of [
    [ada, 'Bob'],
    [bob, 'Ada'],
  ]) {
    await person.link(/^People/).click();
    await person.button(`Video call with ${other}`).click();
    await person.page.getByRole('dialog').getByRole('button', { name: 'Call', exact: true }).waitFor();
  }
  // The slower one may be rung before the click: then there is a card in front, and one accepts.
  const call = (person) =>
    person.page.getByRole('dialog').getByRole('button', { name: 'Call', exact: true }).click({ timeout: 3_000 });
  await Promise.all([call(ada), call(bob).catch(() => undefined)]);
  // Whoever was second is either taken into the call at once, or sees it ring.
  const stages = () =>
    Promise.all([ada, bob].map((person) => person.page.locator('.tile[data-state=connected]').count()));
  await until(async () => {
    for (const person of [ada, bob])
      if (await person.button('Accept', { exact: true }).count()) await person.accepts().catch(() => undefined);
    return (await stages()).every((count) => count === 1);
  }, 'one call of both');
  await Promise.all([ada.hearsAndSees(), bob.hearsAndSees()]);
});

scenario(
  'four are in a call of a room, one of them coming late',
  async (world) => {
    const names = ['Ada', 'Bob', 'Cyd', 'Dee'];
    const people = [];
    for (const name of names) people.push(await world.person(name, { viewport: { width: 900, height: 700 } }));
    const [ada, bob, cyd, dee] = people;
    await world.room('Kitchen', people);
    await ada.button('Video call with everybody here').click();
    await ada.page.getByRole('dialog').getByRole('button', { name: 'Call everybody here' }).click();
    await bob.accepts();
    await cyd.accepts();
    await dee.button('Decline').click();
    await ada.sees('Dee declined.');
    await Promise.all([ada, bob, cyd].map((person) => person.hearsAndSees(2)));
    await dee.sees('are in a call here.');
    await dee.button('Join the call').click();
    await dee.page.getByRole('dialog').getByRole('button', { name: 'Join', exact: true }).click();
    await Promise.all(people.map((person) => person.forgets()));
    await Promise.all(people.map((person) => person.hearsAndSees(3)));
    assert.equal(await ada.page.locator('.tile').count(), 4);
    await bob.button('Hang up').click();
    await ada.sees('Bob left the call.');
    await until(async () => (await dee.page.locator('.tile').count()) === 3, 'a tile less');
    for (const person of [ada, cyd]) await person.button('Hang up').click();
    await dee.sees('Everybody else has left.');
  },
  { timeout: 150_000 },
);

scenario(
  'on plain http from elsewhere it is said why there is no camera, and one can watch and listen',
  async (world) => {
    const [ada, bob] = [await world.person('Ada', { insecure: true }), await world.person('Bob')];
    await ada.link(/^People/).click();
    await ada.button('Video call with Bob').click();
    await ada.sees('Your browser gives no camera or microphone to this page');
    await ada.page.getByRole('dialog').getByRole('button', { name: 'Call', exact: true }).click();
    await bob.accepts();
    await ada.hearsAndSees();
    await bob.tile('Ada').getByText('Microphone off').waitFor();
  },
);

scenario('a camera that is denied, missing or in use is told apart, and one goes on without it', async (world) => {
  for (const [name, error, words] of [
    ['Ada', 'NotAllowedError', 'The camera is not allowed'],
    ['Bob', 'NotFoundError', 'No camera was found'],
    ['Cyd', 'NotReadableError', 'The camera is in use'],
  ]) {
    const person = await world.person(name, {
      init: (context) =>
        context.addInitScript((error) => {
          const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
          navigator.mediaDevices.getUserMedia = (wanted) =>
            wanted.video ? Promise.reject(new DOMException('', error)) : open(wanted);
        }, error),
    });
    await world.server.signUp(`friend.of.${name}`);
    await person.link(/^People/).click();
    await person.button(`Video call with friend.of.${name}`).click();
    await person.sees(words);
    await person.button('Cancel').click();
  }
});
