/* The designer: arrows in the outline, Alt with an arrow moves; errors reach the eye and the ear. */

function links() {
  return [...document.querySelectorAll("[data-outline] a")];
}

function go(by) {
  const all = links();
  const now = all.indexOf(document.activeElement);
  all[Math.min(all.length - 1, Math.max(0, now + by))]?.focus();
}

// The form that moves stands beside the selected part; it moves the one that has the focus.
function moveItem(act) {
  const focused = document.activeElement.closest("[data-outline] a[data-item]");
  const url = document.querySelector("[data-edit]")?.dataset.edit;
  const version = document.querySelector(".seen input")?.value;
  if (!focused || !url) return;
  const values = { act, version, at: focused.dataset.at };
  window.htmx.ajax("POST", url, { source: "#designer-sync", target: "#designer", swap: "outerHTML", values });
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

document.querySelector("[data-outline] [aria-current]")?.scrollIntoView({ block: "nearest" });
