/* Small manners of every page: one gesture is one request, errors stay until closed, menus close. */

function guard(event) {
  const form = event.target;
  const button = event.submitter;
  const method = button?.getAttribute("formmethod") || form.getAttribute("method") || "get";
  // data-many: a form that may be sent again from the same page (a download).
  if (method.toLowerCase() !== "post" || event.defaultPrevented || "many" in form.dataset) return;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  // Sent now, the page itself would be lost with what stands on it.
  if (document.documentElement.dataset.connection === "lost") {
    event.preventDefault();
    showProblem("No connection to the server: nothing was sent. What you entered is kept; send it again when it is back.");
    return;
  }
  form.dataset.sending = "yes";
  form.setAttribute("aria-busy", "true");
  // Disabled only after this turn: a disabled button would drop its own name from the form.
  setTimeout(() => {
    if (button) button.disabled = true;
  });
  setTimeout(() => form.dataset.sending && button?.classList.add("is-waiting"), 400);
}

function release(form) {
  delete form.dataset.sending;
  form.removeAttribute("aria-busy");
  for (const button of form.querySelectorAll("button[type=submit]:disabled")) {
    button.disabled = false;
    button.classList.remove("is-waiting");
  }
}

document.addEventListener("submit", guard);
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form");
  if (form) release(form);
});
// Coming back through the history shows a page whose forms were already sent.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sending]").forEach(release);
});

function showProblem(words, html) {
  const area = document.getElementById("problem-area");
  if (!area) return;
  const found = html && new DOMParser().parseFromString(html, "text/html").getElementById("problem");
  const box = found ? document.importNode(found, true) : document.createElement("p");
  if (!found) box.textContent = words;
  box.classList.add("alert", "tone-stop");
  box.setAttribute("role", "alert");
  box.tabIndex = -1;
  area.replaceChildren(box);
  box.focus();
  box.scrollIntoView({ block: "center" });
}

document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  showProblem(`The server refused this (${xhr.status}). Nothing was written.`, xhr.responseText);
});
document.addEventListener("htmx:sendError", () => {
  showProblem("The server did not answer. What you entered is kept; try again.");
});

document.addEventListener("click", (event) => {
  const { target } = event;
  target.closest("[data-close]")?.closest("[data-closable]")?.remove();
  if (target.closest("[data-back]")) {
    event.preventDefault();
    history.back();
  }
  if (target.closest("[data-print]")) window.print();
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
  const row = target.closest("tr[data-row]");
  if (row && !target.closest("a, button, input, label") && !getSelection().toString()) {
    row.querySelector("a")?.click();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A hard stop takes the focus and does not give it back until it was read.
function holdFocus() {
  const stop = document.querySelector("[data-hard-stop]");
  if (!stop) return false;
  for (let part = stop; part !== document.body; part = part.parentElement) {
    for (const other of part.parentElement.children) other.inert ||= other !== part;
  }
  stop.focus();
  return true;
}

if (!holdFocus()) document.getElementById("problem")?.focus();
document.addEventListener("htmx:afterSettle", holdFocus);
