/* Live: one event stream for the page, named by <body data-stream="/…/stream/">.

   event: reading   data: {"sensor", "at", "value", …}   -> window event "reading" (charts, values)
   event: changed   data: {"subject": "batch:12"}        -> every [data-live~="batch:12"] is fetched
                                                            again from its data-live-url and swapped
   event: ping      data: server time in ms, every 2 s    -> the clock, and proof of life

   [data-reading="SENSOR"] shows the last value of a sensor as text. A part in which somebody is
   typing, or with an open dialog, is not swapped: it says that the record changed. So does a part
   without a data-live-url, if the page reads differently now. */

const SILENCE = 3600;
const COALESCE = 200;
// What differs between two looks at one page although the record is the same.
const PASSING = "[data-closable], [data-reading], #problem-area, .changed-notice, onelot-clock, onelot-timer, sensor-chart";
const root = document.documentElement;
const wanted = new Set();
let source = null;
let lastWord = 0;
let hasPings = false;
let wasOpen = false;
let again = 0;

function tell(state) {
  if (root.dataset.connection === state) return;
  root.dataset.connection = state;
  const banner = document.getElementById("banner");
  banner.hidden = state === "ok";
  banner.textContent =
    state === "lost"
      ? "No connection to the server. What you enter is kept as a draft; nothing can be signed."
      : "Live values are interrupted. Reconnecting…";
  window.dispatchEvent(new CustomEvent("connection", { detail: state }));
}

/* The stream may be down while the server is well: only a silent server stops signing. */
async function probe() {
  try {
    const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(2000) });
    tell(answer.ok ? (source?.readyState === 1 || !document.body.dataset.stream ? "ok" : "stale") : "lost");
  } catch {
    tell("lost");
  }
}

function parsed(event) {
  try {
    return JSON.parse(event.data);
  } catch {
    return null;
  }
}

function heard() {
  lastWord = Date.now();
}

function onReading(event) {
  heard();
  const reading = parsed(event);
  if (!reading) return;
  window.dispatchEvent(new CustomEvent("reading", { detail: reading }));
  for (const part of document.querySelectorAll(`[data-reading="${CSS.escape(reading.sensor)}"]`)) {
    part.textContent = reading.value ?? "—";
    part.dataset.readingAt = reading.at;
  }
}

function onChanged(event) {
  heard();
  const change = parsed(event);
  if (!change?.subject) return;
  window.dispatchEvent(new CustomEvent("changed", { detail: change }));
  for (const part of document.querySelectorAll(`[data-live~="${CSS.escape(change.subject)}"]`)) {
    wanted.add(part);
  }
  if (wanted.size) setTimeout(refresh, COALESCE);
}

function isBusy(part) {
  const focused = document.activeElement;
  const isTyping = part.contains(focused) && focused.matches("input, textarea, select") && focused.value;
  return isTyping || part.querySelector("dialog[open], form[data-sending]");
}

function refresh() {
  const parts = [...wanted];
  wanted.clear();
  for (const part of parts.filter((one) => one.isConnected)) {
    const url = part.dataset.liveUrl;
    if (url && !isBusy(part)) swap(part, url);
    else if (url) notice(part);
    else compare(part);
  }
}

async function swap(part, url) {
  if (window.htmx) {
    window.htmx.ajax("GET", url, { target: part, swap: "outerHTML" });
    return;
  }
  const answer = await fetch(url, { headers: { "HX-Request": "true" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  part.replaceWith(...page.body.childNodes);
}

function shown(page) {
  const main = page.querySelector("main").cloneNode(true);
  main.querySelectorAll(PASSING).forEach((one) => one.remove());
  return main.textContent.replace(/\s+/g, " ");
}

/* The event of a change may come after the page that shows it already: the page is asked for again. */
async function compare(part) {
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok && shown(page) === shown(document)) return;
  } catch {
    // Not known is not the same: it is said below.
  }
  notice(part);
}

function notice(part) {
  if (part.querySelector(".changed-notice")) return;
  const box = document.createElement("p");
  box.className = "alert tone-attention changed-notice";
  box.setAttribute("role", "status");
  const again = document.createElement("a");
  again.href = location.href;
  again.textContent = "Look again";
  box.append("Somebody changed this record meanwhile. ", again, " before you sign.");
  part.prepend(box);
}

function connect() {
  clearTimeout(again);
  source?.close();
  source = new EventSource(document.body.dataset.stream);
  source.addEventListener("open", () => {
    heard();
    tell("ok");
    // What changed while nobody listened is not repeated by every server: look once more.
    if (wasOpen) document.querySelectorAll("[data-live][data-live-url]").forEach((one) => wanted.add(one));
    if (wasOpen) refresh();
    wasOpen = true;
  });
  source.addEventListener("error", () => {
    probe();
    // A refused stream is closed for good by the browser; a lost one it opens again itself.
    if (source.readyState === EventSource.CLOSED) again = setTimeout(connect, 3000);
  });
  source.addEventListener("reading", onReading);
  source.addEventListener("changed", onChanged);
  source.addEventListener("ping", (event) => {
    hasPings = true;
    heard();
    const now = Number(event.data);
    if (now) window.dispatchEvent(new CustomEvent("server-time", { detail: now }));
  });
}

window.addEventListener("online", probe);
window.addEventListener("offline", () => tell("lost"));
setInterval(() => {
  if (root.dataset.connection === "lost" || root.dataset.connection === "stale") probe();
  if (hasPings && source?.readyState === 1 && Date.now() - lastWord > SILENCE) {
    lastWord = Date.now();
    tell("stale");
    connect();
    probe();
  }
}, 1000);
root.dataset.connection = navigator.onLine ? "ok" : "";
if (!navigator.onLine) tell("lost");
if (document.body.dataset.stream) connect();
window.addEventListener("pagehide", () => source?.close());
window.addEventListener("pageshow", (event) => event.persisted && document.body.dataset.stream && connect());
