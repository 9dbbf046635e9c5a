// The service worker of the crew's page, and of nothing else: it keeps the list of the day and what the page is made of.
const CACHE = "polder-driver-1";
const PATIENCE = 4000; // ms that a bad connection is waited for before the kept page is shown

const page = () => new URL(self.registration.scope).pathname;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  if (event.data?.keep) event.waitUntil(keep(event.data.keep));
});

// keep fetches what the page says it is made of, and forgets what an earlier version was made of.
async function keep(paths) {
  const cache = await caches.open(CACHE);
  await Promise.all(paths.map(async (path) => {
    if (path.startsWith("/assets/") && await cache.match(path)) return;
    await store(cache, path, await fetch(path));
  }));
  for (const request of await cache.keys()) {
    const path = new URL(request.url).pathname;
    if (path.startsWith("/assets/") && !paths.includes(path)) await cache.delete(request);
  }
}

// store keeps a whole answer of this address: not an error, and not the page that signing in leads to.
async function store(cache, key, answer) {
  if (answer.ok && !answer.redirected) await cache.put(key, answer.clone());
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/assets/")) event.respondWith(asset(event.request, url.pathname));
  else if (url.pathname === page()) event.respondWith(list(event));
});

async function asset(request, path) {
  const cache = await caches.open(CACHE);
  return await cache.match(path) ?? fetch(request);
}

// list asks the city, and shows what was kept when it does not answer.
async function list(event) {
  const cache = await caches.open(CACHE);
  const kept = async () => {
    const answer = await cache.match(page());
    if (!answer) return undefined;
    const headers = new Headers(answer.headers);
    headers.set("X-Polder-Kept", "yes");
    return new Response(answer.body, { status: 200, headers });
  };
  const asked = fetch(event.request).then(async (answer) => {
    await store(cache, page(), answer);
    return answer.status >= 500 ? await kept() ?? answer : answer;
  });
  event.waitUntil(asked.catch(() => {})); // who got the kept page has the new one the next time
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  try {
    return await Promise.race([asked, late]) ?? await kept() ?? await asked;
  } catch (err) {
    const answer = await kept();
    if (answer) return answer;
    throw err;
  }
}
