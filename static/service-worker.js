/**
 * Serves the client's own files without the network, and replaces all of them in one piece when the server has newer
 * ones.
 */

/**
 * The build puts in the list. It is empty where files are served as they stand in a folder: then nothing is kept.
 * @type {{version: string, files: string[]}}
 */
const SHELL = { version: '', files: [] };

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
/** Where the client lies: `/`, or below the prefix of a proxy. Beside it others may lie, whose files are theirs. */
const HOME = new URL('./', worker.location.href).pathname;
const CACHE = HOME === '/' ? `shell ${SHELL.version}` : `shell ${SHELL.version} ${HOME}`;
const FILES = new Set(SHELL.files.map((path) => HOME + path));

/** @param {string} name of a cache */
function isOwn(name) {
  const [kind, , home = '/'] = name.split(' ');
  return kind === 'shell' && home === HOME;
}

/** Whatever is missing lets the whole installation fail, so that no cache holds a part of a version. */
async function install() {
  const cache = await caches.open(CACHE);
  await Promise.all(
    [...FILES].map(async (path) => {
      // A name with a hash in it stands for the same bytes in every version.
      const lasting = /\.[0-9a-f]{16}\./.test(path);
      const known = lasting && (await caches.match(path));
      if (known) await cache.put(path, known);
      else await cache.add(new Request(path, { cache: lasting ? 'default' : 'no-cache' }));
    }),
  );
  await cache.add(new Request(HOME, { cache: 'no-cache' }));
  // The pages that are open have all of their files already.
  await worker.skipWaiting();
}

/** Lets go of what this worker kept under other versions. @param {string} [but] the one that stays */
async function forget(but) {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => isOwn(name) && name !== but).map((name) => caches.delete(name)));
}

/** @param {Request} request @param {string} path */
async function answer(request, path) {
  return (await caches.match(path, { cacheName: CACHE })) ?? fetch(request);
}

if (SHELL.version) {
  worker.addEventListener('install', (event) => event.waitUntil(install()));
  worker.addEventListener('activate', (event) => event.waitUntil(forget(CACHE).then(() => worker.clients.claim())));
  worker.addEventListener('fetch', (event) => {
    const { request } = event;
    const { origin, pathname } = new URL(request.url);
    if (request.method !== 'GET' || origin !== worker.location.origin) return;
    const page = request.mode === 'navigate' && pathname === HOME;
    if (page || FILES.has(pathname)) event.respondWith(answer(request, pathname));
  });
} else {
  worker.addEventListener('install', () => void worker.skipWaiting());
  worker.addEventListener('activate', (event) =>
    event.waitUntil(forget().then(() => worker.registration.unregister())),
  );
}
