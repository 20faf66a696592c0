/** The people of a room, who is online and who is not, and a way to ring them. */

import { html, useEffect, useState } from '../vendor/preact.js';
import { Drawer } from './in-front.js';
import { icon } from './icons.js';
import { Avatar, CallButtons, PersonName } from './parts.js';
import { RemoveMember } from './room-members.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../state/chat.js').Chat} Chat */
/** @typedef {import('../protocol/types.js').Room} Room */

/**
 * @param {{app: App, id: string, chat: Chat, room: Room, beside: boolean, onAdd: () => void, onClose: () => void}}
 *   props
 */
export function RoomPeople({ app, id, chat, room, beside, onAdd, onClose }) {
  const known = chat.rooms.people.of(room.id);
  const whole = useParticipants(app, room, known.length === 0 && !room.joined);
  const list = known.length ? known : whole;
  const add = () => {
    // What stands in front makes way for the dialog.
    if (!beside) onClose();
    onAdd();
  };
  const [leaver, setLeaver] = useState(/** @type {{id: string, username: string} | null} */ (null));
  const mayRemove = room.kind === 'private' && room.createdBy?.id === chat.user.id;
  const online = list.filter((one) => one.online);
  const away = list.filter((one) => !one.online);
  /** @param {{userId: string, username: string}} one @param {import('../protocol/types.js').CallType} callType */
  const ring = (one, callType) => {
    if (!beside) onClose();
    void app.prepareCall({ to: one.userId, name: one.username, callType });
  };
  const isMe = (/** @type {{userId: string}} */ one) => one.userId === chat.user.id;
  const row = (/** @type {any} */ one) =>
    html`<li key=${one.userId} class=${`row ${one.online ? '' : 'away'}`}>
      <${Avatar} id=${one.userId} name=${one.username} online=${one.online} />
      <span class="title">
        ${isMe(one)
          ? html`<span dir="auto">${one.username}</span>`
          : html`<${PersonName} app=${app} id=${one.userId} name=${one.username} />`}
        ${isMe(one) && html`<span class="quiet">(you)</span>`}
      </span>
      ${!isMe(one) &&
      html`<span class="actions">
        <${CallButtons} name=${one.username} ring=${(/** @type {any} */ type) => ring(one, type)} />
        ${mayRemove &&
        html`<button
          class="button ghost small icon-only"
          aria-label=${`Take ${one.username} out of the room`}
          title="Take out of the room"
          onClick=${() => setLeaver({ id: one.userId, username: one.username })}
        >
          ${icon('close')}
        </button>`}
      </span>`}
    </li>`;
  return html`<${Drawer} id=${id} title="People" beside=${beside} onClose=${onClose}>
    ${room.joined &&
    app.session.user?.role &&
    html`<button class="button plain small add-people" onClick=${add}>${icon('plus')}Add people</button>`}
    ${leaver && html`<${RemoveMember} chat=${chat} room=${room} who=${leaver} onClose=${() => setLeaver(null)} />`}
    ${known.length > 0 && html`<h3>Online, ${online.length}</h3>`}
    <ul>${online.map(row)}</ul>
    ${away.length > 0 && html`<h3>${known.length ? 'Away' : 'Members'}, ${away.length}</h3>`}
    <ul>${away.map(row)}</ul>
  <//>`;
}

/**
 * Those of a room that one is not in, who are not told by events.
 * @param {App} app @param {Room} room @param {boolean} needed
 */
function useParticipants(app, room, needed) {
  const [list, setList] = useState(/** @type {{userId: string, username: string, online: boolean}[]} */ ([]));
  useEffect(() => {
    let over = false;
    if (!needed) return undefined;
    app.rest.room(room.id).then(
      ({ participants }) =>
        !over && setList(participants.map(({ id, username }) => ({ userId: id, username, online: false }))),
      // Their number stands in the head; the names come with the next look.
      () => undefined,
    );
    return () => {
      over = true;
    };
  }, [room.id, room.participantCount, needed]);
  return list;
}
