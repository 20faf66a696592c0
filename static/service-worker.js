/** Serves the client's own files without the network, and replaces all of them in one piece when the server has newer ones. */

/**
 * The build puts in the list. It is empty where files are served as they stand in a folder: then nothing is kept.
 * @type {{version: string, files: string[]}}
 */
const SHELL = { version: '', files: [] };

const CACHE = `shell ${SHELL.version}`;
const OWN = /^shell /;

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/** Whatever is missing lets the whole installation fail, so that no cache holds a part of a version. */
async function install() {
  const names = await caches.keys();
  const kept = await Promise.all(names.filter((name) => OWN.test(name)).map((name) => caches.open(name)));
  const cache = await caches.open(CACHE);
  await Promise.all(
    SHELL.files.map(async (path) => {
      // A name with a hash in it stands for the same bytes in every version.
      const lasting = /\.[0-9a-f]{16}\./.test(path);
      const known = lasting && (await firstOf(kept, path));
      if (known) await cache.put(path, known);
      else await cache.add(new Request(path, { cache: lasting ? 'default' : 'no-cache' }));
    }),
  );
  await cache.add(new Request('/', { cache: 'no-cache' }));
  // The pages that are open have all of their files already.
  await worker.skipWaiting();
}

/** @param {Cache[]} held @param {string} path */
async function firstOf(held, path) {
  for (const cache of held) {
    const found = await cache.match(path);
    if (found) return found;
  }
  return undefined;
}

async function activate() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => OWN.test(name) && name !== CACHE).map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/** @param {Request} request @param {string} path */
async function answer(request, path) {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}

if (SHELL.version) {
  worker.addEventListener('install', (event) => event.waitUntil(install()));
  worker.addEventListener('activate', (event) => event.waitUntil(activate()));
  worker.addEventListener('fetch', (event) => {
    const { request } = event;
    const { origin, pathname } = new URL(request.url);
    if (request.method !== 'GET' || origin !== worker.location.origin) return;
    const page = request.mode === 'navigate' && pathname === '/';
    if (page || SHELL.files.includes(pathname)) event.respondWith(answer(request, pathname));
  });
} else {
  worker.addEventListener('install', () => void worker.skipWaiting());
  worker.addEventListener('activate', (event) =>
    event.waitUntil(
      (async () => {
        for (const name of await caches.keys()) if (OWN.test(name)) await caches.delete(name);
        await worker.registration.unregister();
      })(),
    ),
  );
}
