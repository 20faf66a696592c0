/** A room: its head with what one can do there, its messages, the field below. */

import { html, useEffect, useState } from '../vendor/preact.js';
import { isDeserted, isDirect, isOpen, otherOf } from '../state/kinds.js';
import { inWords } from '../state/words.js';
import { Composer } from './composer.js';
import { nameList, plural } from './format.js';
import { useAction, useMedia } from './hooks.js';
import { callIcon, icon } from './icons.js';
import { Messages } from './messages.js';
import { Avatar, BackToRooms, Empty, Late, Lock, Notice, PersonName, Spinner } from './parts.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../state/chat.js').Chat} Chat */
/** @typedef {import('../protocol/types.js').Room} Room */

/**
 * @typedef {'name' | 'description' | 'sounds' | 'add' | 'invite' | 'leave' | 'delete'} RoomAction a dialog that the
 *   menu opens
 */

const PEOPLE = 'people-of-the-room';

/** @param {{app: App, chat: Chat, roomId: string}} props */
export function RoomPage({ app, chat, roomId }) {
  const beside = useMedia('(min-width: 75rem)');
  const [people, setPeople] = useState(beside);
  const [dialog, setDialog] = useState(/** @type {RoomAction | ''} */ (''));
  const room = chat.rooms.byId.get(roomId);
  // In front of the room it would come unasked, and lie over a call.
  const inCall = Boolean(app.calls?.call);
  useEffect(() => {
    if (!beside) setPeople(false);
  }, [beside, inCall]);
  if (!room) {
    if (!chat.rooms.fetched) return html`<div class="empty"><${Spinner} label="Loading the room" /></div>`;
    return html`<${Empty} main picture="rooms" title="This room is gone">
      <p>It was deleted, you are no longer in it, or the address is not quite right.</p>
      <a class="button plain" href="#/rooms">Back to the rooms</a>
    <//>`;
  }
  const togglePeople = () => {
    void app.later.bring();
    setPeople(!people);
  };
  return html`<section class="room" aria-label=${room.name}>
    <${Head} app=${app} chat=${chat} room=${room} people=${people} onPeople=${togglePeople} onDialog=${setDialog} />
    <div class="room-body">
      <${CallStrip} app=${app} room=${room} />
      <${Messages} app=${app} chat=${chat} room=${room} visible=${app.navigation.roomVisible} />
      <div class="below">
        <${TypingLine} names=${chat.typing.in(roomId)} />
        <${Foot} chat=${chat} room=${room} />
      </div>
    </div>
    ${people &&
    !isDirect(room) &&
    html`<${Late}
      app=${app}
      view="RoomPeople"
      unasked
      meanwhile=${beside && html`<aside class="drawer"></aside>`}
      id=${PEOPLE}
      chat=${chat}
      room=${room}
      beside=${beside}
      onAdd=${() => setDialog('add')}
      onClose=${() => setPeople(false)}
    />`}
    ${dialog === 'add' &&
    html`<${Late} app=${app} view="AddPeopleDialog" chat=${chat} room=${room} onClose=${() => setDialog('')} />`}
    ${dialog &&
    dialog !== 'add' &&
    html`<${Late}
      app=${app}
      view="RoomDialog"
      chat=${chat}
      room=${room}
      about=${dialog}
      onClose=${() => setDialog('')}
    />`}
  </section>`;
}

/**
 * @param {object} props
 * @param {App} props.app
 * @param {Chat} props.chat
 * @param {Room} props.room
 * @param {boolean} props.people they are shown beside the room
 * @param {() => void} props.onPeople
 * @param {(name: RoomAction) => void} props.onDialog
 */
function Head({ app, chat, room, people, onPeople, onDialog }) {
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

/** A call goes on here, and one is not in it. @param {{app: App, room: Room}} props */
function CallStrip({ app, room }) {
  const { calls } = app;
  const call = room.call;
  if (!call || !calls || calls.call?.callId === call.callId || calls.incoming?.callId === call.callId) return null;
  if (!room.joined) return null;
  const names = call.participants.map((one) => one.username);
  return html`<div class="call-strip">
    <span class="on-call">${callIcon(call.callType)}</span>
    <span class="what">
      ${names.length
        ? html`<bdi>${nameList(names)}</bdi> ${names.length === 1 ? 'is' : 'are'} in a call here.`
        : 'A call goes on here.'}
    </span>
    <button
      class="button primary small"
      onClick=${() => app.prepareCall({ join: call.callId, roomId: room.id, name: room.name, callType: call.callType })}
    >
      Join the call
    </button>
  </div>`;
}

/** @param {{names: string[]}} props */
function TypingLine({ names }) {
  return html`<p class="typing one-line" aria-live="off">
    ${names.length > 0 && html`<bdi>${nameList(names)}</bdi> ${names.length === 1 ? 'is' : 'are'} writing…`}
  </p>`;
}

/** Where one writes, or why one cannot. @param {{chat: Chat, room: Room}} props */
function Foot({ chat, room }) {
  if (!room.joined) return html`<${JoinBar} chat=${chat} room=${room} />`;
  if (isDeserted(room)) {
    return html`<div class="join-bar" role="status">
      <span>This account was removed. What was written stays; nobody is there to write to.</span>
    </div>`;
  }
  if (!chat.sync.beyond.has(room.id)) return html`<${Composer} chat=${chat} room=${room} />`;
  return html`<div class="join-bar" role="status">
    <span>
      You are in more rooms than can be followed at once. This one is refreshed every few seconds; leave another room
      to write here.
    </span>
  </div>`;
}

/** @param {{chat: Chat, room: Room}} props */
function JoinBar({ chat, room }) {
  const { busy, error, run } = useAction();
  return html`<div class="join-bar">
    <span>You are looking in from outside; refreshed every few seconds.</span>
    <button class="button primary" aria-disabled=${busy} onClick=${() => run(() => chat.join(room.id))}>
      Join room
    </button>
    ${error && html`<${Notice}>${inWords(error)}<//>`}
  </div>`;
}
