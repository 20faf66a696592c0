/** What the page shows as a whole: the log-in, or the shell with everything in it. */

import { html, render } from '../vendor/preact.js';
import { Welcome } from './auth.js';
import { useStore } from './hooks.js';
import { Empty, Spinner } from './parts.js';

/** @typedef {import('../app.js').App} App */

/** @param {App} app @param {Element} element */
export function show(app, element) {
  element.replaceChildren();
  render(html`<${Root} app=${app} />`, element);
}

/** @param {{app: App}} props */
function Root({ app }) {
  useStore(app);
  const { inside, chat, calls } = app;
  if (!app.session.user) return html`<${Welcome} app=${app} />`;
  if (app.isIncomplete) return html`<main class="main"><${Incomplete} /></main>`;
  if (!inside || !chat || !calls) return html`<main class="main empty"><${Spinner} label="Opening" /></main>`;
  return html`<${inside.Shell} app=${app} chat=${chat} calls=${calls} />`;
}

function Incomplete() {
  return html`<${Empty} main picture="alert" title="A part of this page did not arrive">
    <p>The connection was lost, or there is a newer version by now.</p>
    <button class="button primary" onClick=${() => location.reload()}>Load it again</button>
  <//>`;
}
