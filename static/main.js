/** Starts the client in this page, and tells it of what happens around the page. */

import { App } from './app.js';
import { browserDevices } from './call/devices.js';
import { BrowserStorage, memoryShelf } from './state/storage.js';
import { io } from './vendor/socket.io.js';
import { keepFiles } from './views/kept-files.js';
import { watchPage } from './views/page.js';
import { show } from './views/root.js';

/** @param {'localStorage' | 'sessionStorage'} name */
function shelf(name) {
  try {
    return window[name];
  } catch {
    // Forbidden by the browser's settings: what is kept lasts as long as the page.
    return memoryShelf();
  }
}

const app = new App({
  io: (options) => io(location.origin, options),
  storage: new BrowserStorage(shelf('localStorage')),
  tabStorage: new BrowserStorage(shelf('sessionStorage')),
  devices: browserDevices(),
  hash: location.hash,
  bringInside: () => import('./inside.js'),
});
app.navigate = (hash) => {
  location.hash = hash;
};
app.place.replace = (hash) => history.replaceState(null, '', hash);

watchPage(app);
app.start();
show(app, document.getElementById('app') ?? document.body);
keepFiles(app);
