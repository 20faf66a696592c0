/** A room: its head with what one can do there, its messages, the field below, its people beside. */

import { html, useEffect, useState } from '../vendor/preact.js';
import { inWords } from '../state/words.js';
import { CallButtons, callIcon } from './call-buttons.js';
import { Composer } from './composer.js';
import { Drawer } from './drawer.js';
import { nameList, plural } from './format.js';
import { useAction, useMedia } from './hooks.js';
import { icon } from './icons.js';
import { Menu } from './menu.js';
import { Messages } from './messages.js';
import { Avatar, BackToRooms, Empty, Notice, Spinner } from './parts.js';
import { ChangeDialog, Confirm, SoundsDialog } from './room-dialogs.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../state/chat.js').Chat} Chat */
/** @typedef {import('../protocol/types.js').Room} Room */

/** @typedef {'name' | 'description' | 'sounds' | 'leave' | 'delete'} RoomAction a dialog that the menu opens */

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
      <p>It was deleted, or the address is not quite right.</p>
      <a class="button plain" href="#/rooms">Back to the rooms</a>
    <//>`;
  }
  const close = () => setDialog('');
  return html`<section class="room" aria-label=${room.name}>
    <${Head} app=${app} chat=${chat} room=${room} people=${people} onPeople=${() => setPeople(!people)} onDialog=${setDialog} />
    <div class="room-body">
      <${CallStrip} app=${app} room=${room} />
      <${Messages} chat=${chat} room=${room} visible=${app.roomVisible} />
      <div class="below">
        <${TypingLine} names=${chat.typing.in(roomId)} />
        ${room.joined ? html`<${Composer} chat=${chat} room=${room} />` : html`<${JoinBar} chat=${chat} room=${room} />`}
      </div>
    </div>
    ${people && html`<${People} app=${app} chat=${chat} room=${room} beside=${beside} onClose=${() => setPeople(false)} />`}
    ${(dialog === 'name' || dialog === 'description') && html`<${ChangeDialog} chat=${chat} room=${room} part=${dialog} onClose=${close} />`}
    ${dialog === 'sounds' && html`<${SoundsDialog} chat=${chat} room=${room} onClose=${close} />`}
    ${dialog === 'delete' &&
    html`<${Confirm} title=${`Delete “${room.name}”?`} action="Delete room" danger onClose=${close}
      work=${async () => {
        await chat.remove(room.id);
        app.visit('#/rooms');
      }}>The room and all of its messages are gone for everybody. This cannot be undone.<//>`}
    ${dialog === 'leave' &&
    html`<${Confirm} title=${`Leave “${room.name}”?`} action="Leave room" onClose=${close} work=${() => chat.leave(room.id)}>
      You get no more messages from it. You can join again at any time.
    <//>`}
  </section>`;
}

/** @param {{app: App, chat: Chat, room: Room, people: boolean, onPeople: () => void, onDialog: (name: RoomAction) => void}} props */
function Head({ app, chat, room, people, onPeople, onDialog }) {
  const mine = room.createdBy.id === chat.user.id;
  const ring = (/** @type {'audio' | 'video'} */ callType) =>
    app.calls?.prepare({ roomId: room.id, name: room.name, callType });
  const about = `${plural(room.participantCount, 'member')}, ${room.onlineCount} online`;
  return html`<header class="room-head">
    <${BackToRooms} unread=${chat.unreadBeside(room)} where=" in other rooms" />
    <${Avatar} id=${room.id} name=${room.name} />
    <div class="about">
      <h1 class="one-line" dir="auto">${room.name}</h1>
      <p class="sub one-line">${about}${room.description && html` · <bdi>${room.description}</bdi>`}</p>
    </div>
    <div class="tools">
      ${room.joined &&
      !room.call &&
      html`<button class="button ghost icon-only" aria-label="Call everybody here" title="Call" onClick=${() => ring('audio')}>${icon('phone')}</button>
        <button class="button ghost icon-only" aria-label="Video call with everybody here" title="Video call" onClick=${() => ring('video')}>${icon('camera')}</button>`}
      <button class="button ghost icon-only" aria-label="People in this room" title="People" aria-expanded=${people} aria-controls=${PEOPLE} onClick=${onPeople}>${icon('people')}</button>
      ${(mine || room.joined) && html`<${Menu} label="More about this room" title="More" items=${actions(mine, Boolean(room.joined), onDialog)} />`}
    </div>
  </header>`;
}

/** What one can do with a room besides talking. @param {boolean} mine @param {boolean} joined @param {(name: RoomAction) => void} onDialog @returns {import('./menu.js').Item[]} */
function actions(mine, joined, onDialog) {
  /** @typedef {import('./menu.js').Item & {may: boolean}} Choice */
  /** @type {Choice[]} */
  const all = [
    { may: mine, picture: 'edit', label: 'Change name', act: () => onDialog('name') },
    { may: mine, picture: 'edit', label: 'Change description', act: () => onDialog('description') },
    { may: joined, picture: 'bell', label: 'Sounds and notifications', act: () => onDialog('sounds') },
    { may: joined, picture: 'leave', label: 'Leave room', act: () => onDialog('leave') },
    { may: mine, picture: 'trash', label: 'Delete room', bad: true, act: () => onDialog('delete') },
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
    <span class="what">${names.length ? html`<bdi>${nameList(names)}</bdi> ${names.length === 1 ? 'is' : 'are'} in a call here.` : 'A call goes on here.'}</span>
    <button class="button primary small" onClick=${() => calls.prepare({ join: call.callId, roomId: room.id, name: room.name, callType: call.callType })}>Join the call</button>
  </div>`;
}

/** @param {{names: string[]}} props */
function TypingLine({ names }) {
  return html`<p class="typing one-line" aria-live="off">
    ${names.length > 0 && html`<bdi>${nameList(names)}</bdi> ${names.length === 1 ? 'is' : 'are'} writing…`}
  </p>`;
}

/** @param {{chat: Chat, room: Room}} props */
function JoinBar({ chat, room }) {
  const { busy, error, run } = useAction();
  return html`<div class="join-bar">
    <span>You are looking in from outside; refreshed every few seconds.</span>
    <button class="button primary" aria-disabled=${busy} onClick=${() => run(() => chat.join(room.id))}>Join room</button>
    ${error && html`<${Notice}>${inWords(error)}<//>`}
  </div>`;
}

/** @param {{app: App, chat: Chat, room: Room, beside: boolean, onClose: () => void}} props */
function People({ app, chat, room, beside, onClose }) {
  const known = chat.rooms.peopleIn(room.id);
  const whole = useParticipants(app, room, known.length === 0 && !room.joined);
  const list = known.length ? known : whole;
  const online = list.filter((one) => one.online);
  const away = list.filter((one) => !one.online);
  const ring = (/** @type {{userId: string, username: string}} */ one, /** @type {import('../protocol/types.js').CallType} */ callType) => {
    if (!beside) onClose();
    app.calls?.prepare({ to: one.userId, name: one.username, callType });
  };
  const row = (/** @type {any} */ one) => html`<li key=${one.userId} class=${`row ${one.online ? '' : 'away'}`}>
    <${Avatar} id=${one.userId} name=${one.username} online=${one.online} />
    <span class="title"><span dir="auto">${one.username}</span>${one.userId === chat.user.id && html`<span class="quiet">(you)</span>`}</span>
    ${one.userId !== chat.user.id && html`<${CallButtons} name=${one.username} ring=${(/** @type {any} */ type) => ring(one, type)} />`}
  </li>`;
  return html`<${Drawer} id=${PEOPLE} title="People" beside=${beside} onClose=${onClose}>
    ${known.length > 0 && html`<h3>Online, ${online.length}</h3>`}
    <ul>${online.map(row)}</ul>
    ${away.length > 0 && html`<h3>${known.length ? 'Away' : 'Members'}, ${away.length}</h3>`}
    <ul>${away.map(row)}</ul>
  <//>`;
}

/** Those of a room that one is not in, who are not told by events. @param {App} app @param {Room} room @param {boolean} needed */
function useParticipants(app, room, needed) {
  const [list, setList] = useState(/** @type {{userId: string, username: string, online: boolean}[]} */ ([]));
  useEffect(() => {
    let over = false;
    if (!needed) return undefined;
    app.rest.room(room.id).then(
      (whole) => !over && setList(whole.participants.map((one) => ({ userId: one.id, username: one.username, online: false }))),
      // Their number stands in the head; the names come with the next look.
      () => undefined,
    );
    return () => {
      over = true;
    };
  }, [room.id, room.participantCount, needed]);
  return list;
}
