/* <onelot-number>: says in words where a number stands against its limits, and brings a keypad.

   Only for the eye: the server decides with decimals. Comma and point are both taken. */

const KEYS = ["7", "8", "9", "back", "4", "5", "6", ".", "1", "2", "3", "0"];

export function numberOf(text) {
  const clean = text.trim().replace(",", ".").replace("−", "-");
  return /^-?(\d+\.?\d*|\.\d+)$/.test(clean) ? Number(clean) : null;
}

class OneLotNumber extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    this.words = this.querySelector("[data-words]");
    if (!this.input || this.isReady) return;
    this.isReady = true;
    this.input.addEventListener("input", () => this.judge());
    this.fillKeypad(this.querySelector("[data-keypad]"));
    this.judge();
  }

  limit(name) {
    return name in this.dataset ? numberOf(this.dataset[name]) : null;
  }

  judge() {
    const value = numberOf(this.input.value);
    const low = this.limit("low");
    const high = this.limit("high");
    const unit = this.dataset.unit || "";
    let tone = "good";
    let words = low === null && high === null ? "Number understood" : "Within limits";
    if (!this.input.value.trim()) [tone, words] = ["", ""];
    else if (value === null) [tone, words] = ["attention", "This is not a number"];
    else if (low !== null && value < low) [tone, words] = ["stop", `Below ${this.dataset.low} ${unit}`];
    else if (high !== null && value > high) [tone, words] = ["stop", `Above ${this.dataset.high} ${unit}`];
    else if (this.isUnusual(value)) [tone, words] = ["attention", "Within limits, but unusual: look again"];
    this.words.textContent = words;
    this.words.className = `number-words${tone ? ` tone-${tone}` : ""}`;
  }

  isUnusual(value) {
    const low = this.limit("softLow");
    const high = this.limit("softHigh");
    return (low !== null && value < low) || (high !== null && value > high);
  }

  fillKeypad(pad) {
    if (!pad) return;
    for (const key of KEYS) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn keypad-key";
      button.textContent = key === "back" ? "⌫" : key;
      if (key === "back") button.setAttribute("aria-label", "Delete the last character");
      button.addEventListener("click", () => this.press(key));
      pad.append(button);
    }
    pad.hidden = false;
  }

  press(key) {
    const { value } = this.input;
    this.input.value = key === "back" ? value.slice(0, -1) : value + key;
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

customElements.define("onelot-number", OneLotNumber);
