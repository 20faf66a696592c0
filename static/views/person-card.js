/** A person's card: who it is, whether online, and what one can do: write, ring, add to a room. */

import { inWords } from '../state/words.js';
import { html, useEffect, useState } from '../vendor/preact.js';
import { useAction } from './hooks.js';
import { callIcon, icon } from './icons.js';
import { Dialog } from './in-front.js';
import { Avatar, Notice } from './parts.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../state/chat.js').Chat} Chat */
/** @typedef {{id: string, username: string}} Who */
/** @typedef {'' | 'online' | 'offline' | 'gone'} Presence empty while it is not known */

/** @param {{app: App, chat: Chat}} props */
export function PersonCard({ app, chat }) {
  const { card } = app.navigation;
  return card && html`<${Card} key=${card.id} app=${app} chat=${chat} who=${card} />`;
}

/** @param {{app: App, chat: Chat, who: Who}} props */
function Card({ app, chat, who }) {
  const { busy, error, run } = useAction();
  const presence = usePresence(app, who);
  const isMe = who.id === chat.user.id;
  const close = () => app.navigation.showPerson(null);
  const write = () => run(() => app.navigation.writeTo(who.id));
  const ring = (/** @type {import('../protocol/types.js').CallType} */ callType) => {
    close();
    void app.prepareCall({ to: who.id, name: who.username, callType });
  };
  return html`<${Dialog} title=${who.username} onClose=${close}>
    <div class="form">
      <div class="page-head">
        <${Avatar} id=${who.id} name=${who.username} online=${presence === 'online'} size="large" />
        <p class="quiet" role="status">${isMe ? 'This is you.' : PRESENCE[presence]}</p>
      </div>
      ${error && html`<${Notice}>${inWords(error)}<//>`}
      ${!isMe &&
      html`<div class="card-actions">
          <button type="button" class="button primary" autofocus aria-disabled=${busy} onClick=${write}>
            ${icon('rooms')}Write
          </button>
          <button type="button" class="button plain" onClick=${() => ring('audio')}>${callIcon('audio')}Call</button>
          <button type="button" class="button plain" onClick=${() => ring('video')}>
            ${callIcon('video')}Video call
          </button>
        </div>
        <${AddToRoom} chat=${chat} who=${who} />`}
    </div>
  <//>`;
}

/** @type {Record<Presence, string>} */
const PRESENCE = { '': '', online: 'Online', offline: 'Offline', gone: 'There is no such account any more.' };

/** @param {App} app @param {Who} who @returns {Presence} */
function usePresence(app, who) {
  const [presence, setPresence] = useState(/** @type {Presence} */ (''));
  useEffect(() => {
    let over = false;
    app.rest.users({ search: who.username, limit: 50 }).then(
      ({ users }) => {
        const one = users.find(({ id }) => id === who.id);
        if (!over) setPresence(one ? (one.online ? 'online' : 'offline') : 'gone');
      },
      // Then nothing is said of it.
      () => undefined,
    );
    return () => {
      over = true;
    };
  }, [who.id]);
  return presence;
}

/** Into one of one's own rooms. @param {{chat: Chat, who: Who}} props */
function AddToRoom({ chat, who }) {
  const { busy, error, run } = useAction();
  const [done, setDone] = useState('');
  const isIn = (/** @type {import('../protocol/types.js').Room} */ room) => chat.rooms.people.has(room.id, who.id);
  const rooms = chat.rooms.list().mine.filter((room) => !isIn(room));
  if (!rooms.length) return done && html`<${Notice} kind="good">${done}<//>`;
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const roomId = String(new FormData(event.currentTarget).get('room'));
    const name = chat.rooms.byId.get(roomId)?.name ?? '';
    setDone('');
    void run(async () => {
      await chat.members.add(roomId, who.id);
      setDone(`${who.username} is in ${name} now.`);
    });
  };
  return html`<form class="form" onSubmit=${submit}>
    ${error && html`<${Notice}>${inWords(error)}<//>`}
    ${done && html`<${Notice} kind="good">${done}<//>`}
    <div class="field">
      <label for="card-room">Add to a room</label>
      <div class="field-row">
        <select class="input" id="card-room" name="room">
          ${rooms.map((room) => html`<option key=${room.id} value=${room.id} dir="auto">${room.name}</option>`)}
        </select>
        <button class="button plain" aria-disabled=${busy}>Add</button>
      </div>
    </div>
  </form>`;
}
