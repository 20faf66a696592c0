/** Administration, for administrators: people, invitations, and how the server is. */

import { inWords } from '../state/words.js';
import { html, useEffect, useState } from '../vendor/preact.js';
import { AdminPeople } from './admin-people.js';
import { dayAndTime, plural, span } from './format.js';
import { useAction } from './hooks.js';
import { InviteList, useInvites } from './invite-dialog.js';
import { BackToRooms, Empty, Notice, Spinner } from './parts.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../protocol/types.js').Overview} Overview */

const FRESH_MS = 5_000;
/** @type {Record<string, string>} by the last part of the address */
const TITLES = { people: 'People', invites: 'Invitations', overview: 'Overview' };

/** @param {{app: App, code: string}} props `code` is the part that one looks at */
export function Admin({ app, code }) {
  if (!app.isAdmin) {
    return html`<${Empty} main picture="lock" title="For administrators">
      <p>Your account does not run this server.</p>
      <a class="button plain" href="#/rooms">To the rooms</a>
    <//>`;
  }
  const part = TITLES[code] ? code : 'people';
  return html`<div class="page" tabindex="0" role="region" aria-label="Administration">
    <div class="page-inner wide">
      <header class="page-head">
        <${BackToRooms} unread=${app.chat?.unread ?? 0} />
        <h1>Administration</h1>
      </header>
      <nav class="sections" aria-label="Administration">
        ${Object.entries(TITLES).map(
          ([name, title]) =>
            html`<a key=${name} href=${`#/admin/${name}`} aria-current=${name === part ? 'page' : undefined}>
              ${title}
            </a>`,
        )}
      </nav>
      ${part === 'people'
        ? html`<${AdminPeople} app=${app} />`
        : part === 'invites'
          ? html`<${Invitations} app=${app} />`
          : html`<${HowItIs} app=${app} />`}
    </div>
  </div>`;
}

/** @param {{app: App}} props */
function Invitations({ app }) {
  const { invites, error, loaded, refresh } = useInvites(app);
  return html`<section class="card form" aria-label="Invitations">
    <h2>Invitations that are still good</h2>
    <p class="quiet">Everybody makes theirs in People, or in the menu of a room.</p>
    ${error && html`<${Notice}>${inWords(error)}<//>`}
    ${!loaded && !error && html`<${Spinner} label="Loading invitations" />`}
    ${loaded && !invites.length && html`<p>There are none.</p>`}
    <${InviteList} app=${app} invites=${invites} onGone=${refresh} by />
  </section>`;
}

/** @param {{app: App}} props */
function HowItIs({ app }) {
  const [seen, setSeen] = useState(/** @type {Overview | null} */ (null));
  const { error, run } = useAction();
  const look = () => void run(async () => setSeen(await app.rest.overview()));
  useEffect(() => {
    look();
    const timer = setInterval(look, FRESH_MS);
    return () => clearInterval(timer);
  }, []);
  if (error && !seen) return html`<${Notice}>${inWords(error)}<//>`;
  if (!seen) return html`<${Spinner} label="Loading the overview" />`;
  const store =
    typeof seen.store === 'string' ? seen.store : [seen.store?.engine, seen.store?.status].filter(Boolean).join(', ');
  /** @type {[string, string | number][]} */
  const facts = [
    ['Version', seen.version],
    ['Up for', span(seen.uptime)],
    ['Store', store],
    ['Accounts', seen.users.toLocaleString()],
    ['Rooms', seen.rooms.toLocaleString()],
    ['Messages', seen.messages.toLocaleString()],
    ['Calls now', seen.calls.toLocaleString()],
  ];
  return html`<section class="card form" aria-label="Overview">
      <h2>Overview</h2>
      <dl class="facts">
        ${facts.map(
          ([name, value]) =>
            html`<div key=${name}>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>
    </section>
    <section class="card form" aria-label="Servers">
      <h2>${plural(seen.servers.length, 'server')}</h2>
      <ul class="plain-list">
        ${seen.servers.map(
          (server) => html`<li class="line" key=${server.id}><div class="line-words">
            <p class="one-line"><strong>${server.id}</strong> <span class="quiet">${server.version}</span></p>
            <p class="quiet">${plural(server.sockets, 'connection')}, since ${dayAndTime(server.startedAt)}</p>
          </div></li>`,
        )}
      </ul>
    </section>`;
}
