/* Presence: <p data-presence="/batches/…/here/"> tells who else looks at this step.

   A screen that nobody sees does not ask, so it is not seen either. Where the server does not
   answer, nobody is shown: the banner tells of that. */

const EVERY = 4000;
const part = document.querySelector("[data-presence]");

function show(others) {
  const words = others.length ? `Also on this step: ${others.join(", ")}` : "";
  if (part.textContent !== words) part.textContent = words;
}

async function look() {
  if (document.visibilityState === "visible") {
    try {
      const answer = await fetch(part.dataset.presence, {
        cache: "no-store",
        redirect: "manual",
        signal: AbortSignal.timeout(3000),
      });
      show(answer.ok ? (await answer.json()).others : []);
    } catch {
      show([]);
    }
  }
  setTimeout(look, EVERY);
}

if (part) look();
