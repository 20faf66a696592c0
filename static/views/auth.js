/** Who is not logged in: logging in, signing up, and what an invitation or the first account is greeted with. */

import { html, useEffect, useState } from '../vendor/preact.js';
import { fieldWords, inWords } from '../state/words.js';
import { useAction, useFormFocus, valueOf } from './hooks.js';
import { logo } from './icons.js';
import { NewPassword, inviteWords, useInvite } from './invited.js';
import { Field, Notice, Spinner } from './parts.js';

/** @typedef {import('../app.js').App} App */
/**
 * @typedef {{words: string, card: unknown, below: unknown}} Shown the line below the sign, what one fills in, the other
 *   way in
 */

/** @param {{app: App}} props */
export function Welcome({ app }) {
  useEffect(() => void app.loadConfig(), []);
  const { page, code } = app.route;
  const invite = useInvite(app, page === 'invite' ? code : '');
  const { words, card, below } =
    page === 'reset' ? forReset(app) : page === 'invite' ? forInvite(app, invite) : forAnybody(app);
  return html`<div class="welcome">
    <main>
      <div class="brand">
        ${logo()}
        <h1>Tincan</h1>
        <p class="quiet" dir="auto">${words}</p>
      </div>
      <div class="card">${card}</div>
      <p class="switch">${below}</p>
    </main>
  </div>`;
}

const HAS_ACCOUNT = html`Have an account? <a href="#/login">Log in</a>`;

/** @param {App} app @returns {Shown} */
function forReset(app) {
  const card = html`<${NewPassword} app=${app} code=${app.route.code} />`;
  return { words: 'Choose a new password.', card, below: html`You know it after all? <a href="#/login">Log in</a>` };
}

/** @param {App} app @param {ReturnType<typeof useInvite>} invite @returns {Shown} */
function forInvite(app, { look, error }) {
  if (error) {
    return { words: 'This link leads no further.', card: html`<${Notice}>${inWords(error)}<//>`, below: HAS_ACCOUNT };
  }
  if (!look) {
    return { words: 'You are invited.', card: html`<${Spinner} label="Opening the invitation" />`, below: HAS_ACCOUNT };
  }
  const card = html`<${SignUp} app=${app} key="signup" invite=${app.route.code} room=${look.room?.name} />`;
  return { words: `${inviteWords(look)} Make an account to join.`, card, below: HAS_ACCOUNT };
}

/** @param {App} app @returns {Shown} */
function forAnybody(app) {
  const { signup = 'open', first = false } = app.config ?? {};
  if (first) {
    return {
      words: 'You are the first: you run this server.',
      card: html`<${First} app=${app} signup=${signup} />`,
      below: FIRST_BELOW[signup],
    };
  }
  if (app.route.page === 'signup') {
    const why = {
      open: '',
      invite: 'You need an invitation: ask somebody who is here for a link.',
      closed: 'New accounts are not being taken here. Ask whoever runs this server.',
    }[signup];
    const card = why ? html`<p>${why}</p>` : html`<${SignUp} app=${app} key="signup" />`;
    return { words: 'Make an account to join your team.', card, below: HAS_ACCOUNT };
  }
  const below = {
    open: html`New here? <a href="#/signup">Sign up</a>`,
    invite: 'New here? You need an invitation.',
    closed: 'New accounts are not being taken here.',
  }[signup];
  return { words: 'Rooms, messages and calls for your team.', card: html`<${LogIn} app=${app} key="login" />`, below };
}

/** @type {Record<import('../protocol/types.js').ServerConfig['signup'], string>} */
const FIRST_BELOW = {
  open: 'Whoever signs up after you is a member. You can make others administrators.',
  invite: '',
  closed: '',
};

/**
 * How the first account is made.
 * @param {{app: App, signup: import('../protocol/types.js').ServerConfig['signup']}} props
 */
function First({ app, signup }) {
  if (signup === 'open') return html`<${SignUp} app=${app} key="signup" />`;
  if (signup === 'invite') {
    return html`<p>
      The first account is made with the invitation that the server printed when it started. Open that link.
    </p>`;
  }
  return html`<p>
      The first account is made where the server runs: <code>tincan user add NAME EMAIL</code>. Then log in here.
    </p>
    <${LogIn} app=${app} key="login" />`;
}

/** @param {{app: App}} props */
function LogIn({ app }) {
  const { busy, error, run } = useAction();
  const form = useFormFocus(error);
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const target = event.currentTarget;
    void run(async () =>
      app.session.begin(await app.rest.login(valueOf(target, 'email'), valueOf(target, 'password'))),
    );
  };
  return html`<form class="form" ref=${form} onSubmit=${submit} aria-label="Log in">
    ${app.session.notice && !error && html`<${Notice} kind="warn">${app.session.notice}<//>`}
    ${error && html`<${Notice}>${inWords(error)}<//>`}
    <${Field}
      name="email"
      label="E-mail or name"
      autocomplete="username"
      autocapitalize="none"
      spellcheck="false"
      required
    />
    <${Field} name="password" label="Password" type="password" autocomplete="current-password" required />
    <button class="button primary wide" aria-disabled=${busy}>${busy ? 'Logging in…' : 'Log in'}</button>
  </form>`;
}

/** @param {{app: App, invite?: string, room?: string}} props `invite` is its code, `room` the room that it leads to */
function SignUp({ app, invite, room }) {
  const { busy, error, run } = useAction();
  const [shown, setShown] = useState(false);
  const form = useFormFocus(error);
  const wrong = error ? fieldWords(error) : {};
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const target = event.currentTarget;
    const account = {
      username: valueOf(target, 'username'),
      email: valueOf(target, 'email'),
      password: valueOf(target, 'password'),
      invite,
    };
    void run(async () => app.entry.signedUp(await app.rest.signup(account), room));
  };
  return html`<form class="form" ref=${form} onSubmit=${submit} aria-label="Sign up" novalidate>
    ${error && !Object.keys(wrong).length && html`<${Notice}>${inWords(error)}<//>`}
    <${Field}
      name="username"
      label="Name"
      error=${wrong.username}
      hint="What others see: 3 to 30 letters, digits, or . _ -"
      autocomplete="username"
      autocapitalize="none"
      spellcheck="false"
    />
    <${Field} name="email" label="E-mail" type="email" error=${wrong.email} autocomplete="email" />
    <${Field} name="password" label="Password" type=${shown ? 'text' : 'password'} error=${wrong.password}
      hint="At least 8 characters" autocomplete="new-password" />
    <label class="choice">
      <input type="checkbox" checked=${shown} onChange=${() => setShown(!shown)} /> Show the password
    </label>
    <button class="button primary wide" aria-disabled=${busy}>${busy ? 'One moment…' : 'Sign up'}</button>
  </form>`;
}
