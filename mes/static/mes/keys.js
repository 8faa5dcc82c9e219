/* Keys: ? help, g + letter to go, / search, j and k rows, Enter opens, and data-key="x" on a page's own acts.

   A single letter acts only when it stands alone for a moment: the characters of a scan never do.
   They can be switched off (WCAG 2.1.4), and they are silent in fields and dialogs. */

const ALONE = 60;
const OFF = "onelot-keys-off";
let pending = 0;
let lastAt = -Infinity;
let isGoing = false;

function isOff() {
  return localStorage.getItem(OFF) === "yes";
}

function isTyping(target) {
  return target.matches?.("input, textarea, select, [contenteditable]") || target.closest?.("dialog[open]");
}

function rows() {
  return [...document.querySelectorAll("[data-rows] [data-row]")].filter((row) => row.checkVisibility());
}

function move(by) {
  const all = rows();
  const now = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[Math.min(all.length - 1, Math.max(0, now === -1 ? 0 : now + by))];
  const link = next?.matches("a, button") ? next : next?.querySelector("a, button");
  link?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function search() {
  document.querySelector("[data-search]")?.focus();
}

function act(key) {
  if (isGoing) {
    isGoing = false;
    document.querySelector(`a[data-go="g ${CSS.escape(key)}"]`)?.click();
  } else if (key === "g") {
    isGoing = true;
    setTimeout(() => (isGoing = false), 1500);
  } else if (key === "?") {
    document.getElementById("keys-help")?.showModal();
  } else if (key === "/") {
    search();
  } else if (key === "j" || key === "k") {
    move(key === "j" ? 1 : -1);
  } else {
    const own = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)];
    const first = own.find((part) => part.checkVisibility() && !part.disabled);
    if (first?.matches("input, textarea, select")) first.focus();
    else first?.click();
  }
}

document.addEventListener("keydown", (event) => {
  const isAlone = event.timeStamp - lastAt > ALONE;
  if (event.key !== "Shift") lastAt = event.timeStamp;
  clearTimeout(pending);
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    search();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
  if (!isAlone || isOff() || event.defaultPrevented || isTyping(event.target)) return;
  if (document.querySelector("[data-hard-stop]")) return;
  pending = setTimeout(() => act(event.key), ALONE);
});

for (const box of document.querySelectorAll("[data-keys-on]")) {
  box.checked = !isOff();
  box.addEventListener("change", () => {
    if (box.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "yes");
  });
}
