/** Logging out: the question, which names what would be lost. */

import { html } from '../vendor/preact.js';
import { plural } from './format.js';
import { Confirm } from './room-dialogs.js';

/** @typedef {import('../app.js').App} App */

/** @param {{app: App, onClose: () => void}} props */
export function LogOutQuestion({ app, onClose }) {
  const losses = whatIsLost(app);
  return html`<${Confirm}
    title="Log out?"
    action="Log out"
    danger=${losses.length > 0}
    onClose=${onClose}
    work=${() => app.entry.logOut()}
  >
    ${losses.length > 0 &&
    html`<ul class="losses">
      ${losses.map((words) => html`<li key=${words}>${words}</li>`)}
    </ul>`}
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
    call ? `Your call ${call.group ? 'in' : 'with'} ${call.name || 'somebody'} ends for you.` : '',
    !call && calls?.elsewhere ? 'If your call goes on in another tab of this browser, it ends for you.' : '',
  ].filter(Boolean);
}
