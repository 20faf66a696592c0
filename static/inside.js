/** What somebody who is logged in needs, and nobody else: it comes with the page, but the log-in does not wait for it. */

import { watchForNews } from './views/notify.js';
import { watchRinging } from './views/ringing.js';
import { guardFocus } from './views/focus-guard.js';

export { CallDesk } from './call/desk.js';
export { Belongings } from './state/belongings.js';
export { Chat } from './state/chat.js';
export { LastRoom } from './state/last-room.js';
export { Shell } from './views/shell.js';

/** @param {import('./app.js').App} app */
export function watch(app) {
  watchForNews(app);
  watchRinging(app);
  guardFocus(document.body);
}
