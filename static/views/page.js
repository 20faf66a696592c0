/** What happens around the page: its address, other tabs, being seen or not, the network, its title, its files. */

import { eachFrame } from './hooks.js';

const NEWER = 'There is a newer version of this page. Reload it when it suits you.';

/** @param {import('../app.js').App} app */
export function watchPage(app) {
  addEventListener('hashchange', () => app.navigation.go(location.hash));
  addEventListener('storage', (event) => app.stored(event.key));
  addEventListener('pagehide', () => app.leaving());
  addEventListener('online', () => app.connection.nudge());
  document.addEventListener('click', (event) => leadsHere(event) && app.navigation.makeWay(app.route));
  watchSize(app);
  const workers = /** @type {ServiceWorkerContainer | undefined} */ (navigator.serviceWorker);
  if (workers?.controller) workers.addEventListener('controllerchange', () => app.say(NEWER));
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible') return app.pausing();
    void app.session.refresh();
    app.changed();
  });
  eachFrame(app, () => {
    document.title = title(app);
    document.documentElement.dataset.theme = app.storage.read('theme') ?? 'auto';
  });
}

/**
 * A click on a link to where one is already changes no address, and is meant all the same.
 * @param {MouseEvent} event
 */
function leadsHere(event) {
  const link = event.target instanceof Element && event.target.closest('a[href^="#/"]');
  return link && link.getAttribute('href') === location.hash;
}

/** What there is room for. The same widths stand in shell.css and stage.css. @param {import('../app.js').App} app */
function watchSize(app) {
  const queries = {
    both: matchMedia('(min-width: 48rem)'),
    lists: matchMedia('(min-width: 48rem) and (min-height: 30.01rem)'),
    beside: matchMedia('(min-width: 56.25rem)'),
    all: matchMedia('(min-width: 75rem)'),
  };
  const look = () => {
    const { both, lists, beside, all } = queries;
    app.navigation.fit({ both: both.matches, lists: lists.matches, beside: beside.matches, all: all.matches });
  };
  for (const query of Object.values(queries)) query.addEventListener('change', look);
  look();
}

/** @type {Record<string, string>} */
const PAGES = {
  login: 'Log in',
  signup: 'Sign up',
  settings: 'Settings',
  invite: 'Invitation',
  reset: 'New password',
  admin: 'Administration',
  people: 'People',
  calls: 'Calls',
};

/** @param {import('../app.js').App} app */
function title(app) {
  const { chat, calls, route } = app;
  const { roomInView } = app.place;
  const ringing = calls?.incoming;
  if (ringing) return `${ringing.fromUsername} is calling · Tincan`;
  const unread = chat?.unread ?? 0;
  const room = roomInView ? chat?.rooms.byId.get(roomInView)?.name : null;
  const page = room ?? PAGES[route.page] ?? (route.section === 'rooms' ? null : PAGES[route.section]);
  return `${unread ? `(${unread}) ` : ''}${page ? `${page} · ` : ''}Tincan`;
}

/** What can wait until what one came for is there. @param {import('../app.js').App} app */
export function finishLater(app) {
  let done = false;
  const finish = () => {
    if (done || document.readyState !== 'complete' || (app.session.user && !app.later.here)) return;
    done = true;
    const links = document.getElementById('afterwards');
    if (links instanceof HTMLTemplateElement) document.head.append(links.content);
    keepFiles();
  };
  addEventListener('load', finish);
  app.subscribe(finish);
  finish();
}

/** Has the browser keep the client's files, so that it opens at once and without the server. */
function keepFiles() {
  // Missing where the page is not secure: there the browser's own cache is all there is.
  const workers = /** @type {ServiceWorkerContainer | undefined} */ (navigator.serviceWorker);
  if (!workers) return;
  // Only the build makes an import map. Without it files stand in a folder, and a worker of another time is to let go
  // of them.
  const built = Boolean(document.querySelector('script[type="importmap"]'));
  const work = built ? workers.register('service-worker.js') : workers.getRegistration().then((one) => one?.update());
  work.catch((error) => console.info('The files of this page are not kept:', error.message));
}
