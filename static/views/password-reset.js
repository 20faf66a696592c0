/** Tells a user that the password was set by a link of an administrator's, until that is dismissed. */

import { html } from '../vendor/preact.js';
import { dateInWords } from './format.js';

/** @param {{app: import('../app.js').App}} props */
export function PasswordReset({ app }) {
  const at = app.session.passwordResetAt;
  if (!at) return null;
  return html`<div class="banner" role="alert">
    <p dir="auto">
      Your password was reset ${dateInWords(at, Date.now())}. Was that not you? Tell whoever runs this server.
    </p>
    <button class="button small plain" onClick=${() => app.session.resetIsRead()}>Dismiss</button>
  </div>`;
}
