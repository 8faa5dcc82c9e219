/* Drafts: what is typed into form[data-draft="key"] is kept on this tablet, as a draft and not a record.

   The key must carry what the draft is for ("batch-12-step-4-x1-n0-v0": the execution, how often it
   was tried, how many values stand): once that has moved on, its old draft is deleted; a hold in
   between changes nothing. So it is where the page says [data-draft-done], when its person signs
   out, and after a day. Passwords, user IDs, scans, hidden fields and files are left out, and forms
   with patient data must not ask for drafts. */

import { get, put, remove } from "./draft_store.js";

const WAIT = 800;
const PATIENCE = 1000;
const SKIPPED = new Set(["password", "hidden", "file", "submit", "button"]);
const two = (number) => String(number).padStart(2, "0");

function placeOf() {
  return `${document.body.dataset.user || ""}:${location.pathname}:`;
}

function nameOf(form) {
  return placeOf() + form.dataset.draft;
}

function fields(form) {
  return [...form.elements].filter(
    (field) =>
      field.name &&
      !SKIPPED.has(field.type) &&
      !field.name.endsWith("username") &&
      !("scanTarget" in field.dataset),
  );
}

function say(form, words) {
  const box = form.querySelector("[data-draft-status]");
  if (box) box.textContent = words;
}

async function save(form) {
  clearTimeout(form.draftTimer);
  form.draftTimer = 0;
  const kept = fields(form).map((field) => [
    field.name,
    ["checkbox", "radio"].includes(field.type) ? [field.value, field.checked] : field.value,
  ]);
  try {
    await put(nameOf(form), kept);
  } catch {
    say(form, "This browser keeps no draft.");
    return;
  }
  const now = new Date();
  say(form, `Saved ${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())} as draft, not record`);
}

async function restore(form) {
  const kept = await get(nameOf(form));
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
/* Who signs out leaves no draft behind, whoever was last here where the page does not know. */
async function leave(form) {
  const user = document.body.dataset.user;
  const wiped = remove((name) => !user || name.startsWith(`${user}:`));
  await Promise.race([wiped, new Promise((done) => setTimeout(done, PATIENCE))]);
  form.submit();
}

/* Take up the drafts of the forms in `part`, and delete those that the page is past. */
function take(part) {
  const forms = [...part.querySelectorAll("form[data-draft]")];
  if (part.matches?.("form[data-draft]")) forms.push(part);
  forms.forEach(restore);
  const isDone = document.querySelector("[data-draft-done]");
  const open = new Set([...document.querySelectorAll("form[data-draft]")].map(nameOf));
  const isPast = (name) => name.startsWith(placeOf()) && !open.has(name);
  remove((name) => (isDone || open.size > 0) && isPast(name));
}

document.addEventListener("submit", (event) => {
  if (event.target.dataset.draft) save(event.target);
  if (!("clearDrafts" in event.target.dataset) || event.defaultPrevented) return;
  event.preventDefault();
  leave(event.target);
});
// A form that is swapped away (its batch was stopped) keeps what was typed until it comes back.
document.addEventListener("htmx:beforeCleanupElement", ({ target }) => {
  if (target.draftTimer) save(target);
});
take(document);
document.addEventListener("htmx:load", ({ detail: { elt } }) => take(elt));
