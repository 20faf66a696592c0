/** Logging in and signing up. */

import { html, useEffect, useRef, useState } from '../vendor/preact.js';
import { fieldWords, inWords } from '../state/words.js';
import { useAction } from './hooks.js';
import { Field, Notice } from './parts.js';

/** @typedef {import('../app.js').App} App */

/** @param {{app: App}} props */
export function Welcome({ app }) {
  useEffect(() => void app.loadConfig(), []);
  const signup = app.route.page === 'signup';
  const closed = app.config?.signup === 'closed';
  return html`<div class="welcome">
    <main>
      <div class="brand">
        <img src="/icons/tincan.svg" alt="" />
        <h1>Tincan</h1>
        <p class="quiet">${signup ? 'Make an account to join your team.' : 'Rooms, messages and calls for your team.'}</p>
      </div>
      <div class="card">
        ${signup ? html`<${SignUp} app=${app} key="signup" closed=${closed} />` : html`<${LogIn} app=${app} key="login" />`}
      </div>
      <p class="switch">
        ${signup
          ? html`Have an account? <a href="#/login">Log in</a>`
          : closed
            ? 'New accounts are not being taken here.'
            : html`New here? <a href="#/signup">Sign up</a>`}
      </p>
    </main>
  </div>`;
}

/** Focus goes to the first field when a form comes, and to the first wrong one when the server found fault. @param {unknown} trouble */
function useFormFocus(trouble) {
  const ref = useRef(/** @type {HTMLFormElement | null} */ (null));
  useEffect(() => {
    const wrong = trouble && ref.current?.querySelector('[aria-invalid="true"]');
    const field = wrong || ref.current?.querySelector('input');
    if (field instanceof HTMLElement) field.focus();
  }, [trouble]);
  return ref;
}

/** @param {HTMLFormElement} form @param {string} name */
const valueOf = (form, name) => String(new FormData(form).get(name) ?? '');

/** @param {{app: App}} props */
function LogIn({ app }) {
  const { busy, error, run } = useAction();
  const form = useFormFocus(error);
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const target = event.currentTarget;
    void run(async () => app.session.begin(await app.rest.login(valueOf(target, 'email'), valueOf(target, 'password'))));
  };
  return html`<form class="form" ref=${form} onSubmit=${submit} aria-label="Log in">
    ${app.session.notice && !error && html`<${Notice} kind="warn">${app.session.notice}<//>`}
    ${error && html`<${Notice}>${inWords(error)}<//>`}
    <${Field} name="email" label="E-mail or name" autocomplete="username" autocapitalize="none" spellcheck="false" required />
    <${Field} name="password" label="Password" type="password" autocomplete="current-password" required />
    <button class="button primary wide" aria-disabled=${busy}>${busy ? 'Logging in…' : 'Log in'}</button>
  </form>`;
}

/** @param {{app: App, closed: boolean}} props */
function SignUp({ app, closed }) {
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
    };
    void run(async () => app.session.begin(await app.rest.signup(account)));
  };
  if (closed) return html`<p>New accounts are not being taken here. Ask whoever runs this server.</p>`;
  return html`<form class="form" ref=${form} onSubmit=${submit} aria-label="Sign up" novalidate>
    ${error && !Object.keys(wrong).length && html`<${Notice}>${inWords(error)}<//>`}
    <${Field} name="username" label="Name" error=${wrong.username} hint="What others see: 3 to 30 letters, digits, or . _ -"
      autocomplete="username" autocapitalize="none" spellcheck="false" />
    <${Field} name="email" label="E-mail" type="email" error=${wrong.email} autocomplete="email" />
    <${Field} name="password" label="Password" type=${shown ? 'text' : 'password'} error=${wrong.password}
      hint="At least 8 characters" autocomplete="new-password" />
    <label class="choice">
      <input type="checkbox" checked=${shown} onChange=${() => setShown(!shown)} /> Show the password
    </label>
    <button class="button primary wide" aria-disabled=${busy}>${busy ? 'One moment…' : 'Sign up'}</button>
  </form>`;
}
