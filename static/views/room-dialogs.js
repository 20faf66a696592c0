/** Dialogs about a room: create it, change its name, its description or its sounds, leave it, delete it. */

import { html, useState } from '../vendor/preact.js';
import { isOpen } from '../state/kinds.js';
import { roomHref } from '../state/place.js';
import { CHOICES } from '../state/marks.js';
import { fieldWords, inWords } from '../state/words.js';
import { useAction } from './hooks.js';
import { Dialog } from './in-front.js';
import { InviteDialog } from './invite-dialog.js';
import { Field, Notice } from './parts.js';
import { PeoplePicker } from './people-picker.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../state/chat.js').Chat} Chat */
/** @typedef {import('../protocol/types.js').Room} Room */
/** @typedef {Record<string, string>} Wrong words about a field, by its name */

/** @param {{app: App, chat: Chat, onClose: () => void}} props */
export function NewRoomDialog({ app, chat, onClose }) {
  const [isPrivate, setPrivate] = useState(false);
  const [picked, setPicked] = useState(/** @type {import('../protocol/types.js').UserRef[]} */ ([]));
  const create = async (/** @type {FormData} */ form) => {
    const about = { name: written(form, 'name'), description: written(form, 'description') };
    const room = await chat.changes.create(
      isPrivate ? { ...about, kind: 'private', members: picked.map((one) => one.id) } : about,
    );
    app.navigation.visit(roomHref(room.id));
  };
  const kind = (/** @type {boolean} */ value, /** @type {string} */ label, /** @type {string} */ hint) =>
    html`<label class="choice">
      <input type="radio" name="kind" checked=${isPrivate === value} onChange=${() => setPrivate(value)} />
      <span>${label}<small class="hint">${hint}</small></span>
    </label>`;
  return html`<${FormDialog} title="New room" action="Create room" work=${create} onClose=${onClose}>
    ${(/** @type {Wrong} */ wrong) => html`
      <${NameField} error=${wrong.name} />
      <${DescriptionField} error=${wrong.description} />
      <fieldset class="bare-set choices stacked">
        <legend class="hidden-visually">Who sees it</legend>
        ${kind(false, 'Open', 'Everybody with an account here can find and join it.')}
        ${kind(true, 'Private', 'Only those who are added see it.')}
      </fieldset>
      ${isPrivate &&
      html`<${PeoplePicker} app=${app} picked=${picked} onPick=${setPicked} legend="Who is in it, besides you" />`}
    `}
  <//>`;
}

/**
 * What the menu of a room leads to.
 * @param {{app: App, chat: Chat, room: Room, about: import('./room-head.js').RoomAction, onClose: () => void}} props
 */
export function RoomDialog({ app, chat, room, about, onClose }) {
  if (about === 'invite') return html`<${InviteDialog} app=${app} room=${room} onClose=${onClose} />`;
  if (about === 'sounds') return html`<${SoundsDialog} chat=${chat} room=${room} onClose=${onClose} />`;
  if (about === 'delete') {
    const remove = async () => {
      await chat.changes.remove(room.id);
      app.navigation.visit('#/rooms');
    };
    return html`<${Confirm}
      title=${`Delete “${room.name}”?`}
      action="Delete room"
      danger
      onClose=${onClose}
      work=${remove}
    >
      The room and all of its messages are gone for everybody. This cannot be undone.
    <//>`;
  }
  if (about === 'leave') {
    const leave = async () => {
      await chat.members.leave(room.id);
      if (!isOpen(room)) app.navigation.visit('#/rooms');
    };
    return html`<${Confirm} title=${`Leave “${room.name}”?`} action="Leave room" onClose=${onClose} work=${leave}>
      ${leaveWords(chat, room)}
    <//>`;
  }
  return html`<${ChangeDialog} chat=${chat} room=${room} part=${about} onClose=${onClose} />`;
}

/** What leaving means. @param {Chat} chat @param {Room} room */
function leaveWords(chat, room) {
  if (isOpen(room)) return 'You get no more messages from it. You can join again at any time.';
  if (room.participantCount <= 1) {
    return 'Nobody else is in it: the room and all of its messages are gone. This cannot be undone.';
  }
  const gone =
    'It is not there for you any more, with all that was written in it, until somebody in it adds you again.';
  return room.createdBy?.id === chat.user.id ? `${gone} Whoever has been in it longest looks after it then.` : gone;
}

/**
 * Changes one thing about a room, and leaves the other as it is, also where somebody else changes it meanwhile.
 * @param {{chat: Chat, room: Room, part: 'name' | 'description', onClose: () => void}} props
 */
function ChangeDialog({ chat, room, part, onClose }) {
  const change = (/** @type {FormData} */ form) => chat.changes.change(room.id, { [part]: written(form, part) });
  const PartField = part === 'name' ? NameField : DescriptionField;
  return html`<${FormDialog} title=${`Change ${part}`} action="Save" work=${change} onClose=${onClose}>
    ${(/** @type {Wrong} */ wrong) => html`<${PartField} error=${wrong[part]} value=${room[part]} />`}
  <//>`;
}

/** @param {FormData} form @param {string} name */
const written = (form, name) => String(form.get(name) ?? '');

/** @param {{error?: string, value?: string}} props */
const NameField = ({ error, value = '' }) =>
  html`<${Field}
    name="name"
    label="Name"
    error=${error}
    defaultValue=${value}
    maxlength="200"
    autocomplete="off"
    required
  />`;

/** @param {{error?: string, value?: string}} props */
const DescriptionField = ({ error, value = '' }) =>
  html`<${Field}
    name="description"
    label="What it is for (optional)"
    error=${error}
    defaultValue=${value}
    multiline
    rows="2"
  />`;

/** @type {Record<import('../state/marks.js').Choice, [label: string, hint: string]>} */
const SOUNDS = {
  all: ['All messages', 'Calls ring.'],
  mentions: ['Only when I am mentioned', 'By @ and your name, or by @all. Calls ring.'],
  nothing: ['Nothing', 'New messages are counted and calls are shown, without a sound.'],
};

/**
 * What of a room makes a sound, or shows a notification.
 * @param {{chat: Chat, room: Room, onClose: () => void}} props
 */
function SoundsDialog({ chat, room, onClose }) {
  const now = chat.sounds.of(room.id);
  const choose = async (/** @type {FormData} */ form) => {
    chat.sounds.choose(room.id, /** @type {import('../state/marks.js').Choice} */ (written(form, 'sounds')));
    chat.changed();
  };
  return html`<${FormDialog} title="Sounds and notifications" action="Save" work=${choose} onClose=${onClose}>
    ${() =>
      html`<fieldset class="bare-set choices stacked">
        <legend class="hidden-visually">What you are told of in this room</legend>
        ${CHOICES.map((choice) => {
          const [label, hint] = SOUNDS[choice];
          return html`<label class="choice" key=${choice}>
            <input
              type="radio"
              name="sounds"
              value=${choice}
              defaultChecked=${choice === now}
              autofocus=${choice === now}
              aria-describedby=${`sounds-${choice}`}
            />
            <span>${label}<small class="hint" id=${`sounds-${choice}`} aria-hidden="true">${hint}</small></span>
          </label>`;
        })}
      </fieldset>`}
  <//>`;
}

/**
 * A form that closes once its work succeeded. What the server says about a field stands at that field.
 * @param {object} props
 * @param {string} props.title
 * @param {string} props.action
 * @param {(form: FormData) => Promise<void>} props.work
 * @param {() => void} props.onClose
 * @param {(wrong: Wrong) => unknown} props.children
 */
function FormDialog({ title, action, work, onClose, children }) {
  const { busy, error, run } = useAction();
  const wrong = error ? fieldWords(error) : {};
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    void run(async () => {
      await work(form);
      onClose();
    });
  };
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <form class="form" onSubmit=${submit}>
      ${error && !Object.keys(wrong).length && html`<${Notice}>${inWords(error)}<//>`}
      ${children(wrong)}
      <div class="form-row">
        <button type="button" class="button plain" onClick=${onClose}>Cancel</button>
        <button class="button primary" aria-disabled=${busy}>${action}</button>
      </div>
    </form>
  <//>`;
}

/**
 * Asks before something that cannot be taken back.
 * @param {object} props
 * @param {string} props.title
 * @param {string} props.action
 * @param {boolean} [props.danger]
 * @param {() => Promise<void>} props.work
 * @param {() => void} props.onClose
 * @param {unknown} [props.children]
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
        <button type="button" class=${`button ${danger ? 'danger' : 'primary'}`} aria-disabled=${busy} onClick=${act}>
          ${action}
        </button>
      </div>
    </div>
  <//>`;
}
