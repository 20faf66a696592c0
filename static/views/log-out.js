/** Logging out: the button, and the question that names what would be lost. */

import { html, useState } from '../vendor/preact.js';
import { plural } from './format.js';
import { icon } from './icons.js';
import { Confirm } from './room-dialogs.js';

/** @typedef {import('../app.js').App} App */

/** @param {{app: App, small?: boolean}} props `small`: the picture alone */
export function LogOut({ app, small }) {
  const [asking, setAsking] = useState(false);
  const ask = () => setAsking(true);
  return html`
    ${small
      ? html`<button class="button ghost icon-only" aria-label="Log out" title="Log out" onClick=${ask}>${icon('logOut')}</button>`
      : html`<button class="button plain" onClick=${ask}>${icon('logOut')}Log out</button>`}
    ${asking && html`<${Question} app=${app} onClose=${() => setAsking(false)} />`}
  `;
}

/** @param {{app: App, onClose: () => void}} props */
function Question({ app, onClose }) {
  const losses = whatIsLost(app);
  return html`<${Confirm} title="Log out?" action="Log out" danger=${losses.length > 0} onClose=${onClose} work=${() => app.logOut()}>
    ${losses.length > 0 && html`<ul class="losses">${losses.map((words) => html`<li key=${words}>${words}</li>`)}</ul>`}
    <p>You are logged out in every tab of this browser, and it keeps nothing of yours.</p>
  <//>`;
}

/** @param {App} app @returns {string[]} sentences */
function whatIsLost({ chat, calls }) {
  if (!chat) return [];
  const unsent = chat.outbox.items.size;
  const drafts = chat.marks.drafts();
  const { call } = calls ?? {};
  return [
    unsent ? `${plural(unsent, 'message was', 'messages were')} not sent yet, and will be lost.` : '',
    drafts ? `What you began to write in ${plural(drafts, 'room')} will be lost.` : '',
    call ? `Your call ${call.roomId ? 'in' : 'with'} ${call.name || 'somebody'} ends for you.` : '',
    !call && calls?.elsewhere ? 'If your call goes on in another tab of this browser, it ends for you.' : '',
  ].filter(Boolean);
}
