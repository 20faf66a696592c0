/** The head of a room: what it is called, who is in it, calls, and the menu of what one can do with it. */

import { html, useState } from '../vendor/preact.js';
import { isDeserted, isDirect, isOpen, otherOf } from '../state/kinds.js';
import { plural } from './format.js';
import { icon } from './icons.js';
import { Avatar, BackToRooms, Late, Lock, PersonName } from './parts.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../state/chat.js').Chat} Chat */
/** @typedef {import('../protocol/types.js').Room} Room */

/**
 * @typedef {'name' | 'description' | 'sounds' | 'add' | 'invite' | 'leave' | 'delete'} RoomAction a dialog that the
 *   menu opens
 */

/** The id of the list of those in the room, which a button of the head opens. */
export const PEOPLE = 'people-of-the-room';

/**
 * @param {object} props
 * @param {App} props.app
 * @param {Chat} props.chat
 * @param {Room} props.room
 * @param {boolean} props.people they are shown beside the room
 * @param {() => void} props.onPeople
 * @param {(name: RoomAction) => void} props.onDialog
 */
export function RoomHead({ app, chat, room, people, onPeople, onDialog }) {
  const other = otherOf(room, chat.user.id);
  const ring = (/** @type {'audio' | 'video'} */ callType) =>
    app.prepareCall({ ...whom(room, other), name: room.name, callType });
  const items = actions(app, chat, room, onDialog);
  const [call, video] = other
    ? [`Call ${room.name}`, `Video call with ${room.name}`]
    : ['Call everybody here', 'Video call with everybody here'];
  return html`<header class="room-head">
    <${BackToRooms} unread=${chat.unreadBeside(room)} where=" in other rooms" />
    <${Avatar}
      id=${other?.id ?? room.id}
      name=${room.name}
      online=${isDirect(room) && chat.rooms.otherIsOnline(room)}
    />
    <div class="about">
      <h1 class="one-line" dir="auto">
        ${other ? html`<${PersonName} app=${app} id=${other.id} name=${room.name} />` : room.name}
      </h1>
      <p class="sub"><${About} chat=${chat} room=${room} /></p>
    </div>
    <div class="tools">
      ${room.joined &&
      !room.call &&
      !isDeserted(room) &&
      html`<button class="button ghost icon-only" aria-label=${call} title="Call" onClick=${() => ring('audio')}>
          ${icon('phone')}
        </button>
        <button class="button ghost icon-only" aria-label=${video} title="Video call" onClick=${() => ring('video')}>
          ${icon('camera')}
        </button>`}
      ${!isDirect(room) &&
      html`<button
        class="button ghost icon-only"
        aria-label="People in this room"
        title="People"
        aria-expanded=${people}
        aria-controls=${PEOPLE}
        onClick=${onPeople}
      >
        ${icon('people')}
      </button>`}
      ${items.length > 0 && html`<${More} app=${app} items=${items} />`}
    </div>
  </header>`;
}

/**
 * Who is rung by a call in a room.
 * @param {Room} room
 * @param {import('../protocol/types.js').UserRef | undefined} other of two
 */
const whom = (room, other) => (other ? { to: other.id, roomId: room.id } : { roomId: room.id });

/** The line below the name. @param {{chat: Chat, room: Room}} props */
function About({ chat, room }) {
  if (isDirect(room)) {
    return html`<span class="one-line">
      ${isDeserted(room) ? 'This account was removed.' : chat.rooms.otherIsOnline(room) ? 'Online' : 'Offline'}
    </span>`;
  }
  return html`
    ${room.kind === 'private' && html`<${Lock} />`}
    <span class="one-line">${`${plural(room.participantCount, 'member')}, ${room.onlineCount} online`}</span>
    ${room.description && html`<span aria-hidden="true">·</span>`}
    ${room.description && html`<span class="one-line" dir="auto">${room.description}</span>`}
  `;
}

/**
 * The menu. Pressed before it has come, it opens as it comes.
 * @param {{app: App, items: import('./menu.js').Item[]}} props
 */
function More({ app, items }) {
  const [pressed, setPressed] = useState(false);
  const press = () => {
    void app.later.bring();
    setPressed(true);
  };
  const names = { label: 'More about this room', title: 'More' };
  const button = html`<button
    class="button ghost icon-only"
    aria-label=${names.label}
    title=${names.title}
    aria-haspopup="menu"
    aria-expanded="false"
    onClick=${press}
  >
    ${icon('more')}
  </button>`;
  return html`<${Late}
    app=${app}
    view="Menu"
    unasked
    meanwhile=${button}
    items=${items}
    opened=${pressed}
    ...${names}
  />`;
}

/**
 * What one can do with a room besides talking.
 * @param {App} app
 * @param {Chat} chat
 * @param {Room} room
 * @param {(name: RoomAction) => void} onDialog
 * @returns {import('./menu.js').Item[]}
 */
function actions(app, chat, room, onDialog) {
  const joined = Boolean(room.joined);
  const direct = isDirect(room);
  const mine = room.createdBy?.id === app.session.user?.id && !direct;
  const rules = mine || (app.isAdmin && isOpen(room));
  // Both need a server that knows of them.
  const invites = joined && !direct && Boolean(app.session.user?.role);
  /** @typedef {import('./menu.js').Item & {may: boolean}} Choice */
  /** @type {Choice[]} */
  const all = [
    { may: rules, picture: 'edit', label: 'Change name', act: () => onDialog('name') },
    { may: rules, picture: 'edit', label: 'Change description', act: () => onDialog('description') },
    { may: invites, picture: 'people', label: 'Add people', act: () => onDialog('add') },
    { may: invites, picture: 'link', label: 'Invite by link', act: () => onDialog('invite') },
    {
      may: joined && chat.marks.unread(room) > 0,
      picture: 'check',
      label: 'Mark as read',
      act: () => chat.markRead(room.id),
    },
    { may: joined, picture: 'bell', label: 'Sounds and notifications', act: () => onDialog('sounds') },
    { may: joined && !direct, picture: 'leave', label: 'Leave room', act: () => onDialog('leave') },
    { may: rules, picture: 'trash', label: 'Delete room', bad: true, act: () => onDialog('delete') },
  ];
  return all.filter((item) => item.may);
}
