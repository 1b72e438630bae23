// The offline shell: the page and all its files, as they were when it was last loaded. What the API says is never kept here.
const SHELL = 'shell-v1';
/** The build puts the names of its files here. */
const FILES = [];
const PAGES = ['/', '/before.js', '/icon.svg', '/manifest.webmanifest', '/config.json'];

self.addEventListener('install', (event) => {
  event.waitUntil(filled());
});

self.addEventListener('activate', (event) => {
  event.waitUntil(emptied());
});

/** Nothing is there twice: files never change, and have another name where they do. */
async function filled() {
  const cache = await caches.open(SHELL);
  const held = new Set((await cache.keys()).map(({ url }) => new URL(url).pathname));
  await cache.addAll([...PAGES, ...FILES.filter((name) => !held.has(name))]);
}

/** No page of an earlier build is open any more. */
async function emptied() {
  for (const name of await caches.keys()) if (name !== SHELL) await caches.delete(name);
  const cache = await caches.open(SHELL);
  for (const request of await cache.keys()) {
    if (![...PAGES, ...FILES].includes(new URL(request.url).pathname)) await cache.delete(request);
  }
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin) return;
  if (pathname.startsWith('/assets/')) event.respondWith(kept(request));
  else if (PAGES.includes(pathname)) event.respondWith(fresh(request));
});

/** Files that never change. */
async function kept(request) {
  const cache = await caches.open(SHELL);
  const found = await cache.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

/** As the server has it; without the server as it was. */
async function fresh(request) {
  const cache = await caches.open(SHELL);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch (error) {
    const found = await cache.match(request);
    if (found) return found;
    throw error;
  }
}
