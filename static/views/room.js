/** A room: its head, its messages, the field below. */

import { html, useEffect, useState } from '../vendor/preact.js';
import { isDeserted, isDirect } from '../state/kinds.js';
import { inWords } from '../state/words.js';
import { Composer } from './composer.js';
import { nameList } from './format.js';
import { useAction, useMedia } from './hooks.js';
import { callIcon } from './icons.js';
import { Messages } from './messages.js';
import { Empty, Late, Notice, Spinner } from './parts.js';
import { PEOPLE, RoomHead } from './room-head.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../state/chat.js').Chat} Chat */
/** @typedef {import('../protocol/types.js').Room} Room */
/** @typedef {import('./room-head.js').RoomAction} RoomAction */

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
    <${RoomHead} app=${app} chat=${chat} room=${room} people=${people} onPeople=${togglePeople} onDialog=${setDialog} />
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
    <button class="button primary" aria-disabled=${busy} onClick=${() => run(() => chat.members.join(room.id))}>
      Join room
    </button>
    ${error && html`<${Notice}>${inWords(error)}<//>`}
  </div>`;
}
