/** The frame around everything for who is logged in: sidebar, banner, main part, call and dialogs. */

import { html, useEffect, useRef, useState } from '../vendor/preact.js';
import { sectionHref } from '../state/place.js';
import { momentInWords } from './format.js';
import { icon, logo } from './icons.js';
import { Avatar, Badge, Empty, Late, LogOut, Skeleton, Spinner } from './parts.js';
import { RoomList } from './room-list.js';
import { RoomPage } from './room.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../state/chat.js').Chat} Chat */

const TOAST_MS = 8_000;
/**
 * @type {Partial<Record<import('../state/place.js').Page, import('./parts.js').LateView>>} the view of each page that
 *   is no list and no room
 */
const PAGES = { settings: 'Settings', invite: 'InvitePage', admin: 'Admin' };
const TITLES = { rooms: 'Rooms', people: 'People', calls: 'Calls' };

/** @param {{app: App, chat: Chat}} props */
export function Shell({ app, chat }) {
  useFocusOnPage(app);
  useEffect(() => {
    // What one came for is drawn.
    if (app.canBeRead) void app.later.bring();
  });
  const { page } = app.route;
  const roomId = app.place.roomInView;
  const view = page !== 'home' || roomId ? 'main' : 'list';
  const { calls } = app;
  const later = calls && app.later.here;
  const listAlone = !app.place.fits.both && view === 'list';
  const skip = () => app.later.bring().then(({ focusHeading }) => focusHeading());
  const opening = html`<div class="empty"><${Spinner} label="Opening" /></div>`;
  return html`<div
    class="shell"
    data-view=${view}
    data-call=${app.navigation.callPlace}
    data-corner=${later?.cornerOf(app)}
  >
    <button class="button primary skip" onClick=${skip}>Skip the lists</button>
    <div class="top">
      <${Banner} app=${app} />
      ${app.later.isMissing && html`<${Missing} />`}
      ${app.session.passwordResetAt && html`<${Late} app=${app} view="PasswordReset" unasked />`}
      ${later && html`<${later.ElsewhereBar} app=${app} calls=${calls} /><${later.Sounds} calls=${calls} />`}
      <${Toasts} app=${app} />
    </div>
    <${Sidebar} app=${app} chat=${chat} alone=${listAlone} />
    <main class="main" id="main" tabindex="-1" inert=${!app.navigation.roomVisible}>
      ${page !== 'home'
        ? html`<${Late}
            app=${app}
            view=${PAGES[page] ?? 'Settings'}
            key=${page}
            code=${app.route.code}
            meanwhile=${opening}
          />`
        : roomId
          ? html`<${RoomPage} app=${app} chat=${chat} roomId=${roomId} key=${roomId} />`
          : html`<${NoRoom} chat=${chat} />`}
    </main>
    ${later && html`<${later.CallLayer} app=${app} calls=${calls} />`}
    ${app.navigation.card && html`<${Late} app=${app} view="PersonCard" chat=${chat} />`}
  </div>`;
}

/**
 * The side: which list one looks at (rooms, people, calls), and who one is.
 * @param {{app: App, chat: Chat, alone: boolean}} props with `alone`, it is the main part of the page, as on phones
 */
function Sidebar({ app, chat, alone }) {
  const [creating, setCreating] = useState(false);
  const { section } = app.route;
  /**
   * @param {import('../state/place.js').Section} name
   * @param {Parameters<typeof icon>[0]} picture @param {unknown} [extra]
   */
  const link = (name, picture, extra) =>
    html`<a href=${sectionHref(name, app.place.keptRoom)} aria-current=${section === name ? 'page' : undefined}>
      ${icon(picture)}${TITLES[name]}${extra}
    </a>`;
  const people = html`<${Coming} label="Loading people" />`;
  const calls = html`<${Coming} label="Loading calls" />`;
  const missed = app.calls?.missed ?? 0;
  return html`<div class="sidebar" role=${alone ? 'main' : 'complementary'} aria-label="Rooms, people and calls">
    <${alone ? 'h1' : 'h2'} class="hidden-visually">${TITLES[section]}<//>
    <div class="sidebar-head">
      <a class="mark" href=${sectionHref('rooms', app.place.keptRoom)}>${logo()}Tincan</a>
      <button class="button plain small" onClick=${() => setCreating(true)}>${icon('plus')}New room</button>
    </div>
    <nav class="sections" aria-label="Lists">
      ${link('rooms', 'rooms')} ${link('people', 'people')}
      ${link('calls', 'phone', missed > 0 && html`<${Badge} count=${missed} what="missed" />`)}
    </nav>
    ${section === 'people'
      ? html`<${Late} app=${app} view="PeopleList" key="people" meanwhile=${people} />`
      : section === 'calls'
        ? html`<${Late} app=${app} view="CallList" key="calls" chat=${chat} meanwhile=${calls} />`
        : html`<${RoomList} app=${app} chat=${chat} alone=${alone} onCreate=${() => setCreating(true)} />`}
    <div class="sidebar-foot">
      <${Avatar} id=${chat.user.id} name=${chat.user.username} />
      <strong class="who one-line" dir="auto">${chat.user.username}</strong>
      ${app.isAdmin &&
      html`<a class="button ghost icon-only" href="#/admin" aria-label="Administration" title="Administration">
        ${icon('key')}
      </a>`}
      <a class="button ghost icon-only" href="#/settings" aria-label="Settings">${icon('settings')}</a>
      <${LogOut} app=${app} small />
    </div>
    ${creating && html`<${Late} app=${app} view="NewRoomDialog" chat=${chat} onClose=${() => setCreating(false)} />`}
  </div>`;
}

/** @param {{label: string}} props */
const Coming = ({ label }) => html`<section class="sidebar-list"><${Skeleton} label=${label} /></section>`;

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
    if ((page !== 'home' || roomId) && !main?.contains(document.activeElement)) app.later.here?.focusHeading();
  }, [page, roomId]);
}

/** @param {{chat: Chat}} props */
function NoRoom({ chat }) {
  const any = chat.rooms.byId.size > 0;
  return html`<${Empty} main picture="rooms" title=${any ? 'Pick a room' : 'Nice and quiet here'}>
    <p>
      ${any
        ? 'Choose a room on the left, or ring somebody from People.'
        : 'Create the first room, and others will see it at once.'}
    </p>
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
  return html`<div class="banner" role="status">
    <${Spinner} label="Reconnecting" /><span>${awayWords(app)}</span>
  </div>`;
}

/**
 * The rest of the client is asked for again by itself. Firefox gives a module that failed once only to another page.
 */
function Missing() {
  return html`<div class="banner" role="status">
    <${Spinner} label="Trying again" /><span>A part of this page did not arrive. Trying again…</span>
    <button class="button small plain" onClick=${() => location.reload()}>Load the page again</button>
  </div>`;
}

/** @param {App} app */
function awayWords({ chat }) {
  if (chat?.restarting) return 'The server is restarting. You will be back in a moment.';
  if (chat?.rooms.fetched) return 'Connection lost. Reconnecting… What you write is kept and sent afterwards.';
  if (!chat?.rooms.loaded) return 'The server cannot be reached. Trying again…';
  const then = momentInWords(chat.known.at, Date.now());
  return `The server cannot be reached. You see what was here ${then}; what you write is kept and sent afterwards.`;
}

/**
 * Short words about what just happened, in a row of their own: they push what is below and cover nothing. Behind a
 * dialog they could not be read: they wait until it is closed.
 * @param {{app: App}} props
 */
function Toasts({ app }) {
  const behind = useDialogInFront();
  const shown = behind ? [] : app.toasts;
  return html`<div class="toasts" role="status" aria-live="polite">
    ${shown.map((toast) => html`<${Toast} key=${toast.id} text=${toast.text} onDone=${() => app.dismiss(toast.id)} />`)}
  </div>`;
}

/** It stays while somebody points at it or has the focus in it. @param {{text: string, onDone: () => void}} props */
function Toast({ text, onDone }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return undefined;
    const timer = setTimeout(onDone, TOAST_MS);
    return () => clearTimeout(timer);
  }, [held]);
  const [hold, free] = [() => setHeld(true), () => setHeld(false)];
  return html`<div
    class="toast"
    onPointerEnter=${hold}
    onPointerLeave=${free}
    onFocusCapture=${hold}
    onBlurCapture=${free}
  >
    <span dir="auto">${text}</span>
    <button class="button ghost small icon-only" aria-label="Dismiss" onClick=${onDone}>${icon('close')}</button>
  </div>`;
}

function useDialogInFront() {
  const look = () => document.querySelector('dialog:modal') !== null;
  const [there, setThere] = useState(look);
  useEffect(() => {
    const observer = new MutationObserver(() => setThere(look()));
    observer.observe(document.body, { subtree: true, attributes: true, attributeFilter: ['open'] });
    const layers = document.getElementById('layers');
    if (layers) observer.observe(layers, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, []);
  return there;
}
