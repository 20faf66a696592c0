/** Starts the client in this page, brings its parts, and shows it: the log-in, or the shell with everything in it. */

import { App } from './app.js';
import { BrowserStorage, memoryShelf } from './state/storage.js';
import { html, render } from './vendor/preact.js';
import { io } from './vendor/socket.io.js';
import { Welcome } from './views/auth.js';
import { useStore } from './views/hooks.js';
import { finishLater, watchPage } from './views/page.js';
import { Empty, Spinner } from './views/parts.js';

/** @param {'localStorage' | 'sessionStorage'} name */
function shelf(name) {
  try {
    return window[name];
  } catch {
    // Forbidden by the browser's settings: what is kept lasts as long as the page.
    return memoryShelf();
  }
}

/** @param {{app: App}} props */
function Root({ app }) {
  useStore(app);
  const { chat, roomPart } = app;
  // A link to a new password is for whoever opens it, whoever was logged in.
  if (!app.session.user || app.route.page === 'reset') return html`<${Welcome} app=${app} />`;
  if (roomPart.isMissing) return html`<main class="main"><${Incomplete} /></main>`;
  if (!roomPart.here || !chat) return html`<main class="main empty"><${Spinner} label="Opening" /></main>`;
  return html`<${roomPart.here.Shell} app=${app} chat=${chat} />`;
}

function Incomplete() {
  return html`<${Empty} main picture="alert" title="A part of this page did not arrive">
    <p>The connection was lost, or there is a newer version by now.</p>
    <button class="button primary" onClick=${() => location.reload()}>Load it again</button>
  <//>`;
}

const home = new URL('./', document.baseURI).pathname;
const app = new App({
  home,
  io: (options) => io(location.origin, { ...options, path: `${home}socket.io` }),
  storage: BrowserStorage.at(home, shelf('localStorage')),
  tabStorage: BrowserStorage.at(home, shelf('sessionStorage')),
  hash: location.hash,
  parts: { room: () => import('./room.js'), later: () => import('./later.js') },
});
app.navigation.setAddress = (hash) => {
  location.hash = hash;
};
app.place.replace = (hash) => history.replaceState(null, '', hash);

watchPage(app);
app.start();
const place = document.getElementById('app') ?? document.body;
place.replaceChildren();
render(html`<${Root} app=${app} />`, place);
finishLater(app);
