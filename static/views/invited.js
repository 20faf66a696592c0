/** Where links lead that somebody was sent: an invitation, and a new password. */

import { fieldWords, inWords } from '../state/words.js';
import { html, useEffect, useState } from '../vendor/preact.js';
import { useAction, useFormFocus, valueOf } from './hooks.js';
import { Empty, Field, Notice, Spinner } from './parts.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../protocol/types.js').InviteLook} InviteLook */
/** @typedef {import('../protocol/errors.js').RequestError} RequestError */

/**
 * What an invitation says.
 * @param {App} app
 * @param {string} code
 * @returns {{look: InviteLook | null, error: RequestError | null}}
 */
export function useInvite(app, code) {
  const [look, setLook] = useState(/** @type {InviteLook | null} */ (null));
  const { error, run, clear } = useAction();
  useEffect(() => {
    setLook(null);
    clear();
    if (code) void run(async () => setLook(await app.rest.lookAtInvite(code)));
  }, [code]);
  return { look, error };
}

/** “Ann invites you to Kitchen.” @param {InviteLook} look */
export function inviteWords({ by, room }) {
  const to = room ? `“${room.name}”` : 'join';
  return by ? `${by.username} invites you to ${to}.` : `You are invited to ${to}.`;
}

/** An invitation, to somebody who has an account here already. @param {{app: App, code: string}} props */
export function InvitePage({ app, code }) {
  const { look, error } = useInvite(app, code);
  const { busy, error: refused, run } = useAction();
  const join = () => run(() => app.entry.followInvite(code));
  if (error) {
    return html`<${Empty} main picture="link" title="This invitation is not good">
      <p>${inWords(error)}</p>
      <a class="button plain" href="#/rooms">To the rooms</a>
    <//>`;
  }
  if (!look) return html`<div class="empty"><${Spinner} label="Opening the invitation" /></div>`;
  return html`<${Empty} main picture="rooms" title=${inviteWords(look)}>
    <p>
      ${look.room
        ? 'You have an account here: one click, and you are in.'
        : 'You have an account here already, so you need no invitation.'}
    </p>
    ${refused && html`<${Notice}>${inWords(refused)}<//>`}
    ${look.room
      ? html`<button class="button primary" aria-disabled=${busy} onClick=${join}>Join ${look.room.name}</button>`
      : html`<a class="button primary" href="#/rooms">To the rooms</a>`}
  <//>`;
}

/** A new password, by a link of an administrator. @param {{app: App, code: string}} props */
export function NewPassword({ app, code }) {
  const { busy, error, run } = useAction();
  const form = useFormFocus(error);
  const wrong = error ? fieldWords(error) : {};
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const password = valueOf(event.currentTarget, 'newPassword');
    void run(async () => app.entry.changeTo(await app.rest.resetPassword(code, password)));
  };
  return html`<form class="form" ref=${form} onSubmit=${submit} aria-label="New password">
    ${error && !Object.keys(wrong).length && html`<${Notice}>${inWords(error)}<//>`}
    <${Field}
      name="newPassword"
      label="New password"
      type="password"
      error=${wrong.newPassword}
      hint="At least 8 characters. You are logged out everywhere else."
      autocomplete="new-password"
      required
    />
    <button class="button primary wide" aria-disabled=${busy}>Set the password</button>
  </form>`;
}
