/** Starts the client in this page, and tells it of what happens around the page. */

import { App } from './app.js';
import { browserDevices } from './call/devices.js';
import { BrowserStorage, memoryShelf } from './state/storage.js';
import { io } from './vendor/socket.io.js';
import { guardFocus } from './views/focus-guard.js';
import { keepFiles } from './views/kept-files.js';
import { watchForNews } from './views/notify.js';
import { watchPage } from './views/page.js';
import { watchRinging } from './views/ringing.js';
import { show } from './views/shell.js';

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
});
app.navigate = (hash) => {
  location.hash = hash;
};
app.place.replace = (hash) => history.replaceState(null, '', hash);

watchPage(app);
watchForNews(app);
watchRinging(app);
guardFocus(document.body);
show(app, document.getElementById('app') ?? document.body);
app.start();
keepFiles(app);
