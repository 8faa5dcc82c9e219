/* Native dialogs, and the e-sign dialog in particular.

   Opened by [data-open-dialog="id"], or at once when the server sent it with data-open-now (a page
   that answers a wrong password, or a fragment that htmx just swapped in). Without JavaScript the
   same dialog stands open in the page and its form works as any form. */

function key() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function prepare(root) {
  for (const input of root.querySelectorAll("[data-idempotency-key]")) input.value ||= key();
}

export function open(dialog) {
  if (!dialog) return;
  dialog.removeAttribute("open");
  prepare(dialog);
  dialog.showModal();
  dialog.querySelector("[autofocus]")?.focus();
  offline();
}

function openNow(root) {
  const wanted = [...root.querySelectorAll("dialog[data-open-now]")];
  if (root.matches?.("dialog[data-open-now]")) wanted.push(root);
  for (const dialog of wanted) {
    dialog.removeAttribute("data-open-now");
    open(dialog);
  }
}

/* Honest about a lost connection: no signature is taken where the server cannot be asked. */
function offline() {
  const isLost = document.documentElement.dataset.connection === "lost";
  for (const form of document.querySelectorAll("form[data-sign]")) {
    form.querySelector("[data-sign-offline]")?.toggleAttribute("hidden", !isLost);
    const button = form.querySelector(".btn-sign");
    if (button) button.disabled = isLost;
  }
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open-dialog]");
  if (opener) open(document.getElementById(opener.dataset.openDialog));
  if (event.target.closest("[data-close-dialog]")) event.target.closest("dialog")?.close();
});

document.addEventListener("close", forget, true);
function forget(event) {
  if (!event.target.matches("dialog")) return;
  for (const input of event.target.querySelectorAll("input[type=password], [name$=username]")) {
    input.value = "";
  }
}

// Passwords do not survive in a page that comes back through the history.
window.addEventListener("pagehide", () => {
  document.querySelectorAll("input[type=password]").forEach((input) => (input.value = ""));
});
window.addEventListener("connection", offline);
document.addEventListener("htmx:afterSwap", (event) => openNow(event.detail.target.parentNode || document));
prepare(document);
openNow(document);
