/** Has the browser keep the client's files, so that it opens at once and without the server; says so where newer ones came. */

/** @param {import('../app.js').App} app */
export function keepFiles(app) {
  // Missing where the page is not secure: there the browser's own cache is all there is.
  const workers = /** @type {ServiceWorkerContainer | undefined} */ (navigator.serviceWorker);
  if (!workers) return;
  // Only the build makes an import map. Without it files stand in a folder, and a worker of another time is to let go of them.
  const built = Boolean(document.querySelector('script[type="importmap"]'));
  const begin = () => {
    const work = built ? workers.register('/service-worker.js') : workers.getRegistration().then((one) => one?.update());
    work.catch((error) => console.info('The files of this page are not kept:', error.message));
  };
  // What one waits for comes first.
  if (document.readyState === 'complete') begin();
  else addEventListener('load', begin);
  if (!workers.controller) return;
  workers.addEventListener('controllerchange', () => app.say('There is a newer version of this page. Reload it when it suits you.'));
}
