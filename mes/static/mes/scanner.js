/* The scanner: a keyboard wedge is heard on the whole page, whatever has the focus.

   A scan is a burst: at least 6 characters, on average less than 35 ms apart and never more than
   50, ended by Enter or Tab; or a burst that opens with an AIM symbology identifier (ISO/IEC
   15424: ]d2, ]C1, ]Q3), which needs no end key. GS (0x1D) arrives as Ctrl+] and is kept.

   Note [Restore]: the first characters of a burst cannot be told from typing, so they do reach the
   focused field. When the burst turns out to be a scan, every field that it touched gets back the
   value it had before; a password field therefore never keeps a scan. */

const MEAN_GAP = 35;
const GAP = 50;
const LEAST = 6;
const AGAIN = 1000;
const GS = "\u001d";
const AIM = /^\]([A-Za-z][0-9A-Za-z])/;

let burst = null;
let last = { raw: "", at: -Infinity };
let timer = 0;
let sound = null;

function touched(element) {
  if (!element || burst.before.has(element)) return;
  if (element.matches("input, textarea, select")) burst.before.set(element, element.value);
}

function restore(fields) {
  for (const [field, value] of fields) {
    if (field.value === value) continue;
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function character(event) {
  if (event.key === GS || (event.key === "]" && event.ctrlKey)) return GS;
  if (event.ctrlKey || event.metaKey || (event.altKey && !event.getModifierState("AltGraph"))) {
    return "";
  }
  return [...event.key].length === 1 ? event.key : "";
}

function isScan() {
  if (!burst || burst.text.length < LEAST) return false;
  return (burst.at - burst.from) / (burst.text.length - 1) < MEAN_GAP;
}

function onKey(event) {
  if (event.isComposing || event.key === "Shift" || event.key === "AltGraph") return;
  if (event.key === "Control" || event.key === "Alt" || event.key === "CapsLock") return;
  const isClose = burst && event.timeStamp - burst.at <= GAP;
  if (event.key === "Enter" || event.key === "Tab") {
    const hit = isClose && isScan();
    if (hit) {
      event.preventDefault();
      event.stopImmediatePropagation();
      finish(event.timeStamp);
    }
    burst = null;
    return;
  }
  const typed = event.repeat ? "" : character(event);
  if (!typed) {
    burst = null;
    return;
  }
  if (!isClose) burst = { text: "", before: new Map(), from: event.timeStamp, at: event.timeStamp };
  touched(document.activeElement);
  burst.text += typed;
  burst.at = event.timeStamp;
  const hasNoField = !document.activeElement?.matches("input, textarea, select, [contenteditable]");
  // A space or a slash inside a burst must not press the focused button or search the page.
  if (typed === GS || (burst.text.length > 1 && hasNoField)) event.preventDefault();
  clearTimeout(timer);
  if (AIM.test(burst.text)) timer = setTimeout(withoutEnd, GAP * 2);
}

function withoutEnd() {
  if (isScan() && AIM.test(burst.text)) finish(burst.at);
  burst = null;
}

function finish(at) {
  clearTimeout(timer);
  const { text: raw, before } = burst;
  restore(before);
  if (raw === last.raw && at - last.at < AGAIN) {
    last.at = at;
    return;
  }
  last = { raw, at };
  const aim = raw.match(AIM);
  const text = aim ? raw.slice(3) : raw;
  announce(text, aim ? aim[1] : "", raw);
}

/* The field that takes a scan: in the open dialog, else the focused one, else the first in sight. */
function targetOf() {
  const dialogs = document.querySelectorAll("dialog[open]");
  const scope = dialogs.length ? dialogs[dialogs.length - 1] : document;
  const focused = document.activeElement;
  const fits = (field) => !field.disabled && !field.readOnly && field.type !== "password";
  if (focused?.matches("[data-scan-target]") && scope.contains(focused) && fits(focused)) {
    return focused;
  }
  return [...scope.querySelectorAll("[data-scan-target]")].find(
    (field) => fits(field) && field.checkVisibility(),
  );
}

/* The card on the wall: what a key would do. It presses nothing in a signature. */
const COMMANDS = {
  ONELOTNEXT() {
    if (document.querySelector("dialog[open]")) return false;
    const button = document.querySelector(".op-primary .btn:not(:disabled), main .btn-primary:not(:disabled)");
    button?.click();
    return Boolean(button);
  },
  ONELOTCANCEL() {
    const dialogs = document.querySelectorAll("dialog[open]");
    dialogs[dialogs.length - 1]?.close();
    return dialogs.length > 0;
  },
  ONELOTHOME() {
    location.assign("/");
    return true;
  },
};

function commanded(text) {
  if (!Object.hasOwn(COMMANDS, text) || document.querySelector("[data-hard-stop]")) return false;
  const isDone = COMMANDS[text]();
  feedback(isDone ? "good" : "attention", isDone ? "Done" : "There is nothing to do with that here.");
  return true;
}

function announce(text, symbology, raw) {
  if (commanded(text)) return;
  const target = targetOf();
  const detail = { text, symbology, raw, target };
  const from = target || document.activeElement || document.body;
  const scan = new CustomEvent("scan", { bubbles: true, cancelable: true, detail });
  if (document.querySelector("[data-hard-stop]")) {
    feedback("attention", "Read the stop first. The scan was not taken.");
  } else if (!from.dispatchEvent(scan)) {
    feedback("good", `Scanned ${readable(text)}`);
  } else if (target) {
    feedback("good", `Scanned ${readable(text)}`);
    fill(target, text);
  } else {
    feedback("attention", `Scanned ${readable(text)}: nothing on this screen takes a scan.`);
  }
}

function fill(field, text) {
  field.value = text;
  const source = field.form?.querySelector("[data-scan-source]");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  if (source) source.value = "scanned";
  if (source) field.form.dataset.source = "scanned";
  field.dispatchEvent(new Event("change", { bubbles: true }));
  if (field.dataset.scanSubmit !== "no") field.form?.requestSubmit();
  else nextEmpty(field);
}

function nextEmpty(field) {
  const inputs = [...(field.form?.querySelectorAll("input:not([type=hidden])") || [])];
  inputs.slice(inputs.indexOf(field) + 1).find((input) => !input.value && input.checkVisibility())?.focus();
}

function readable(text) {
  return text.replaceAll(GS, "␝");
}

/* Within 100 ms: color and word on the screen, a tone, and a short buzz where there is a motor. */
export function feedback(tone, words) {
  const box = document.getElementById("scan-status");
  if (box) {
    box.className = `scan-status tone-${tone} is-shown`;
    box.textContent = words;
    clearTimeout(box.hide);
    box.hide = setTimeout(() => box.classList.remove("is-shown"), 4000);
  }
  navigator.vibrate?.(tone === "good" ? 40 : [80, 60, 80]);
  beep(tone === "good" ? 880 : 220);
}

function beep(hertz) {
  if (!navigator.userActivation?.hasBeenActive) return;
  try {
    sound ||= new AudioContext();
    const tone = new OscillatorNode(sound, { frequency: hertz });
    const volume = new GainNode(sound, { gain: 0.06 });
    tone.connect(volume).connect(sound.destination);
    tone.start();
    tone.stop(sound.currentTime + 0.09);
  } catch {
    sound = null;
  }
}

// Typing into a scan field makes the entry keyed again, whatever was scanned before.
document.addEventListener("input", (event) => {
  if (!event.target.matches?.("[data-scan-target]")) return;
  const source = event.target.form?.querySelector("[data-scan-source]");
  if (!source) return;
  source.value = "keyed";
  event.target.form.dataset.source = "keyed";
});
window.addEventListener("keydown", onKey, { capture: true });
window.addEventListener("feedback", (event) => feedback(event.detail.tone, event.detail.words));
