/** The accounts of a server, for administrators: who is one, who is disabled, a link to a new password, removing. */

import { Accounts } from '../state/accounts.js';
import { inWords } from '../state/words.js';
import { html, useEffect, useState } from '../vendor/preact.js';
import { LinkToCopy } from './copying.js';
import { dayAndTime, shortTime } from './format.js';
import { useAction, useNow, useStore } from './hooks.js';
import { Dialog } from './in-front.js';
import { Menu } from './menu.js';
import { Avatar, Notice, PersonName, SearchField, Spinner } from './parts.js';
import { Confirm } from './room-dialogs.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../protocol/types.js').Account} Account */
/** @typedef {'admin' | 'member' | 'disable' | 'enable' | 'reset' | 'remove'} Deed */
/** @typedef {(account: Account, deed: Deed) => void} OnDeed */

const TYPING_MS = 200;

/** @param {{app: App}} props */
export function AdminPeople({ app }) {
  const [accounts] = useState(() => new Accounts({ rest: app.rest }));
  const [words, setWords] = useState('');
  const [asked, setAsked] = useState(/** @type {{account: Account, deed: Deed} | null} */ (null));
  const now = useNow(60_000);
  useStore(accounts);
  useEffect(() => {
    const timer = setTimeout(() => accounts.search(words), accounts.loaded ? TYPING_MS : 0);
    return () => clearTimeout(timer);
  }, [words]);
  const { list, loaded, problem, next, busy } = accounts;
  const onDeed = (/** @type {Account} */ account, /** @type {Deed} */ deed) => setAsked({ account, deed });
  return html`<section class="card form" aria-label="Accounts">
    <h2>People</h2>
    <${SearchField} label="Search accounts" value=${words} onInput=${setWords} />
    ${problem && html`<${Notice}>${problem}<//>`}
    ${!loaded && !problem && html`<${Spinner} label="Loading accounts" />`}
    ${loaded && !list.length && html`<p>Nobody is found.</p>`}
    <ul class="plain-list">
      ${list.map(
        (account) => html`<${Row} key=${account.id} app=${app} account=${account} now=${now} onDeed=${onDeed} />`,
      )}
    </ul>
    ${next !== null &&
    html`<button class="button ghost wide" aria-disabled=${busy} onClick=${() => accounts.more()}>Show more</button>`}
    ${asked && html`<${Ask} app=${app} accounts=${accounts} ...${asked} onClose=${() => setAsked(null)} />`}
  </section>`;
}

/** @param {{app: App, account: Account, now: number, onDeed: OnDeed}} props */
function Row({ app, account, now, onDeed }) {
  const { id, username, email, role, disabled, online, lastSeenAt } = account;
  const seen = online ? 'Online' : lastSeenAt ? `Last here: ${shortTime(lastSeenAt, now)}` : 'Never here';
  const item = (/** @type {Deed} */ deed, /** @type {string} */ label, bad = false) => ({
    label,
    bad,
    act: () => onDeed(account, deed),
  });
  const items = [
    role === 'admin' ? item('member', 'Make a member') : item('admin', 'Make an administrator'),
    disabled ? item('enable', 'Enable') : item('disable', 'Disable'),
    item('reset', 'Link to a new password'),
    item('remove', 'Remove the account', true),
  ];
  return html`<li class="line">
    <${Avatar} id=${id} name=${username} online=${online} />
    <div class="line-words">
      <p class="line-title">
        <${PersonName} app=${app} id=${id} name=${username} />
        ${role === 'admin' && html`<span class="tag">Administrator</span>`}
        ${disabled && html`<span class="tag bad">Disabled</span>`}
      </p>
      <p class="quiet one-line">${email} · ${seen}</p>
    </div>
    <${Menu} label=${`More about ${username}`} title="More" items=${items} />
  </li>`;
}

/** @typedef {{title: string, action: string, words: string, danger?: boolean, work: () => Promise<void>}} Question */

/**
 * Before it is done.
 * @param {{app: App, accounts: Accounts, account: Account, deed: Deed, onClose: () => void}} props
 */
function Ask({ app, accounts, account, deed, onClose }) {
  const { id, username } = account;
  if (deed === 'reset') return html`<${ResetDialog} app=${app} account=${account} onClose=${onClose} />`;
  /** @type {Record<Exclude<Deed, 'reset'>, Question>} */
  const deeds = {
    admin: {
      title: `Make ${username} an administrator?`,
      action: 'Make administrator',
      words:
        'Administrators see all accounts and invitations, and may disable and remove people. ' +
        'They see no private room that they are not in.',
      work: () => accounts.change(id, { role: 'admin' }),
    },
    member: {
      title: `Make ${username} a member?`,
      action: 'Make member',
      words: `${username} may no longer run this server.`,
      work: () => accounts.change(id, { role: 'member' }),
    },
    disable: {
      title: `Disable ${username}?`,
      action: 'Disable',
      danger: true,
      words:
        `${username} is logged out everywhere at once, and cannot log in. Rooms and messages stay. ` +
        'You can enable the account again.',
      work: () => accounts.change(id, { disabled: true }),
    },
    enable: {
      title: `Enable ${username}?`,
      action: 'Enable',
      words: `${username} can log in again.`,
      work: () => accounts.change(id, { disabled: false }),
    },
    remove: {
      title: `Remove ${username}?`,
      action: 'Remove account',
      danger: true,
      words:
        `The account is gone, on every device. What ${username} wrote stays, under that name. ` +
        'This cannot be undone.',
      work: () => accounts.remove(id),
    },
  };
  const { title, action, words, danger, work } = deeds[deed];
  return html`<${Confirm} title=${title} action=${action} danger=${danger} onClose=${onClose} work=${work}>
    ${words}
  <//>`;
}

/** @param {{app: App, account: Account, onClose: () => void}} props */
function ResetDialog({ app, account, onClose }) {
  const { busy, error, run } = useAction();
  const [link, setLink] = useState(/** @type {import('../protocol/types.js').ResetLink | null} */ (null));
  const make = () => run(async () => setLink(await app.rest.resetLink(account.id)));
  return html`<${Dialog} title=${`A new password for ${account.username}`} onClose=${onClose}>
    <div class="form">
      ${error && html`<${Notice}>${inWords(error)}<//>`}
      ${link
        ? html`<${LinkToCopy} url=${link.url} label=${`Send this link to ${account.username}, and to nobody else`} />
            <p class="quiet">Good once, until ${dayAndTime(link.expiresAt)}.</p>`
        : html`<p>
            You get a link by which ${account.username} sets a new password. It is good once, for a day; a link from
            before is good no more.
          </p>`}
      <div class="form-row">
        <button type="button" class="button plain" onClick=${onClose}>${link ? 'Close' : 'Cancel'}</button>
        ${!link &&
        html`<button type="button" class="button primary" aria-disabled=${busy} onClick=${make}>Make a link</button>`}
      </div>
    </div>
  <//>`;
}
