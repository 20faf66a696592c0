/** Settings: the account, the look, sounds, notifications, and which server this is. */

import { html, useEffect, useState } from '../vendor/preact.js';
import { fieldWords, inWords } from '../state/words.js';
import { ConnectionTest } from './connection-test.js';
import { useAction } from './hooks.js';
import { icon } from './icons.js';
import { askToNotify, notifyState } from './notify.js';
import { Avatar, BackToRooms, Field, LogOut, Notice } from './parts.js';
import { Confirm } from './room-dialogs.js';

/** @typedef {import('../app.js').App} App */

/** @param {{app: App}} props */
export function Settings({ app }) {
  useEffect(() => void app.loadConfig(), []);
  const user = app.session.user;
  if (!user) return null;
  return html`<div class="page" tabindex="0" role="region" aria-label="Settings">
    <div class="page-inner">
      <header class="page-head">
        <${BackToRooms} unread=${app.chat?.unread ?? 0} />
        <h1>Settings</h1>
      </header>
      <section class="card form" aria-label="Account">
        <div class="page-head">
          <${Avatar} id=${user.id} name=${user.username} />
          <div class="who">
            <p class="one-line" dir="auto"><strong>${user.username}</strong></p>
            <p class="quiet one-line">${user.email}</p>
          </div>
        </div>
        <div class="card-actions"><${LogOut} app=${app} /><${LogOutEverywhere} app=${app} /></div>
        ${app.isAdmin && html`<p><a href="#/admin">Administration of this server</a></p>`}
      </section>
      <${Password} app=${app} />
      <${Look} app=${app} />
      <${SoundChoices} app=${app} />
      <${Notifications} app=${app} />
      <${Calls} app=${app} />
      <p class="quiet">${app.config ? `${app.config.name} ${app.config.version}` : ''}</p>
    </div>
  </div>`;
}

/** @param {{app: App}} props */
function LogOutEverywhere({ app }) {
  const [asking, setAsking] = useState(false);
  if (!app.session.user?.role) return null;
  return html`<button class="button plain" onClick=${() => setAsking(true)}>Log out everywhere</button>
    ${asking &&
    html`<${Confirm}
      title="Log out everywhere?"
      action="Log out everywhere"
      danger
      onClose=${() => setAsking(false)}
      work=${() => app.entry.logOutEverywhere()}
    >
      You are logged out on every device and in every browser, here too. This browser keeps nothing of yours.
    <//>`}`;
}

/** @param {{app: App}} props */
function Password({ app }) {
  const { busy, error, run } = useAction();
  const [done, setDone] = useState(false);
  const wrong = error ? fieldWords(error) : {};
  if (error?.code === 'invalid_credentials') wrong.currentPassword = 'This is not your password.';
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const target = event.currentTarget;
    const form = new FormData(target);
    setDone(false);
    void run(async () => {
      const grant = await app.rest.changePassword(String(form.get('currentPassword')), String(form.get('newPassword')));
      app.session.begin(grant);
      target.reset();
      setDone(true);
    });
  };
  return html`<form class="card form" onSubmit=${submit} aria-label="Password">
    <h2>Password</h2>
    ${error && !Object.keys(wrong).length && html`<${Notice}>${inWords(error)}<//>`}
    ${done && html`<${Notice} kind="good">Your password is changed. You are logged out everywhere else.<//>`}
    <input
      class="hidden-visually"
      type="text"
      name="username"
      autocomplete="username"
      value=${app.session.user?.username}
      readonly
      tabindex="-1"
      aria-hidden="true"
    />
    <${Field}
      name="currentPassword"
      label="Current password"
      type="password"
      error=${wrong.currentPassword}
      autocomplete="current-password"
      required
    />
    <${Field}
      name="newPassword"
      label="New password"
      type="password"
      error=${wrong.newPassword}
      hint="At least 8 characters"
      autocomplete="new-password"
      required
    />
    <div><button class="button primary" aria-disabled=${busy}>Change password</button></div>
  </form>`;
}

/** @param {{app: App}} props */
function Look({ app }) {
  const current = app.storage.read('theme') ?? 'auto';
  const choose = (/** @type {string} */ value) => {
    app.storage.write('theme', value === 'auto' ? null : value);
    app.changed();
  };
  const choices = { auto: 'System', light: 'Light', dark: 'Dark' };
  return html`<fieldset class="card form plain-set">
    <legend class="hidden-visually">Look</legend>
    <h2 aria-hidden="true">Look</h2>
    <div class="choices">
      ${Object.entries(choices).map(
        ([value, label]) =>
          html`<label class="choice" key=${value}>
            <input
              type="radio"
              name="theme"
              value=${value}
              checked=${current === value}
              onChange=${() => choose(value)}
            />${label}
          </label>`,
      )}
    </div>
  </fieldset>`;
}

/** @type {Record<import('../state/marks.js').Kind, string>} */
const SOUNDS = { messages: 'For new messages', rings: 'For incoming calls' };

/** @param {{app: App}} props */
function SoundChoices({ app }) {
  const sounds = app.chat?.sounds;
  if (!sounds) return null;
  const kinds = /** @type {import('../state/marks.js').Kind[]} */ (Object.keys(SOUNDS));
  const turn = (/** @type {import('../state/marks.js').Kind} */ kind, /** @type {boolean} */ on) => {
    sounds.turn(kind, on);
    app.changed();
  };
  return html`<fieldset class="card form plain-set">
    <legend class="hidden-visually">Sounds</legend>
    <h2 aria-hidden="true">Sounds</h2>
    <div class="choices">
      ${kinds.map(
        (kind) =>
          html`<label class="choice" key=${kind}>
            <input
              type="checkbox"
              checked=${sounds.isOn(kind)}
              onChange=${(/** @type {any} */ event) => turn(kind, event.target.checked)}
            />${SOUNDS[kind]}
          </label>`,
      )}
    </div>
    <p class="quiet">What you are told of in a single room is chosen in the menu of that room.</p>
  </fieldset>`;
}

/** @param {{app: App}} props */
function Notifications({ app }) {
  const words = {
    granted: 'On: you are told of calls and messages while this page is in the background.',
    default: 'Be told of calls and messages while this page is in the background.',
    denied: 'Your browser does not allow them for this page. You can change that in its settings.',
    missing: 'This browser has none for this page. They need https, or this very machine.',
  };
  const state = notifyState();
  return html`<section class="card form" aria-label="Notifications">
    <h2>Notifications</h2>
    <p class="quiet">${words[state]}</p>
    ${state === 'default' &&
    html`<div>
      <button class="button plain" onClick=${() => askToNotify().then(() => app.changed())}>
        ${icon('bell')}Turn on
      </button>
    </div>`}
  </section>`;
}

/** @param {{app: App}} props */
function Calls({ app }) {
  const [testing, setTesting] = useState(false);
  return html`<section class="card form" aria-label="Calls">
    <h2>Calls</h2>
    <p class="quiet">Whether this browser, your network and the server are fit for calls.</p>
    <div>
      <button class="button plain" onClick=${() => setTesting(true)}>${icon('devices')}Test my connection</button>
    </div>
    ${testing && html`<${ConnectionTest} app=${app} onClose=${() => setTesting(false)} />`}
  </section>`;
}
