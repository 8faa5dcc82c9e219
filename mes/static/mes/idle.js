/* The clock of the session, as the server keeps it: a notice before it is over, then a clear screen.

   The server ends an idle session by itself; this only takes the record off the screen, and tells
   the server (POST) when a key, the pointer or the screen was really touched, so that nobody is
   sent away in the middle of a long form. Asking how much time is left (GET) is no activity. */

const PAGE = "/accounts/session/";
const TELL_EVERY = 60_000;
const LONGEST_SLEEP = 300_000;
const NOTICE = 60;
const notice = document.getElementById("idle-notice");
let touched = false;
let told = Date.now();
let timer = 0;

function leave() {
  for (const input of document.querySelectorAll("input[type=password]")) input.value = "";
  location.replace(`/accounts/login/?next=${encodeURIComponent(location.pathname)}`);
}

function token() {
  return JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
}

async function ask(method) {
  const headers = method === "POST" ? { "X-CSRFToken": token() } : {};
  try {
    const answer = await fetch(PAGE, { method, headers, cache: "no-store", redirect: "manual" });
    if (answer.status === 401 || answer.type === "opaqueredirect") return leave();
    if (!answer.ok) return askIn(30);
    show((await answer.json()).left);
  } catch {
    // The server cannot be asked: the banner says so, and the session is still the server's.
    askIn(30);
  }
}

function show(left) {
  const isNear = left <= NOTICE;
  if (isNear && notice.hidden) {
    notice.textContent = "Nothing was touched for a while: this session ends within a minute. Press a key or touch the screen to go on.";
  }
  notice.hidden = !isNear;
  askIn(isNear ? left : left - NOTICE);
}

function askIn(seconds) {
  clearTimeout(timer);
  timer = setTimeout(look, Math.min(Math.max(seconds, 1) * 1000 + 500, LONGEST_SLEEP));
}

function look() {
  ask(touched ? "POST" : "GET");
  told = touched ? Date.now() : told;
  touched = false;
}

function touch(event) {
  if (!event.isTrusted) return;
  touched = true;
  if (!notice.hidden || Date.now() - told > TELL_EVERY) look();
}

if (document.body.dataset.user) {
  for (const kind of ["keydown", "pointerdown"]) addEventListener(kind, touch, { passive: true });
  document.addEventListener("visibilitychange", () => document.hidden || ask("GET"));
  addEventListener("pageshow", (event) => event.persisted && ask("GET"));
  ask("GET");
}
