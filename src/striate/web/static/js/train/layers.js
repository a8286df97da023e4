// Every layer alive: activations, their gradients and weights, column by column, with the least and the greatest.

import { Atlas, scales } from "../draw/maps.js";
import { el, figure, fill, say, segments, size } from "../dom.js";
import { arrange, expected } from "./arrange.js";
import { shows } from "./run.js";

const BANDS = [
  ["activations", "Activations", "of the test image, dark to bright"],
  ["gradients", "Gradients", "of the loss on each activation; shades grow as the square root"],
  ["weights", "Weights", "a row a filter, its slices side by side; CONV on colours in colour"],
];
const TEXTS = 250; // milliseconds between two updates of the numbers beside the maps
const MOST = [4, 6, 8, 10, 12, 16, 24, 32];
const RATES = [1, 2, 5, 10, 20];

/** The panel of maps. `watched()` is called when what is asked of the server should change. */
export class Layers {
  #parts = new Map();
  #key = null;
  #asked = 0;
  #texts = 0;
  #last = null; // the newest frame: a run that stands still sends no other for a new arrangement
  #step = 0;
  #room = 0;
  options = { what: ["activations", "gradients", "weights"], most: 10, rate: 20, mode: "columns" };
  visible = false;

  constructor(app, watched) {
    this.app = app;
    this.watched = watched;
    this.body = el("div", { class: "layers as-columns", tabindex: "0", role: "group", "aria-label": "Layers" });
    this.status = el("p", { class: "small pale layers-status" }, " ");
    this.root = el(
      "section", { class: "panel layers-panel", "aria-label": "Layers at work" },
      el("div", { class: "panel-head" }, el("h2", {}, "Layers at work"), this.status),
      this.#controls(), this.body,
    );
    this.seen = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: "80px" });
    new IntersectionObserver(([entry]) => {
      if (this.visible === entry.isIntersecting) return;
      this.visible = entry.isIntersecting;
      this.watched();
    }, { rootMargin: "80px" }).observe(this.root);
    new ResizeObserver(([entry]) => this.#resized(Math.floor(entry.contentRect.width))).observe(this.root);
    addEventListener("theme", () => setTimeout(() => this.#again()));
  }

  #controls() {
    const what = BANDS.map(([name, words]) =>
      el("label", { class: "check" }, el("input", { type: "checkbox", checked: true, on: { change: (event) => this.#what(name, event.target) } }), el("span", {}, words)),
    );
    const select = (label, values, value, chosen, words) => {
      const options = values.map((each) => el("option", { value: String(each), selected: each === value }, words(each)));
      return el("label", { class: "inline" }, el("span", {}, label), el("select", { on: { change: (event) => chosen(Number(event.target.value)) } }, options));
    };
    return el(
      "div", { class: "layers-controls" },
      el("fieldset", { class: "row" }, el("legend", { class: "unseen" }, "What is shown"), what),
      select("Slices", MOST, this.options.most, (most) => this.#set({ most }), (n) => `up to ${n}`),
      select("Frames", RATES, this.options.rate, (rate) => this.#set({ rate }), (n) => `${n} a second`),
      segments("Arrangement", [["columns", "Columns"], ["list", "List"]], "columns", (mode) => this.#set({ mode })),
    );
  }

  #what(name, box) {
    const what = BANDS.map(([band]) => band).filter((band) => (band === name ? box.checked : this.options.what.includes(band)));
    if (what.length) this.#set({ what });
    else box.checked = true; // nothing to show would be an empty panel
  }

  #set(options) {
    Object.assign(this.options, options);
    this.#key = null;
    this.prepare(this.app.run);
    this.watched();
  }

  #resized(width) {
    if (width === this.#room) return;
    this.#room = width;
    if (this.options.mode === "list") this.#set({});
  }

  /** Make room for the layers of `run`'s network. */
  async prepare(run) {
    const key = run ? `${run.id} ${shows(run)} ${run.network} ${JSON.stringify(this.options)}` : "";
    if (key === this.#key) return;
    this.#key = key;
    if (!run) return this.#empty();
    const without = run.state !== "compiling" && !shows(run);
    say(this.status, without ? `${run.name} came without test images: show it some under Look.` : " ");
    const asked = ++this.#asked;
    try {
      const plan = await this.app.socket.ask("plan", { line: run.network, fit: "raise", batch: 1 });
      if (asked === this.#asked) this.#build(plan);
    } catch (error) {
      this.#key = null;
      if (error.kind !== "gone") say(this.status, error.message);
    }
    return undefined;
  }

  #empty() {
    this.#parts.clear();
    this.seen.disconnect();
    this.body.className = "layers none";
    const words = "Once a network trains, every layer stands here: what it makes of a test image, the gradients that flow back, and its filters as they form.";
    fill(this.body, el("p", { class: "empty" }, words));
  }

  #build(plan) {
    const { mode, what } = this.options;
    this.#parts.clear();
    this.seen.disconnect();
    this.body.className = `layers as-${mode}`;
    const bands = BANDS.filter(([name]) => what.includes(name));
    this.body.style.setProperty("--bands", String(bands.length));
    const legend = el("div", { class: "layer layer-legend", "aria-hidden": "true" }, el("div", { class: "layer-head" }), bands.map((band) => this.#legend(...band)));
    fill(this.body, mode === "columns" && legend, plan.layers.map((layer) => this.#layer(layer, bands)));
    if (this.#last && this.#last.header.run === this.app.state.run) this.draw(this.#last.header, this.#last.payload);
  }

  #legend(name, words, meaning) {
    return el("div", { class: `band-name band-${name}` }, el("b", {}, words), el("span", { class: "small pale" }, meaning), el("span", { class: "ramp" }));
  }

  #layer(layer, bands) {
    const parts = bands.map(([what, words]) => this.#part(layer, what, words));
    return el(
      "div", { class: "layer", data: { layer: layer.name } },
      el(
        "div", { class: "layer-head" }, el("h3", { class: `kind-${layer.kind}` }, layer.name),
        el("span", { class: "layer-size" }, size(layer.output)), el("code", { class: "layer-notation", title: layer.notation }, layer.notation),
      ),
      parts,
    );
  }

  #part(layer, what, words) {
    const shape = expected(layer, what, this.options.most);
    const list = this.options.mode === "list";
    if (!shape) return el("div", { class: "part none" });
    const canvas = el("canvas", { role: "img", "aria-label": `${layer.name}, ${what}`, data: { part: `${layer.name} ${what}` } });
    const atlas = new Atlas(canvas, arrange(shape, list ? this.#width() : null));
    atlas.reserve(shape);
    const part = { atlas, layer, what, low: el("dd", {}, "–"), high: el("dd", {}, "–"), seen: false, fresh: false, key: null, section: null, payload: null };
    this.#parts.set(`${layer.name} ${what}`, part);
    this.seen.observe(canvas);
    const range = el("dl", { class: "range" }, el("div", {}, el("dt", {}, "min"), part.low), el("div", {}, el("dt", {}, "max"), part.high));
    return el("div", { class: `part part-${what}` }, el("span", { class: "part-name" }, words), range, canvas);
  }

  #width() {
    const bands = this.options.what.length;
    const room = Math.max(280, this.#room - 40);
    return this.#room < 900 ? room : (room - 16 * (bands - 1)) / bands;
  }

  #seen(entries) {
    for (const entry of entries) {
      const part = this.#parts.get(entry.target.dataset.part);
      if (!part) continue;
      part.seen = entry.isIntersecting;
      if (!part.seen || part.fresh || !part.section) continue;
      this.#paint(part);
      this.#numbers(part);
    }
  }

  /** Draw a frame: only the maps that can be seen; the others wait until they are. */
  draw(header, payload) {
    this.#last = { header, payload };
    for (const section of header.sections) {
      const part = this.#parts.get(`${section.layer} ${section.what}`);
      if (!part) continue;
      // Gradients are taken anew less often than frames come: the same ones need no second drawing.
      const key = section.step === undefined ? null : `${header.image} ${section.step}`;
      part.fresh = part.fresh && key !== null && key === part.key;
      Object.assign(part, { section, payload, key });
      if (part.seen && !part.fresh) this.#paint(part);
    }
    this.#step = header.step;
    if (!this.#texts) this.#texts = setTimeout(() => this.#told(), TEXTS);
  }

  /** Write the numbers beside the maps: less often than the maps are drawn, but never not for the last of them. */
  #told() {
    this.#texts = 0;
    say(this.status, `step ${this.#step.toLocaleString("en")}`);
    for (const part of this.#parts.values()) if (part.seen && part.section) this.#numbers(part);
  }

  #paint(part) {
    if (!part.section) return;
    part.atlas.draw(part.section, part.payload, part.what === "activations" ? scales().grey : scales().rooted);
    part.fresh = true;
  }

  #numbers({ section, payload, low, high, layer, what, atlas }) {
    const [least, greatest] = what === "activations" ? [section.min, section.max] : extremes(section, payload);
    say(low, figure(least));
    say(high, figure(greatest));
    const some = section.slices.length < section.of && section.form === "maps" && what !== "weights";
    const title = some ? `${layer.name}: slices ${section.slices.join(", ")} of ${section.of}` : `${layer.name}, ${what}`;
    if (atlas.canvas.title !== title) atlas.canvas.title = title;
  }

  #again() {
    for (const part of this.#parts.values()) {
      part.fresh = false;
      if (part.seen) this.#paint(part);
    }
  }
}

/** The least and the greatest number among the maps shown, of a scale that has zero in its middle. */
function extremes(section, payload) {
  let [low, high] = [255, 0];
  for (let at = section.at; at < section.at + section.bytes; at++) {
    if (payload[at] < low) low = payload[at];
    if (payload[at] > high) high = payload[at];
  }
  // The two bytes beside the middle stand for zero, which lies between them.
  const value = (byte) => (byte === 127 || byte === 128 ? 0 : section.min + (byte / 255) * (section.max - section.min));
  return [value(low), value(high)];
}
