/** Dialogs about a room: create it, change it, delete it, leave it. */

import { html } from '../vendor/preact.js';
import { roomHref } from '../state/route.js';
import { fieldWords, inWords } from '../state/words.js';
import { useAction } from './hooks.js';
import { Dialog, Field, Notice } from './parts.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../state/chat.js').Chat} Chat */
/** @typedef {import('../protocol/types.js').Room} Room */

/**
 * Creates a room, or changes one.
 * @param {{app: App, chat: Chat, room?: Room, onClose: () => void}} props
 */
export function RoomDialog({ app, chat, room, onClose }) {
  const { busy, error, run } = useAction();
  const wrong = error ? fieldWords(error) : {};
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const about = { name: String(form.get('name') ?? ''), description: String(form.get('description') ?? '') };
    void run(async () => {
      if (room) await chat.rename(room.id, about);
      else app.visit(roomHref((await chat.create(about)).id));
      onClose();
    });
  };
  return html`<${Dialog} title=${room ? 'Change this room' : 'New room'} onClose=${onClose}>
    <form class="form" onSubmit=${submit}>
      ${error && !Object.keys(wrong).length && html`<${Notice}>${inWords(error)}<//>`}
      <${Field} name="name" label="Name" error=${wrong.name} defaultValue=${room?.name ?? ''} maxlength="200" autocomplete="off" required />
      <${Field} name="description" label="What it is for (optional)" error=${wrong.description} multiline rows="2"
        defaultValue=${room?.description ?? ''} />
      <p class="quiet">Everybody with an account here can find and join it.</p>
      <div class="form-row">
        <button type="button" class="button plain" onClick=${onClose}>Cancel</button>
        <button class="button primary" aria-disabled=${busy}>${room ? 'Save' : 'Create room'}</button>
      </div>
    </form>
  <//>`;
}

/**
 * Asks before something that cannot be taken back.
 * @param {{title: string, action: string, danger?: boolean, work: () => Promise<void>, onClose: () => void, children?: unknown}} props
 */
export function Confirm({ title, action, danger, work, onClose, children }) {
  const { busy, error, run } = useAction();
  const act = () =>
    run(async () => {
      await work();
      onClose();
    });
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <div class="form">
      ${error && html`<${Notice}>${inWords(error)}<//>`}
      <div class="form-words">${children}</div>
      <div class="form-row">
        <button type="button" class="button plain" onClick=${onClose}>Cancel</button>
        <button type="button" class=${`button ${danger ? 'danger' : 'primary'}`} aria-disabled=${busy} onClick=${act}>${action}</button>
      </div>
    </div>
  <//>`;
}
