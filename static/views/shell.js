/** The frame around everything for who is logged in: sidebar, banner, main part, call and dialogs. */

import { html, useEffect, useRef, useState } from '../vendor/preact.js';
import { CallLayer, ElsewhereBar } from './call-layer.js';
import { Sounds } from './call-sound.js';
import { cornerOf } from './corner-place.js';
import { focusHeading } from './focus-guard.js';
import { momentInWords } from './format.js';
import { Empty, Spinner } from './parts.js';
import { RoomPage } from './room.js';
import { Settings } from './settings.js';
import { Sidebar } from './sidebar.js';
import { Toasts } from './toasts.js';

/** @typedef {import('../app.js').App} App */

/** @typedef {import('../state/chat.js').Chat} Chat */
/** @typedef {import('../call/desk.js').CallDesk} CallDesk */

/** @param {{app: App, chat: Chat, calls: CallDesk}} props */
export function Shell({ app, chat, calls }) {
  useFocusOnPage(app);
  const { page } = app.route;
  const roomId = app.place.roomInView;
  const view = page === 'settings' || roomId ? 'main' : 'list';
  const listAlone = !app.place.fits.both && view === 'list';
  return html`<div class="shell" data-view=${view} data-call=${app.callPlace} data-corner=${cornerOf(app)}>
    <button class="button primary skip" onClick=${focusHeading}>Skip the lists</button>
    <div class="top">
      <${Banner} app=${app} />
      <${ElsewhereBar} app=${app} calls=${calls} />
      <${Sounds} calls=${calls} />
      <${Toasts} app=${app} />
    </div>
    <${Sidebar} app=${app} chat=${chat} alone=${listAlone} />
    <main class="main" id="main" tabindex="-1" inert=${!app.roomVisible}>
      ${page === 'settings'
        ? html`<${Settings} app=${app} key="settings" />`
        : roomId
          ? html`<${RoomPage} app=${app} chat=${chat} roomId=${roomId} key=${roomId} />`
          : html`<${NoRoom} chat=${chat} />`}
    </main>
    <${CallLayer} app=${app} calls=${calls} />
  </div>`;
}

/** Who goes to another page is told so: the focus goes into it, where it is not there yet. @param {App} app */
function useFocusOnPage(app) {
  const { page } = app.route;
  const roomId = app.place.roomInView;
  const before = useRef(`${page} ${roomId}`);
  useEffect(() => {
    const now = `${page} ${roomId}`;
    if (before.current === now) return;
    before.current = now;
    const main = document.getElementById('main');
    if ((page === 'settings' || roomId) && !main?.contains(document.activeElement)) focusHeading();
  }, [page, roomId]);
}

/** @param {{chat: Chat}} props */
function NoRoom({ chat }) {
  const any = chat.rooms.byId.size > 0;
  return html`<${Empty} main picture="rooms" title=${any ? 'Pick a room' : 'Nice and quiet here'}>
    <p>${any ? 'Choose a room on the left, or ring somebody from People.' : 'Create the first room, and others will see it at once.'}</p>
  <//>`;
}

/** Says that the connection is away, once that lasts longer than a blink. @param {{app: App}} props */
function Banner({ app }) {
  const away = app.connection.status !== 'online';
  const wasThere = app.chat?.rooms.fetched;
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (!away) return undefined;
    const timer = setTimeout(() => setLate(true), wasThere ? 800 : 2_500);
    return () => clearTimeout(timer);
  }, [away]);
  if (!away || !late) return html`<div class="hidden-visually" role="status"></div>`;
  return html`<div class="banner" role="status"><${Spinner} label="Reconnecting" /><span>${awayWords(app)}</span></div>`;
}

/** @param {App} app */
function awayWords({ chat }) {
  if (chat?.restarting) return 'The server is restarting. You will be back in a moment.';
  if (chat?.rooms.fetched) return 'Connection lost. Reconnecting… What you write is kept and sent afterwards.';
  if (!chat?.rooms.loaded) return 'The server cannot be reached. Trying again…';
  const then = momentInWords(chat.known.at, Date.now());
  return `The server cannot be reached. You see what was here ${then}; what you write is kept and sent afterwards.`;
}
