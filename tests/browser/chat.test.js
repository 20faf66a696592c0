/** Accounts, rooms and messages in real browsers, through the real server. */

import assert from 'node:assert/strict';
import { scenario, until } from './world.js';

scenario('somebody signs up, makes a room and writes the first message', async (world) => {
  // The first account is greeted otherwise.
  await world.server.signUp('First');
  const ada = await world.person('Ada', { outside: true });
  await ada.link('Sign up').click();
  await ada.field('Name').fill('Ada');
  await ada.field('E-mail').fill('not an address');
  await ada.field('Password', { exact: true }).fill('short');
  await ada.button('Sign up').click();
  await ada.page.locator('#field-email-wrong').waitFor();
  assert.match(await ada.page.locator('#field-password-wrong').textContent(), /8/);
  await ada.field('E-mail').fill('ada@example.com');
  await ada.field('Password', { exact: true }).fill('correct horse');
  await ada.button('Sign up').click();
  await ada.button('Create the first one').click();
  await ada.field('Name').fill('Kitchen');
  await ada.button('Create room').click();
  await ada.says('Is anybody here?');
  await ada.reads('Is anybody here?');
  assert.match(ada.page.url(), /#\/rooms\/[0-9a-f]{24}$/);
});

scenario('two write to each other, and see each other write', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  const room = await world.room('Kitchen', [ada, bob]);
  await ada.says('Hello Bob,\nsee https://example.com/a?b=1.');
  await bob.reads('Hello Bob,');
  const link = bob.page.locator('.message a');
  assert.equal(await link.getAttribute('href'), 'https://example.com/a?b=1');
  assert.match(await link.getAttribute('rel'), /noopener/);
  await bob.page.getByRole('textbox', { name: /^Write to/ }).pressSequentially('Hi');
  await ada.sees('Bob is writing…');
  await bob.page.keyboard.press('Enter');
  await ada.reads('Hi');
  await ada.page.locator('.typing', { hasText: 'Bob is writing…' }).waitFor({ state: 'detached' });
  await ada.sees('2 members, 2 online');
  await bob.page.goto('about:blank');
  await ada.sees('2 members, 1 online');
  assert.equal(room.name, 'Kitchen');
});

scenario('unread messages are counted until they are seen, and a draft waits in its room', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  const kitchen = await world.room('Kitchen', [ada, bob]);
  const garden = await world.room('Garden', [ada]);
  await ada.page.getByRole('textbox', { name: 'Write to Garden' }).fill('half a thought');
  await bob.visits(kitchen);
  for (const text of ['one', 'two', 'three']) await bob.says(text);
  const row = ada.link(/Kitchen/);
  await row.locator('.badge', { hasText: '3' }).waitFor();
  assert.match(await row.textContent(), /Bob: three/);
  await until(async () => (await ada.page.title()).startsWith('(3)'), 'the count in the title');
  await row.click();
  await ada.reads('three');
  await row.locator('.badge').waitFor({ state: 'detached' });
  await ada.visits(garden);
  assert.equal(await ada.page.getByRole('textbox', { name: 'Write to Garden' }).inputValue(), 'half a thought');
});

scenario(
  'five thousand messages are scrolled through, without a jump',
  async (world) => {
    const ada = await world.person('Ada');
    const room = await world.room('Archive', [ada]);
    await world.server.fill(ada.grant, room.id, 5000);
    await ada.page.reload();
    await ada.reads('message 5000');
    const place = () =>
      ada.page.evaluate(() => {
        const scroller = document.querySelector('.scroll');
        const top = scroller.getBoundingClientRect().top;
        const first = [...scroller.querySelectorAll('.message')].find((one) => one.getBoundingClientRect().top >= top);
        return {
          seq: Number(first.dataset.seq),
          offset: first.getBoundingClientRect().top,
          count: scroller.querySelectorAll('.message').length,
        };
      });
    // Up by the wheel until the first message is there; what is in view stays where it is when older ones come.
    await ada.page.locator('.scroll').hover();
    const passed = new Set();
    let checked = 0;
    const numbers = () => ada.page.locator('.message').evaluateAll((all) => all.map((one) => Number(one.dataset.seq)));
    const note = async () => {
      const held = await numbers();
      assert.ok(held.length <= 300, `${held.length} messages in the page`);
      for (const seq of held) passed.add(seq);
      return held;
    };
    /** To the edge of what is held, until more has come there. @param {(held: number[]) => number} edge */
    const onward = async (edge, scroll) => {
      const before = edge(await note());
      await ada.page.locator('.scroll').evaluate(scroll);
      const seen = await place();
      await until(async () => edge(await numbers()) !== before, 'the next messages');
      const now = await ada.page.evaluate(
        (seq) => document.querySelector(`[data-seq="${seq}"]`).getBoundingClientRect().top,
        seen.seq,
      );
      if (checked++ % 10 === 0) {
        assert.ok(Math.abs(now - seen.offset) < 3, `message ${seen.seq} moved by ${now - seen.offset}`);
      }
    };
    const first = (held) => held[0];
    const last = (held) => held.at(-1);
    while (first(await note()) > 1) {
      await onward(first, (scroller) => (scroller.scrollTop = Math.min(scroller.scrollTop, 300)));
    }
    assert.equal(passed.size, 5000);
    await ada.page.locator('.scroll').evaluate((scroller) => scroller.scrollTo(0, 0));
    const held = await ada.messages();
    assert.deepEqual(
      held,
      held.map((_, index) => `message ${index + 1}`),
    );
    // Down again for a while, then what is new in one step.
    passed.clear();
    while (last(await note()) < 1000) {
      await onward(
        last,
        (scroller) =>
          (scroller.scrollTop = Math.max(scroller.scrollTop, scroller.scrollHeight - scroller.clientHeight - 300)),
      );
    }
    const way = [...passed];
    assert.deepEqual(
      way,
      way.map((_, index) => index + 1),
    );
    await world.server.fill(ada.grant, room.id, 2, (n) => `late ${n}`);
    await ada.button(/^Jump to the newest/).click();
    await ada.page.locator('.message', { hasText: 'late 2' }).waitFor();
  },
  { timeout: 240_000 },
);

scenario(
  'the server is killed between messages: nothing is lost, nothing doubled, what was written meanwhile is sent',
  async (world) => {
    const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
    await world.room('Kitchen', [ada, bob]);
    const expected = [];
    const say = async (person, text) => {
      expected.push(text);
      await person.says(text);
    };
    await say(ada, 'before 1');
    await bob.reads('before 1');
    for (let round = 1; round <= 3; round += 1) {
      await world.server.kill();
      await ada.sees('Connection lost');
      await say(ada, `away ${round}`);
      await ada.page.locator('.message.waiting', { hasText: `away ${round}` }).waitFor();
      // Over a reload too: the page itself comes from the server, so it is up again by then.
      await world.server.start();
      if (round === 2) await ada.page.reload();
      await bob.reads(`away ${round}`);
      await say(bob, `after ${round}`);
      await ada.reads(`after ${round}`);
    }
    assert.deepEqual(await ada.messages(), expected);
    assert.deepEqual(await bob.messages(), expected);
  },
);

scenario('an acknowledgement that is lost doubles nothing', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  await world.room('Kitchen', [ada, bob]);
  for (let n = 0; n < 30; n += 1) {
    await ada.says(`number ${n}`);
    if (n % 10 === 5) {
      await world.server.kill();
      await world.server.start();
    }
  }
  await bob.reads('number 29');
  await ada.reads('number 29');
  const numbers = Array.from({ length: 30 }, (_, n) => `number ${n}`);
  assert.deepEqual(await bob.messages(), numbers);
  assert.deepEqual(await ada.messages(), numbers);
});

scenario('a link to a room works after log-in, and an ended session leads back to where one was', async (world) => {
  const ada = await world.person('Ada');
  const room = await world.room('Kitchen', [ada]);
  await ada.logsOut();
  await ada.page.goto(`${world.server.url}/#/rooms/${room.id}`);
  await ada.field('E-mail or name').fill('ADA');
  await ada.field('Password').fill('wrong');
  await ada.button('Log in').click();
  await ada.sees('This name and password do not belong together.');
  await ada.field('Password').fill('correct horse');
  await ada.button('Log in').click();
  await ada.page.getByRole('heading', { name: 'Kitchen', level: 1 }).waitFor();
  // The password is changed elsewhere: this session is over.
  await world.server.ask('POST', '/api/auth/password', {
    token: ada.grant.token,
    body: { currentPassword: 'correct horse', newPassword: 'battery staple' },
  });
  await ada.sees('Your session has ended.');
  await ada.field('E-mail or name').fill('ada@example.com');
  await ada.field('Password').fill('battery staple');
  await ada.button('Log in').click();
  await ada.page.getByRole('heading', { name: 'Kitchen', level: 1 }).waitFor();
});

scenario('a log-out and a new password in one tab reach the other', async (world) => {
  const ada = await world.person('Ada');
  const room = await world.room('Kitchen', [ada]);
  const tab = await ada.tab(`#/rooms/${room.id}`);
  await ada.link('Settings').click();
  await ada.field('Current password').fill('correct horse');
  await ada.field('New password').fill('battery staple');
  await ada.button('Change password').click();
  await ada.sees('Your password is changed.');
  await tab.says('still here');
  await tab.reads('still here');
  await ada.logsOut();
  await tab.button('Log in').waitFor();
});

scenario(
  'a token is renewed at half its life, without a word',
  async (world) => {
    const ada = await world.person('Ada');
    const token = () => ada.page.evaluate(() => JSON.parse(localStorage.getItem('tincan.session')).token);
    const first = await token();
    await until(async () => (await token()) !== first, 'a new token');
    const room = await world.server.ask('POST', '/api/rooms', { token: await token(), body: { name: 'Kitchen' } });
    await ada.visits(room);
    await ada.button('Join room').click();
    await ada.says('I stay');
    await ada.reads('I stay');
    // Beyond the life of the token that the connection began with.
    await until(
      async () => Date.now() / 1000 > JSON.parse(atob(first.split('.')[1])).exp + 1,
      'the end of the first token',
    );
    await ada.says('and stay');
    await ada.reads('and stay');
  },
  { flags: ['--token-ttl', '8s'] },
);

scenario('rooms are made, renamed, left and deleted, and everybody sees it', async (world) => {
  const [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  await world.room('Kitchen', [ada, bob]);
  await ada.button('New room').click();
  await ada.field('Name').fill('kitchen');
  await ada.button('Create room').click();
  await ada.sees('There is a room of this name already.');
  await ada.field('Name').fill('Garden');
  await ada.button('Create room').click();
  await bob.link(/Garden/).waitFor();
  await ada.chooses('Change name');
  await ada.page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Winter garden');
  await ada.button('Save').click();
  await bob.link(/Winter garden/).click();
  await bob.button('Join room').click();
  await ada.sees('2 members');
  await bob.chooses('Leave room');
  await bob.page.getByRole('dialog').getByRole('button', { name: 'Leave room' }).click();
  await bob.button('Join room').waitFor();
  await ada.sees('1 member,');
  await ada.chooses('Delete room');
  await ada.page.getByRole('dialog').getByRole('button', { name: 'Delete room' }).click();
  await bob.sees('This room is gone');
  await bob.link(/Winter garden/).waitFor({ state: 'detached' });
});

scenario('a message that the server refuses is marked, can be tried again, and discarded', async (world) => {
  const ada = await world.person('Ada');
  const room = await world.room('Kitchen', [ada]);
  // What no field lets through: written by an older client, or by somebody who edits what the browser keeps.
  await ada.page.evaluate(
    ([roomId, userId]) => {
      const item = { clientId: 'c1', roomId, content: 'x'.repeat(4001), at: Date.now(), order: 0, state: 'waiting' };
      localStorage.setItem(`tincan.outbox.${userId}.c1`, JSON.stringify(item));
    },
    [room.id, ada.grant.user.id],
  );
  await ada.page.reload();
  await ada.sees('Not sent.');
  await ada.button('Try again').click();
  await ada.sees('Not sent.');
  await ada.says('this one is fine');
  await ada.reads('this one is fine');
  await ada.button('Discard').click();
  await ada.page.locator('.message.failed').waitFor({ state: 'detached' });
  assert.deepEqual(await ada.messages(), ['this one is fine']);
});

scenario('a message that is too long is not sent, and says by how much', async (world) => {
  const ada = await world.person('Ada');
  await world.room('Kitchen', [ada]);
  await ada.says('\u{1F600}'.repeat(4001));
  await ada.sees('1 character too many');
  await ada.page.keyboard.press('Backspace');
  await ada.page.keyboard.press('Enter');
  await ada.reads('\u{1F600}\u{1F600}');
  assert.equal((await ada.messages()).length, 1);
});
