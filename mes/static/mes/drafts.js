/* Drafts: what is typed into form[data-draft="key"] is kept in this tab, as a draft and not a record.

   The key must carry what the draft is for ("batch-12-step-4-x1-n0": the execution, and how often
   it was tried): once that has moved on, its old draft is never offered again; a hold in between
   changes nothing. Passwords, user IDs, hidden fields and files are
   left out, and forms with patient data must not ask for drafts. */

const PREFIX = "onelot-draft";
const WAIT = 800;
const SKIPPED = new Set(["password", "hidden", "file", "submit", "button"]);
const two = (number) => String(number).padStart(2, "0");

function nameOf(form) {
  return `${PREFIX}:${document.body.dataset.user || ""}:${location.pathname}:${form.dataset.draft}`;
}

function fields(form) {
  return [...form.elements].filter(
    (field) => field.name && !SKIPPED.has(field.type) && !field.name.endsWith("username"),
  );
}

function say(form, words) {
  const box = form.querySelector("[data-draft-status]");
  if (box) box.textContent = words;
}

function save(form) {
  const kept = fields(form).map((field) => [
    field.name,
    ["checkbox", "radio"].includes(field.type) ? [field.value, field.checked] : field.value,
  ]);
  try {
    sessionStorage.setItem(nameOf(form), JSON.stringify(kept));
  } catch {
    say(form, "This browser keeps no draft.");
    return;
  }
  const now = new Date();
  say(form, `Saved ${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())} as draft, not record`);
}

function restore(form) {
  let kept = null;
  try {
    kept = JSON.parse(sessionStorage.getItem(nameOf(form)));
  } catch {
    kept = null;
  }
  // What the server sent back (a refused form) is newer than any draft.
  if (!Array.isArray(kept) || form.querySelector("[aria-invalid]")) return;
  let isChanged = false;
  for (const [name, value] of kept) {
    for (const field of fields(form).filter((one) => one.name === name)) {
      if (Array.isArray(value)) {
        if (field.value === value[0]) field.checked = value[1];
      } else if (!field.value && value) {
        field.value = value;
        isChanged = true;
        // What comes back folded away would be sent unseen.
        const folded = field.closest("details");
        if (folded) folded.open = true;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }
  }
  if (isChanged) say(form, "Your draft is back. It is not on the record yet.");
}

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form?.dataset?.draft || !event.isTrusted) return;
  clearTimeout(form.draftTimer);
  form.draftTimer = setTimeout(() => save(form), WAIT);
});
document.addEventListener("submit", (event) => {
  if (event.target.dataset.draft) save(event.target);
  if (!("clearDrafts" in event.target.dataset)) return;
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(`${PREFIX}:`)) sessionStorage.removeItem(key);
  }
});
// A form that is swapped away (its batch was stopped) keeps what was typed until it comes back.
document.addEventListener("htmx:beforeCleanupElement", ({ target }) => {
  if (!target.draftTimer) return;
  clearTimeout(target.draftTimer);
  save(target);
});
document.querySelectorAll("form[data-draft]").forEach(restore);
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  if (elt.matches?.("form[data-draft]")) restore(elt);
  elt.querySelectorAll?.("form[data-draft]").forEach(restore);
});
