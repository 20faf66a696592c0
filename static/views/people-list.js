/** The directory: everybody with an account, who is online, and a way to ring them. Fresh while it is open. */

import { asRequestError } from '../protocol/errors.js';
import { inWords } from '../state/words.js';
import { html, useEffect, useState } from '../vendor/preact.js';
import { icon } from './icons.js';
import { Avatar, Empty, Notice, Skeleton } from './parts.js';

/** @typedef {import('../protocol/types.js').UserEntry} UserEntry */

const FRESH_MS = 4_000;

/** @param {{app: import('../app.js').App}} props */
export function PeopleList({ app }) {
  const [words, setWords] = useState('');
  const [users, setUsers] = useState(/** @type {UserEntry[] | null} */ (null));
  const [problem, setProblem] = useState('');

  useEffect(() => {
    let over = false;
    /** @type {any} */
    let timer;
    const load = async () => {
      try {
        const found = await app.rest.users({ search: words.trim(), limit: 200 });
        if (over) return;
        setUsers(found);
        setProblem('');
      } catch (error) {
        if (!over) setProblem(inWords(asRequestError(error)));
      }
      if (!over) timer = setTimeout(load, FRESH_MS);
    };
    timer = setTimeout(load, users ? 200 : 0);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [words]);

  const me = app.session.user?.id;
  const others = (users ?? []).filter((user) => user.id !== me);
  others.sort((a, b) => Number(b.online) - Number(a.online));
  return html`
    <div class="sidebar-tools">
      <div class="search">
        ${icon('search')}
        <input class="input" type="search" aria-label="Search people" placeholder="Search people" value=${words}
          onInput=${(/** @type {any} */ event) => setWords(event.target.value)} />
      </div>
    </div>
    <section class="sidebar-list" aria-label="People" tabindex="0">
      ${problem && html`<${Notice}>${problem}<//>`}
      ${!users && !problem && html`<${Skeleton} label="Loading people" />`}
      ${users && !others.length && html`<${Empty} picture="people" title=${words ? 'Nobody of that name' : 'Nobody else yet'}>
        <p>${words ? 'Names are searched from their beginning.' : 'Once others sign up they appear here.'}</p>
      <//>`}
      <ul>
        ${others.map((user) => html`<li key=${user.id}><${Person} user=${user} app=${app} /></li>`)}
      </ul>
    </section>
  `;
}

/** @param {{user: UserEntry, app: import('../app.js').App}} props */
function Person({ user, app }) {
  const ring = (/** @type {'audio' | 'video'} */ callType) =>
    app.calls?.prepare({ to: user.id, name: user.username, callType });
  return html`<div class="row">
    <${Avatar} id=${user.id} name=${user.username} online=${user.online} />
    <span>
      <span class="title"><span>${user.username}</span></span>
      <span class="sub">${user.online ? 'Online' : 'Offline'}</span>
    </span>
    <span class="actions">
      <button class="button ghost small icon-only" aria-label=${`Call ${user.username}`} onClick=${() => ring('audio')}>${icon('phone')}</button>
      <button class="button ghost small icon-only" aria-label=${`Video call with ${user.username}`} onClick=${() => ring('video')}>${icon('camera')}</button>
    </span>
  </div>`;
}
