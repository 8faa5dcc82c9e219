/* The scanner tried out: <p data-scan-test="what is printed"> says what arrived otherwise. */

const part = document.querySelector("[data-scan-test]");

function told(expected, found) {
  if (found === expected) return "It arrives as it is printed. This scanner can be used.";
  const wrong = new Map();
  if ([...found].length === [...expected].length) {
    [...expected].forEach((sign, place) => {
      if ([...found][place] !== sign) wrong.set(sign, [...found][place]);
    });
    const signs = [...wrong].map(([sign, other]) => `${sign} arrives as ${other}`).join(", ");
    return `Another keyboard layout: ${signs}. Set the scanner to that of this station.`;
  }
  return "Signs are missing or too many: this is another code, or the scanner changes what it reads.";
}

document.addEventListener("scan", (event) => {
  event.preventDefault();
  const words = told(part.dataset.scanTest, event.detail.text);
  part.textContent = words;
  part.className = `scan-test ${event.detail.text === part.dataset.scanTest ? "tone-good" : "tone-stop"}`;
});
