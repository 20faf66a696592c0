/** Dialogs about who is in a room: adding people, and taking one out. */

import { html, useState } from '../vendor/preact.js';
import { inWords } from '../state/words.js';
import { nameList } from './format.js';
import { useAction } from './hooks.js';
import { Dialog } from './in-front.js';
import { Notice } from './parts.js';
import { PeoplePicker } from './people-picker.js';
import { Confirm } from './room-dialogs.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../state/chat.js').Chat} Chat */
/** @typedef {import('../protocol/types.js').Room} Room */
/** @typedef {import('../protocol/types.js').UserRef} UserRef */

/** @param {{app: App, chat: Chat, room: Room, onClose: () => void}} props */
export function AddPeopleDialog({ app, chat, room, onClose }) {
  const { busy, error, run } = useAction();
  const [picked, setPicked] = useState(/** @type {UserRef[]} */ ([]));
  const here = new Set(chat.rooms.people.of(room.id).map((one) => one.userId));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!picked.length) return;
    void run(async () => {
      for (const one of picked) {
        await chat.members.add(room.id, one.id);
        // Where one cannot be added, those before are in already.
        setPicked((rest) => rest.filter(({ id }) => id !== one.id));
      }
      app.say(
        `${nameList(picked.map((one) => one.username))} ${picked.length === 1 ? 'is' : 'are'} in “${room.name}” now.`,
      );
      onClose();
    });
  };
  return html`<${Dialog} title=${`Add people to “${room.name}”`} onClose=${onClose}>
    <form class="form" onSubmit=${submit}>
      ${error && html`<${Notice}>${inWords(error)}<//>`}
      <${PeoplePicker}
        app=${app}
        picked=${picked}
        onPick=${setPicked}
        without=${here}
        legend="Who is to be in the room"
      />
      ${room.kind === 'private' && html`<p class="quiet">Whoever is added sees all that was written here before.</p>`}
      <div class="form-row">
        <button type="button" class="button plain" onClick=${onClose}>Cancel</button>
        <button class="button primary" aria-disabled=${busy || !picked.length}>Add</button>
      </div>
    </form>
  <//>`;
}

/** @param {{chat: Chat, room: Room, who: {id: string, username: string}, onClose: () => void}} props */
export function RemoveMember({ chat, room, who, onClose }) {
  const remove = () => chat.members.remove(room.id, who.id);
  return html`<${Confirm}
    title=${`Take ${who.username} out of “${room.name}”?`}
    action="Take out"
    danger
    onClose=${onClose}
    work=${remove}
  >
    The room is not there for ${who.username} any more. You can add ${who.username} again.
  <//>`;
}
