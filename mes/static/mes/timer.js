/* <onelot-clock> and <onelot-timer>: time as the server tells it, whatever the tablet's clock says.

   <onelot-clock [data-short]>: the server time, ticking.
   <onelot-timer data-ends-at="ISO">: what is left; then "over by", and one "timer-done" event.
   <onelot-timer data-started-at="ISO">: what has passed.
   The server's clock is in <html data-server-now>, and live.js corrects it with every ping. */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (number) => String(number).padStart(2, "0");
const sent = Date.parse(document.documentElement.dataset.serverNow || "");
let offset = Number.isNaN(sent) ? 0 : sent - Date.now();

export function serverNow() {
  return Date.now() + offset;
}

export function stamp(moment, isShort) {
  const at = new Date(moment);
  const clock = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} UTC`;
  if (isShort) return clock;
  return `${two(at.getUTCDate())} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()} ${clock}`;
}

export function span(milliseconds) {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000);
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  if (days) return `${days} d ${two(hours)} h`;
  return `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
}

class Ticking extends HTMLElement {
  connectedCallback() {
    this.tick();
    this.beat = setInterval(() => this.tick(), 1000);
  }

  disconnectedCallback() {
    clearInterval(this.beat);
  }
}

class Clock extends Ticking {
  tick() {
    this.textContent = stamp(serverNow(), "short" in this.dataset);
  }
}

class Timer extends Ticking {
  connectedCallback() {
    this.setAttribute("role", "timer");
    super.connectedCallback();
  }

  tick() {
    const { endsAt, startedAt } = this.dataset;
    const moment = Date.parse(endsAt || startedAt);
    if (Number.isNaN(moment)) return;
    if (!endsAt) {
      this.textContent = span(serverNow() - moment);
      return;
    }
    const left = moment - serverNow();
    this.dataset.state = left <= 0 ? "over" : left <= 60000 ? "soon" : "running";
    this.textContent = left <= 0 ? `over by ${span(left)}` : span(left + 999);
    if (left <= 0 && !this.isDone) {
      this.isDone = true;
      this.dispatchEvent(new CustomEvent("timer-done", { bubbles: true, detail: { late: -left } }));
    }
  }
}

window.addEventListener("server-time", (event) => {
  offset = event.detail - Date.now();
});
document.addEventListener("timer-done", (event) => {
  // A timer that was over when the page came says nothing: nobody was waiting for it here.
  if (event.detail.late > 2000) return;
  const detail = { tone: "attention", words: "The timer is over." };
  window.dispatchEvent(new CustomEvent("feedback", { detail }));
  for (const part of document.querySelectorAll("[data-after-timer]")) part.disabled = false;
});
customElements.define("onelot-clock", Clock);
customElements.define("onelot-timer", Timer);
