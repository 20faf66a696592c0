/** What happens around the page: its address, other tabs, being seen or not, the network, its title. */

import { eachFrame } from './frames.js';

/** @param {import('../app.js').App} app */
export function watchPage(app) {
  addEventListener('hashchange', () => app.go(location.hash));
  addEventListener('storage', (event) => app.stored(event.key));
  addEventListener('pagehide', () => app.calls?.leaving());
  addEventListener('online', () => app.connection.nudge());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible') return;
    void app.session.refresh();
    app.changed();
  });
  eachFrame(app, () => {
    document.title = title(app);
    document.documentElement.dataset.theme = app.storage.read('theme') ?? 'auto';
  });
}

/** @param {import('../app.js').App} app */
function title(app) {
  const { chat, calls, route } = app;
  const ringing = calls?.incoming;
  if (ringing) return `${ringing.fromUsername} is calling · Tincan`;
  const unread = chat?.unread ?? 0;
  const room = route.roomId ? chat?.rooms.byId.get(route.roomId)?.name : null;
  return `${unread ? `(${unread}) ` : ''}${room ? `${room} · ` : ''}Tincan`;
}
