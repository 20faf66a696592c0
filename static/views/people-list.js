/** The directory: everybody with an account, who is online, and a way to ring them. Fresh while it is open. */

import { Directory } from '../state/directory.js';
import { inWords } from '../state/words.js';
import { Component, html, useEffect, useRef, useState } from '../vendor/preact.js';
import { useStore } from './hooks.js';
import { icon } from './icons.js';
import { InviteDialog } from './invite-dialog.js';
import { Avatar, CallButtons, Empty, Notice, PersonName, SearchField, Skeleton } from './parts.js';

/** @typedef {import('../protocol/types.js').UserEntry} UserEntry */
/** @typedef {import('../state/directory.js').Page} Page */

const FRESH_MS = 4_000;
const TYPING_MS = 200;

/** @param {{app: import('../app.js').App}} props */
export function PeopleList({ app }) {
  const [directory] = useState(() => new Directory({ rest: app.rest }));
  const [words, setWords] = useState('');
  const [inviting, setInviting] = useState(false);
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  useStore(directory);
  useEffect(() => {
    const timer = setTimeout(() => directory.search(words), directory.loaded ? TYPING_MS : 0);
    return () => clearTimeout(timer);
  }, [words]);
  useFresh(directory, list);

  const me = app.session.user?.id;
  const { pages, loaded, problem, next } = directory;
  const anybody = pages.some((page) => page.users.some((user) => user.id !== me));
  return html`
    <div class="sidebar-tools">
      <${SearchField} label="Search people" value=${words} onInput=${setWords} />
      ${app.session.user?.role &&
      html`<button class="button plain small" onClick=${() => setInviting(true)}>${icon('link')}Invite</button>`}
    </div>
    ${inviting && html`<${InviteDialog} app=${app} onClose=${() => setInviting(false)} />`}
    <section class="sidebar-list" aria-label="People" tabindex="0" ref=${list}>
      ${problem && html`<${Notice}>${problem}<//>`}
      ${!loaded && !problem && html`<${Skeleton} label="Loading people" />`}
      ${loaded &&
      !anybody &&
      (directory.words ? html`<${NobodyFound} words=${directory.words} />` : html`<${NobodyElse} />`)}
      <ul>
        ${pages.map((page) => html`<${PageOfPeople} key=${page.after} page=${page} me=${me} app=${app} />`)}
      </ul>
      ${next !== null && html`<${More} directory=${directory} />`}
    </section>
  `;
}

/** @param {{words: string}} props */
const NobodyFound = ({ words }) =>
  html`<${Empty} picture="search" title="Nobody found">
    <p>
      No name, and no part of one, begins with “<bdi>${words}</bdi>”. A part comes after a dot, a hyphen or an
      underscore: “lee” finds anna.lee.
    </p>
  <//>`;

const NobodyElse = () =>
  html`<${Empty} picture="people" title="Nobody else yet"><p>Once others sign up they appear here.</p><//>`;

/**
 * Asks again for what is shown. At its beginning the list takes the order of now, unless somebody is about to choose
 * from it: nobody changes places under a pointer or the focus.
 * @param {Directory} directory @param {{current: HTMLElement | null}} list
 */
function useFresh(directory, list) {
  useEffect(() => {
    let over = false;
    /** @type {any} */
    let timer;
    const again = async () => {
      if (list.current && directory.loaded && !document.hidden) await lookAgain(directory, list.current);
      if (!over) timer = setTimeout(again, FRESH_MS);
    };
    timer = setTimeout(again, FRESH_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [directory]);
}

/** @param {Directory} directory @param {HTMLElement} list */
async function lookAgain(directory, list) {
  const rows = rowsInView(list);
  const atTop = rows[0] === (list.querySelector('[data-page]') ?? undefined);
  if (atTop && !list.matches(':hover, :focus-within')) return directory.settle();
  const places = new Set(rows.map((row) => row.getAttribute('data-page')));
  return directory.refresh(directory.pages.flatMap((page, index) => (places.has(page.after ?? '') ? [index] : [])));
}

/** The rows that can be seen, whatever it is that scrolls them. @param {HTMLElement} list @returns {Element[]} */
function rowsInView(list) {
  const { top, bottom } = list.getBoundingClientRect();
  return [...list.querySelectorAll('[data-page]')].filter((row) => {
    const box = row.getBoundingClientRect();
    return box.bottom > Math.max(top, 0) && box.top < Math.min(bottom, innerHeight);
  });
}

/**
 * Loads what comes next when one has scrolled there; for the keyboard it is a button.
 * @param {{directory: Directory}} props
 */
function More({ directory }) {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && directory.more());
    if (ref.current) observer.observe(ref.current);
    return () => observer.disconnect();
  }, [directory.next]);
  return html`<button
    ref=${ref}
    class="button ghost wide"
    aria-disabled=${directory.busy}
    onClick=${() => directory.more()}
  >
    Show more
  </button>`;
}

/** A page is drawn again only when something in it changed: of a thousand people few come and go. */
class PageOfPeople extends Component {
  /** @param {{page: Page}} next */
  shouldComponentUpdate(next) {
    return next.page !== this.props.page;
  }

  render() {
    const { page, me, app } = this.props;
    return page.users
      .filter((/** @type {UserEntry} */ user) => user.id !== me)
      .map(
        (/** @type {UserEntry} */ user) =>
          html`<li key=${user.id} data-page=${page.after ?? ''}><${Person} user=${user} app=${app} /></li>`,
      );
  }
}

/** @param {{user: UserEntry, app: import('../app.js').App}} props */
function Person({ user, app }) {
  const ring = (/** @type {import('../protocol/types.js').CallType} */ callType) =>
    void app.prepareCall({ to: user.id, name: user.username, callType });
  const write = () => void app.navigation.writeTo(user.id).catch((error) => app.say(inWords(error)));
  return html`<div class="row">
    <${Avatar} id=${user.id} name=${user.username} online=${user.online} />
    <span>
      <span class="title"><${PersonName} app=${app} id=${user.id} name=${user.username} /></span>
      <span class="sub">${user.online ? 'Online' : 'Offline'}</span>
    </span>
    <${CallButtons} name=${user.username} ring=${ring} write=${write} />
  </div>`;
}
