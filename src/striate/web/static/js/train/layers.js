// Every layer alive: activations, their gradients and weights, column by column, with the least and the greatest.

import { debounce, el, fill, say, segments } from "../dom.js";
import { Columns } from "./columns.js";
import { List } from "./list.js";
import { Painter, able } from "./painter.js";
import { shows } from "./run.js";

const BANDS = [
  ["activations", "Activations", "of the test image, dark to bright"],
  ["gradients", "Gradients", "of the loss on each activation; shades grow as the square root"],
  ["weights", "Weights", "a row a filter, its slices side by side; CONV on colours in colour"],
];
const SETTLE = 120; // milliseconds without scrolling before the server hears what is seen
const MOST = [4, 6, 8, 10, 12, 16, 24, 32];
const RATES = [1, 2, 5, 10, 20];

/**
 * The panel of maps. `watched()` is called when what is asked of the server should change, `told(header)` a few times
 * a second with the header of the newest frame.
 */
export class Layers {
  #maps = null;
  #key = null;
  #asked = 0;
  #room = 0;
  #painter = able() ? new Painter((header, ranges) => this.#told(header, ranges)) : null;
  options = { what: ["activations", "gradients", "weights"], most: 10, rate: 20, mode: "columns" };
  visible = false;

  constructor(app, watched, told) {
    this.app = app;
    this.watched = watched;
    this.told = told;
    this.body = el("div", { class: "layers as-columns", tabindex: "0", role: "group", "aria-label": "Layers" });
    this.status = el("p", { class: "small pale layers-status" }, " ");
    this.root = el(
      "section", { class: "panel layers-panel", "aria-label": "Layers at work" },
      el("div", { class: "panel-head" }, el("h2", {}, "Layers at work"), this.status),
      this.#controls(), this.body,
    );
    if (!this.#painter) fill(this.body, el("p", { class: "empty" }, "This browser cannot draw here: it has no OffscreenCanvas, which browsers have had since 2023."));
    new IntersectionObserver(([entry]) => {
      if (this.visible === entry.isIntersecting) return;
      this.visible = entry.isIntersecting;
      this.watched();
    }, { rootMargin: "80px" }).observe(this.root);
    new ResizeObserver(([entry]) => this.#resized(Math.floor(entry.contentRect.width))).observe(this.root);
  }

  #moved = debounce(() => this.watched(), SETTLE);

  /** What the server is asked for: of what is chosen, that which is on the screen. */
  get wanted() {
    const seen = this.visible ? (this.#maps?.visible ?? []) : [];
    return this.options.what.filter((what) => seen.includes(what));
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
    if (key === this.#key || !this.#painter) return;
    this.#painter.look(run ? run.id : null);
    this.#key = key;
    const asked = ++this.#asked; // plans that are under way belong to another run
    if (!run) return this.#empty();
    const without = run.state !== "compiling" && !shows(run);
    say(this.status, without ? `${run.name} came without test images: show it some under Look.` : " ");
    try {
      const plan = await this.app.socket.ask("plan", { line: run.network, fit: "raise", batch: 1 });
      if (asked === this.#asked) this.#build(plan);
    } catch (error) {
      if (asked !== this.#asked) return undefined;
      this.#key = null;
      if (error.kind !== "gone") say(this.status, error.message);
    }
    return undefined;
  }

  #empty() {
    this.#maps?.close();
    this.#maps = null;
    this.body.className = "layers none";
    const words = "Once a network trains, every layer stands here: what it makes of a test image, the gradients that flow back, and its filters as they form.";
    fill(this.body, el("p", { class: "empty" }, words));
  }

  #build(plan) {
    const { mode, what, most } = this.options;
    const bands = BANDS.filter(([name]) => what.includes(name));
    this.#maps?.close();
    this.body.className = `layers as-${mode}`;
    this.body.removeAttribute("style");
    const given = [this.body, plan.layers, bands, most];
    this.#maps = mode === "columns" ? new Columns(...given, this.#painter, this.#moved) : new List(...given, this.#width(), this.#painter, this.#moved);
  }

  #width() {
    const bands = this.options.what.length;
    const room = Math.max(280, this.#room - 40);
    return this.#room < 900 ? room : (room - 16 * (bands - 1)) / bands;
  }

  /** Draw a frame, given as it came; the promise is kept once that is done. */
  draw(buffer) {
    return this.#painter?.frame(buffer);
  }

  /** Write the numbers that go with the newest frame. */
  #told(header, ranges) {
    if (header.run !== this.app.state.run) return;
    const pace = this.app.run?.state === "running" && header.pace >= 0.5 ? ` · ${Math.round(header.pace)} frames/s` : "";
    say(this.status, `step ${header.step.toLocaleString("en")}${pace}`);
    this.#maps?.say(ranges);
    this.told(header);
  }
}
