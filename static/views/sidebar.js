/** The side: which list one looks at (rooms, people, calls), and who one is. */

import { html, useState } from '../vendor/preact.js';
import { sectionHref } from '../state/route.js';
import { CallList } from './call-list.js';
import { icon } from './icons.js';
import { LogOut } from './log-out.js';
import { Avatar, Badge } from './parts.js';
import { PeopleList } from './people-list.js';
import { RoomDialog } from './room-dialogs.js';
import { RoomList } from './room-list.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../state/chat.js').Chat} Chat */

const TITLES = { rooms: 'Rooms', people: 'People', calls: 'Calls' };

/** @param {{app: App, chat: Chat, alone: boolean}} props with `alone`, it is the main part of the page, as on phones */
export function Sidebar({ app, chat, alone }) {
  const [creating, setCreating] = useState(false);
  const { section } = app.route;
  const link = (/** @type {import('../state/route.js').Section} */ name, /** @type {any} */ picture, /** @type {string} */ label, /** @type {unknown} */ extra) =>
    html`<a href=${sectionHref(name, app.place.keptRoom)} aria-current=${section === name ? 'page' : undefined}>${icon(picture)}${label}${extra}</a>`;
  const missed = app.calls?.missed ?? 0;
  return html`<div class="sidebar" role=${alone ? 'main' : 'complementary'} aria-label="Rooms, people and calls">
    <${alone ? 'h1' : 'h2'} class="hidden-visually">${TITLES[section]}<//>
    <div class="sidebar-head">
      <a class="mark" href=${sectionHref('rooms', app.place.keptRoom)}><img src="/icons/tincan.svg" alt="" />Tincan</a>
      <button class="button plain small" onClick=${() => setCreating(true)}>${icon('plus')}New room</button>
    </div>
    <nav class="sections" aria-label="Lists">
      ${link('rooms', 'rooms', 'Rooms', null)} ${link('people', 'people', 'People', null)}
      ${link('calls', 'phone', 'Calls', missed > 0 && html`<${Badge} count=${missed} what="missed" />`)}
    </nav>
    ${section === 'people'
      ? html`<${PeopleList} app=${app} />`
      : section === 'calls'
        ? html`<${CallList} app=${app} chat=${chat} />`
        : html`<${RoomList} app=${app} chat=${chat} alone=${alone} onCreate=${() => setCreating(true)} />`}
    <div class="sidebar-foot">
      <${Avatar} id=${chat.user.id} name=${chat.user.username} />
      <strong class="who one-line" dir="auto">${chat.user.username}</strong>
      <a class="button ghost icon-only" href="#/settings" aria-label="Settings">${icon('settings')}</a>
      <${LogOut} app=${app} small />
    </div>
    ${creating && html`<${RoomDialog} app=${app} chat=${chat} onClose=${() => setCreating(false)} />`}
  </div>`;
}
