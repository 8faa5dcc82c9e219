/* <sensor-chart>: the trend of one sensor with its limits and the steps of the batch, live.

   The data (data-url, or data-json = id of a json_script):
     {"label", "unit", "decimals", "times": [seconds], "values": [number or null],
      "limits": [{"value", "label", "side": "low" | "high", "kind": "stop" | "attention"}],
      "steps": [{"from", "to" (null: now), "label"}], "gap": seconds that count as a gap}
   Window event "reading" {"sensor", "at" (ISO or seconds), "value"} appends when the sensor is ours.
   For those who do not see it: a summary in words, and the last values as a table. */

const ROWS = 30;
let library = null;

function load() {
  library ||= new Promise((resolve, reject) => {
    if (window.uPlot) return resolve(window.uPlot);
    const from = document.querySelector("meta[name=onelot-uplot]");
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: from.dataset.css });
    const script = Object.assign(document.createElement("script"), { src: from.content });
    script.addEventListener("load", () => resolve(window.uPlot));
    script.addEventListener("error", reject);
    document.head.append(style, script);
  });
  return library;
}

const two = (number) => String(number).padStart(2, "0");

function clock(seconds, isFine) {
  const at = new Date(seconds * 1000);
  const words = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
  return isFine ? `${words}:${two(at.getUTCSeconds())}` : words;
}

function element(name, style, words) {
  const made = document.createElement(name);
  if (style) made.className = style;
  if (words) made.textContent = words;
  return made;
}

class SensorChart extends HTMLElement {
  async connectedCallback() {
    if (this.isReady) return;
    this.isReady = true;
    try {
      const [, data] = await Promise.all([load(), this.read()]);
      this.data = data;
    } catch {
      this.replaceChildren(element("p", "text-secondary", `${this.dataset.label}: no data to draw.`));
      return;
    }
    this.times = (this.data.times || []).slice();
    this.values = (this.data.values || []).map((value) => (value === null ? null : Number(value)));
    this.build();
    this.draw();
    this.off = new AbortController();
    const { signal } = this.off;
    window.addEventListener("reading", (event) => this.append(event.detail), { signal });
    window.addEventListener("themechange", () => this.draw(), { signal });
    window.addEventListener("beforeprint", () => this.draw(), { signal });
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.stage);
    this.beat = setInterval(() => this.describe(), 10000);
  }

  disconnectedCallback() {
    this.off?.abort();
    this.sizes?.disconnect();
    clearInterval(this.beat);
    this.plot?.destroy();
    this.plot = null;
    this.isReady = false;
  }

  async read() {
    if (this.dataset.json) return JSON.parse(document.getElementById(this.dataset.json).textContent);
    const answer = await fetch(this.dataset.url, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return answer.json();
  }

  build() {
    const head = element("div", "chart-head");
    this.now = element("span", "chart-now");
    head.append(element("span", "chart-label", this.label()), this.now);
    this.stage = element("div", "chart-stage");
    this.stage.setAttribute("role", "img");
    this.more = element("details", "chart-more");
    this.table = element("table", "table table-sm");
    this.more.append(element("summary", "", "Values as a table"), this.table);
    this.more.addEventListener("toggle", () => this.describe());
    // Colors come from the style sheet: read here as computed values, for the canvas.
    this.inks = element("span", "chart-inks");
    for (const ink of ["line", "text", "grid", "stop", "attention", "band"]) {
      this.inks.append(element("i", `chart-ink-${ink}`));
    }
    this.replaceChildren(head, this.stage, this.more, this.inks);
  }

  label() {
    return this.data.label || this.dataset.label;
  }

  ink(name) {
    return getComputedStyle(this.inks.querySelector(`.chart-ink-${name}`)).color;
  }

  shown(value) {
    if (value === null || value === undefined) return "no reading";
    return `${value.toFixed(this.data.decimals ?? 2)} ${this.data.unit || ""}`.trim();
  }

  draw() {
    this.plot?.destroy();
    this.stage.replaceChildren();
    const { width, height } = this.size();
    const axis = { stroke: this.ink("text"), grid: { stroke: this.ink("grid"), width: 1 }, ticks: { show: false } };
    this.plot = new window.uPlot(
      {
        width,
        height,
        legend: { show: false },
        cursor: { drag: { x: false, y: false } },
        padding: [12, 12, 0, 0],
        scales: { x: { time: true, range: () => this.span() }, y: { range: (_, low, high) => this.reach(low, high) } },
        axes: [
          { ...axis, values: (_, splits) => splits.map((one) => clock(one, this.window() <= 600)), space: 72 },
          { ...axis, size: 56, values: (_, splits) => splits.map((one) => String(Number(one.toFixed(3)))) },
        ],
        series: [{}, { stroke: this.ink("line"), width: 2, points: { show: false }, spanGaps: false }],
        hooks: { drawClear: [(plot) => this.bands(plot)], draw: [(plot) => this.limits(plot)] },
      },
      [this.times, this.values],
      this.stage,
    );
    this.describe();
  }

  size() {
    return { width: Math.max(200, this.stage.clientWidth), height: Math.max(120, this.stage.clientHeight) };
  }

  resize() {
    this.plot?.setSize(this.size());
  }

  window() {
    return Number(this.dataset.seconds) || 0;
  }

  span() {
    const last = this.times.at(-1) ?? Date.now() / 1000;
    const first = this.window() ? last - this.window() : (this.times[0] ?? last - 60);
    return [first, Math.max(last, first + 1)];
  }

  reach(low, high) {
    const values = (this.data.limits || []).map((limit) => Number(limit.value));
    const least = Math.min(low ?? Infinity, ...values);
    const most = Math.max(high ?? -Infinity, ...values);
    if (!Number.isFinite(least) || !Number.isFinite(most)) return [0, 1];
    // A limit that stops has its name outside of it: there is always a line of text of room.
    const height = Math.max(32, this.size().height - 94);
    const air = (most - least || 1) * Math.max(0.12, 16 / height);
    return [least - air, most + air];
  }

  bands(plot) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.font = `${12 * devicePixelRatio}px ${getComputedStyle(this).fontFamily}`;
    ctx.textBaseline = "top";
    (this.data.steps || []).forEach((step, index) => {
      const edge = (seconds) => Math.min(Math.max(plot.valToPos(seconds, "x", true), bbox.left), bbox.left + bbox.width);
      const left = edge(step.from);
      const width = edge(step.to ?? this.times.at(-1)) - left;
      if (width <= 0) return;
      ctx.globalAlpha = index % 2 ? 0.35 : 0.75;
      ctx.fillStyle = this.ink("band");
      ctx.fillRect(left, bbox.top, width, bbox.height);
      ctx.globalAlpha = 1;
      ctx.fillStyle = this.ink("text");
      if (ctx.measureText(step.label).width < width - 8) ctx.fillText(step.label, left + 4, bbox.top + 4);
    });
    ctx.restore();
  }

  limits(plot) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.font = `${12 * devicePixelRatio}px ${getComputedStyle(this).fontFamily}`;
    ctx.textAlign = "right";
    for (const limit of this.data.limits || []) {
      const y = Math.round(plot.valToPos(Number(limit.value), "y", true));
      ctx.strokeStyle = ctx.fillStyle = this.ink(limit.kind === "attention" ? "attention" : "stop");
      ctx.lineWidth = devicePixelRatio * 1.5;
      ctx.setLineDash(limit.kind === "attention" ? [4, 4] : [10, 4]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      const isAbove = (limit.side === "high") === (limit.kind !== "attention");
      ctx.textBaseline = isAbove ? "bottom" : "top";
      ctx.fillText(`${limit.label || ""} ${limit.value}`.trim(), bbox.left + bbox.width - 4, y + (isAbove ? -2 : 3));
    }
    ctx.restore();
  }

  append(reading) {
    if (!this.dataset.sensor || String(reading.sensor) !== this.dataset.sensor) return;
    const at = typeof reading.at === "number" ? reading.at : Date.parse(reading.at) / 1000;
    const last = this.times.at(-1) ?? -Infinity;
    if (!Number.isFinite(at) || at <= last) return;
    if (at - last > (this.data.gap ?? 10) && this.times.length) this.push((at + last) / 2, null);
    const value = Number(reading.value);
    const isReading = reading.value !== null && reading.value !== "" && Number.isFinite(value);
    this.push(at, isReading ? value : null);
    const most = this.window() * 2 || Infinity;
    const stale = this.times.findIndex((time) => time >= at - most);
    if (stale > 500) {
      this.times = this.times.slice(stale);
      this.values = this.values.slice(stale);
    }
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.plot?.setData([this.times, this.values]);
      this.headline();
    });
  }

  push(at, value) {
    this.times.push(at);
    this.values.push(value);
  }

  side(value) {
    const [low, high] = this.band();
    return value !== null && (value < low || value > high) ? "out of limits" : "";
  }

  band() {
    const stops = (this.data.limits || []).filter((limit) => limit.kind !== "attention");
    const of = (side) => stops.filter((limit) => limit.side === side).map((limit) => Number(limit.value));
    return [Math.max(...of("low"), -Infinity), Math.min(...of("high"), Infinity)];
  }

  headline() {
    const value = this.values.at(-1) ?? null;
    const out = this.side(value);
    this.now.textContent = `${this.shown(value)}${out ? `, ${out}` : ""}`;
    this.now.classList.toggle("is-out", Boolean(out));
  }

  describe() {
    this.headline();
    const [from] = this.span();
    const seen = this.values.filter((value, index) => value !== null && this.times[index] >= from);
    let [low, high, out] = [Infinity, -Infinity, 0];
    for (const value of seen) {
      low = Math.min(low, value);
      high = Math.max(high, value);
      if (this.side(value)) out += 1;
    }
    const words = seen.length
      ? `now ${this.now.textContent}; lowest ${this.shown(low)}, highest ${this.shown(high)}; ${out} of ${seen.length} readings out of limits`
      : "no readings yet";
    this.stage.setAttribute("aria-label", `${this.label()}: ${words}`);
    if (this.more.open) this.fillTable();
  }

  fillTable() {
    const caption = element("caption", "visually-hidden", `The last values of ${this.label()}`);
    const head = element("tr");
    for (const title of ["Time (UTC)", "Value"]) {
      const cell = element("th", "", title);
      cell.scope = "col";
      head.append(cell);
    }
    const body = element("tbody");
    for (let i = this.times.length - 1; i >= Math.max(0, this.times.length - ROWS); i -= 1) {
      const row = element("tr");
      row.append(element("td", "", clock(this.times[i], true)), element("td", "", this.shown(this.values[i])));
      body.append(row);
    }
    const top = element("thead");
    top.append(head);
    this.table.replaceChildren(caption, top, body);
  }
}

customElements.define("sensor-chart", SensorChart);
