/* The designer: arrows in the outline, Alt with an arrow moves; errors reach the eye and the ear. */

function links() {
  return [...document.querySelectorAll("[data-outline] a")];
}

function go(by) {
  const all = links();
  const now = all.indexOf(document.activeElement);
  all[Math.min(all.length - 1, Math.max(0, now + by))]?.focus();
}

// Asked for by what stays: a link that is swapped while a field is being saved takes its request along.
function ask(method, url, values) {
  window.htmx.ajax(method, url, { source: "#designer-sync", target: "#designer-sync", swap: "innerHTML", values });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("#designer-sync a[data-part]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  ask("GET", link.getAttribute("href"));
});

// The form that moves stands beside the selected part; it moves the one that has the focus.
function moveItem(act) {
  const focused = document.activeElement.closest("[data-outline] a[data-item]");
  const url = document.querySelector("[data-edit]")?.dataset.edit;
  const version = document.querySelector(".seen input")?.value;
  if (!focused || !url) return;
  ask("POST", url, { act, version, at: focused.dataset.at });
}

document.addEventListener("keydown", (event) => {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step || event.ctrlKey || event.metaKey) return;
  const isInOutline = event.target.closest("[data-outline]");
  if (event.altKey) {
    event.preventDefault();
    if (isInOutline) moveItem(step < 0 ? "up" : "down");
    else document.querySelector(`#node-form [value="${step < 0 ? "up" : "down"}"]`)?.click();
  } else if (isInOutline) {
    event.preventDefault();
    go(step);
  }
});

// A refusal is an answer like any other: what was typed stands beside what is wrong with it.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status === 409 && event.detail.elt.closest?.("#designer-sync")) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

document.addEventListener("htmx:afterSettle", () => {
  for (const error of document.querySelectorAll("[data-error-of]")) {
    const input = document.getElementById(error.dataset.errorOf);
    if (error.textContent.trim()) input?.setAttribute("aria-invalid", "true");
    else input?.removeAttribute("aria-invalid");
  }
});

// The outline is scrolled by itself, never the page with it.
function showCurrent() {
  const outline = document.querySelector("[data-outline]");
  const line = outline?.querySelector("[aria-current]");
  if (!line) return;
  const top = line.offsetTop - outline.scrollTop;
  if (top < 0 || top > outline.clientHeight - line.offsetHeight) outline.scrollTop = line.offsetTop - outline.clientHeight / 3;
}

showCurrent();
document.addEventListener("htmx:afterSettle", showCurrent);
