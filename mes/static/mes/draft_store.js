/* The store of drafts: IndexedDB, so that a crash of the browser costs nothing that was typed.

   Each draft is encrypted (AES-GCM, bound to its name) with the key of <body data-draft-key>, which
   the server gives only to the person who is signed in. Who shares the tablet may find that there
   is a draft for a step, and cannot read it. Outside HTTPS there is no WebCrypto, and no draft. */

const DATABASE = "onelot";
const STORE = "drafts";
const DAY = 86_400_000;
const utf8 = new TextEncoder();
let opened = null;
let key = null;
let queue = Promise.resolve();

function database() {
  opened ||= new Promise((done, failed) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  return opened;
}

async function inStore(mode, act) {
  const deed = (await database()).transaction(STORE, mode);
  const request = act(deed.objectStore(STORE));
  return new Promise((done, failed) => {
    deed.oncomplete = () => done(request.result);
    deed.onabort = () => failed(deed.error);
  });
}

/* One after the other: a form that comes back reads what was saved when it went. */
function inTurn(act) {
  const turn = queue.then(act);
  queue = turn.catch(() => {});
  return turn;
}

function keyOf() {
  const secret = Uint8Array.from(atob(document.body.dataset.draftKey || ""), (one) => one.charCodeAt(0));
  key ||= crypto.subtle.importKey("raw", secret, "AES-GCM", false, ["encrypt", "decrypt"]);
  return key;
}

function lock(name, iv) {
  return { name: "AES-GCM", iv, additionalData: utf8.encode(name) };
}

/* Keep `kept` (anything JSON) under `name`; fails where the browser keeps nothing. */
export function put(name, kept) {
  return inTurn(async () => {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const text = utf8.encode(JSON.stringify(kept));
    const data = await crypto.subtle.encrypt(lock(name, iv), await keyOf(), text);
    await inStore("readwrite", (store) => store.put({ at: Date.now(), iv, data }, name));
  });
}

/* What is kept under `name`, or null: nothing, a day old, or locked with the key of somebody else. */
export function get(name) {
  return inTurn(async () => {
    const found = await inStore("readonly", (store) => store.get(name));
    if (!found || isOld(found)) return null;
    const text = await crypto.subtle.decrypt(lock(name, found.iv), await keyOf(), found.data);
    return JSON.parse(new TextDecoder().decode(text));
  }).catch(() => null);
}

function isOld({ at }) {
  return Math.abs(Date.now() - at) > DAY;
}

/* Delete each draft that is a day old, or of which `isOver(name)` says so. */
export function remove(isOver) {
  return inTurn(() =>
    inStore("readwrite", (store) => {
      const request = store.openCursor();
      request.onsuccess = () => {
        const at = request.result;
        if (!at) return;
        if (isOld(at.value) || isOver(at.key)) at.delete();
        at.continue();
      };
      return request;
    }),
  ).catch(() => {});
}
