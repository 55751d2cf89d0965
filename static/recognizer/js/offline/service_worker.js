/**
 * Opens the drawing page without a network. The server puts SHELL before this file:
 * {version, files, textsUrl, drawUrl, offlineUrl, activeUrl, networksUrl, elsewhere}.
 *
 * Kept are the two pages as somebody sees them who is not signed in, the files they load, and the
 * networks that read: all of it public. Every page comes from the network while there is one, so a
 * new version of the site shows at the next load; this worker takes over as soon as it has its files.
 */
const PREFIX = "recognizer-";
const FILES = `${PREFIX}shell-${SHELL.version}`;
const NETWORKS = `${PREFIX}networks`;
/** In English there are no texts but those in the scripts. */
const KEPT_FILES = SHELL.textsUrl ? [...SHELL.files, SHELL.textsUrl] : SHELL.files;
const MOST_NETWORKS = 2;
/** A network that is slower than this is none, for what is kept. */
const PATIENCE_MS = 5_000;

const coming = new Map();

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("fetch", (event) => {
  const answer = answerTo(event);
  if (answer) {
    event.respondWith(answer);
  }
});

async function install() {
  const cache = await caches.open(FILES);
  await Promise.all([
    cache.addAll(KEPT_FILES),
    keepPage(cache, SHELL.drawUrl),
    keepPage(cache, SHELL.offlineUrl),
  ]);
  await fetch(SHELL.activeUrl).then(keepActive).catch(() => {}); // No version may be active.
  await skipWaiting();
}

/** As this version of the site has it; while others still answer, this is tried again later. */
async function keepPage(cache, url) {
  const asked = `${url}?shell=${SHELL.version}`;
  const response = await fetch(asked, { credentials: "omit", cache: "no-store" });
  if (!response.ok) {
    throw new Error(`${asked} answers ${response.status}.`);
  }
  await cache.put(url, response);
}

async function activate() {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX));
  await Promise.all(old.filter((name) => name !== FILES && name !== NETWORKS).map((name) => caches.delete(name)));
  await clients.claim();
}

/** A promise of the answer, or null for what is none of this worker's business. */
function answerTo(event) {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) {
    return null;
  }
  if (request.mode === "navigate") {
    return SHELL.elsewhere.some((start) => pathname.startsWith(start)) ? null : page(request, pathname);
  }
  if (KEPT_FILES.includes(pathname)) {
    return kept(FILES, pathname).then((response) => response ?? fetch(request));
  }
  if (pathname === SHELL.activeUrl) {
    return active(event);
  }
  return pathname.startsWith(SHELL.networksUrl) ? network(pathname) : null;
}

async function page(request, pathname) {
  const isDrawing = pathname === SHELL.drawUrl;
  try {
    return await (isDrawing ? inTime(fetch(request)) : fetch(request));
  } catch {
    return (await kept(FILES, isDrawing ? SHELL.drawUrl : SHELL.offlineUrl)) ?? Response.error();
  }
}

/** Which version answers: the server's word, else what it last said. */
async function active(event) {
  try {
    const response = await inTime(fetch(event.request));
    if (response.ok) {
      event.waitUntil(keepActive(response.clone()).catch(() => {}));
    }
    return response;
  } catch {
    return (await kept(NETWORKS, SHELL.activeUrl)) ?? Response.error();
  }
}

/** The network first: what is kept never names one that is not. */
async function keepActive(response) {
  const { network: file } = await response.clone().json();
  const cache = await caches.open(NETWORKS);
  if (file && !(await cache.match(file.url))) {
    const found = await fetchOnce(file.url);
    if (!found.ok) {
      throw new Error(`${file.url} answers ${found.status}.`);
    }
    await cache.put(file.url, found);
  }
  await cache.put(SHELL.activeUrl, response);
  await trim(cache, file?.url);
}

async function trim(cache, activeFile) {
  const files = (await cache.keys()).map(({ url }) => new URL(url).pathname);
  const others = files.filter((path) => path.startsWith(SHELL.networksUrl) && path !== activeFile);
  const surplus = others.slice(0, Math.max(0, others.length - (MOST_NETWORKS - 1)));
  await Promise.all(surplus.map((path) => cache.delete(path)));
}

async function network(url) {
  return (await kept(NETWORKS, url)) ?? fetchOnce(url);
}

/** The page and this worker ask for the same file at the same time. */
async function fetchOnce(url) {
  if (!coming.has(url)) {
    coming.set(url, fetch(url).finally(() => coming.delete(url)));
  }
  return (await coming.get(url)).clone();
}

async function kept(name, url) {
  const cache = await caches.open(name);
  return cache.match(url, { ignoreVary: true });
}

function inTime(promise) {
  const late = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("The network is too slow.")), PATIENCE_MS);
  });
  return Promise.race([promise, late]);
}
