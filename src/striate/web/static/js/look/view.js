// Look inside: a picture goes through a network of one's own, live, and every number says what made it.

import { el, fill, say, show, size } from "../dom.js";
import { drawImage } from "../draw/maps.js";
import { Columns } from "./columns.js";
import { explanation } from "./explain.js";
import { Looker } from "./looker.js";
import { modelButton } from "./models.js";
import { scoreBars } from "./scores.js";
import { sources } from "./sources.js";

const MOST = [["5", "5"], ["10", "10"], ["20", "20"]];
const AGAIN = 200; // milliseconds between two explanations of the same number while the picture changes
const REFRESH = 700; // milliseconds between two looks at the same picture while the network learns
const MARK = 3000; // the same, for what it takes the test images for
const GLIMPSE = 260; // CSS pixels of an explanation: its heading, its sentence and its sum
const LOOKABLE = new Set(["running", "paused", "stopped", "done"]);

/** Build the view in `root`. */
export function mount(root, app) {
  const view = new Look(root, app);
  const drop = (file) => {
    view.sources.take(file);
    return true;
  };
  return { show: () => view.show(), hide: () => view.hide(), drop };
}

class Look {
  #most = 10;
  #run = null;
  #shown = false;
  #pixels = null;
  #chosen = null; // {layer, position} that is explained
  #asked = 0;
  #announced = true; // whether people were told of the number that they chose
  #timer = 0;
  #due = { look: 0, marks: 0 }; // timers

  constructor(root, app) {
    this.root = root;
    this.app = app;
    this.looker = new Looker(app.socket, { shown: (...answer) => this.#draw(...answer), failed: (error, seen) => this.#failed(error, seen) });
    this.columns = new Columns({ explain: (layer, position) => this.#explain(layer, position, true) });
    this.scores = scoreBars();
    this.panel = explanation({ follow: (layer, position) => this.#explain(layer, position, true) });
    this.sources = sources(root, app, {
      give: (pixels) => this.#see(pixels), ready: () => this.#shown && this.looker.idle, empty: () => this.#empty(),
    });
    this.#build();
    app.on("state", (names) => (names.includes("runs") || names.includes("run") || names.includes("hello")) && this.#changed());
    app.on("theme", () => this.#redraw());
    app.on("progress", ({ run }) => run === this.#run?.id && this.#learned());
    this.#changed();
  }

  #build() {
    this.input = el("canvas", { class: "pixels input-pixels", role: "img", "aria-label": "What the network sees" });
    this.field = el("span", { class: "map-box receptive", "aria-hidden": "true", hidden: true });
    this.frame = el("span", { class: "map-box window", "aria-hidden": "true", hidden: true });
    this.inputSize = el("p", { class: "column-size" });
    this.choice = el("select", { id: "look-run", on: { change: () => this.app.set({ run: Number(this.choice.value) }) } });
    this.wrong = el("p", { class: "says wrong", role: "alert", hidden: true });
    const most = el(
      "select", { id: "look-most", on: { change: () => this.#redraw((this.#most = Number(most.value))) } },
      MOST.map(([value, words]) => el("option", { value, selected: value === "10" }, words)),
    );
    const bar = el(
      "div", { class: "look-bar" },
      el("div", { class: "field grow" }, el("label", { for: "look-run" }, "Network"), this.choice),
      el("div", { class: "field" }, el("label", { for: "look-most" }, "Slices shown"), most),
      modelButton(this.app, "Load model"),
    );
    const seen = el(
      "div", { class: "input-part" },
      el("p", { class: "column-name kind-INPUT" }, "input"),
      el("div", { class: "input-stage" }, el("div", { class: "input-box" }, this.input, this.frame, this.field)), this.inputSize,
    );
    this.stage = el(
      "div", { class: "look-stage" },
      this.wrong,
      el("div", { class: "panel look-figure" }, el("div", { class: "look-left" }, seen, this.sources.node), this.columns.node, this.scores.node),
      this.panel.node,
    );
    this.empty = el(
      "div", { class: "panel empty look-empty" },
      el("strong", {}, "No network to look into yet"),
      el("p", {}, "Train a network first, or load a model: then drop an image here, draw, or use the camera, and see what every layer makes of it."),
      el("div", { class: "row" }, el("a", { class: "button primary", href: "#train" }, "Train a network"), modelButton(this.app, "Load a model"), el("a", { class: "button", href: "#exhibits" }, "See the exhibits")),
    );
    this.bar = bar;
    const lead = el("p", { class: "lead" }, "An image on its way through a network: a column of activation maps for every volume, and the five best classes.");
    this.root.append(el("div", { class: "look-head" }, el("div", {}, el("h1", {}, "Look inside"), lead), bar), this.empty, this.stage);
  }

  show() {
    this.#shown = true;
    this.sources.show();
  }

  hide() {
    this.#shown = false;
    this.looker.drop();
    this.sources.hide();
  }

  /** Other runs, or another one chosen. */
  #changed() {
    const runs = this.app.state.runs.filter((run) => LOOKABLE.has(run.state));
    const run = runs.find(({ id }) => id === this.app.state.run) ?? runs.at(-1) ?? null;
    show(this.empty, run === null);
    show(this.stage, run !== null);
    show(this.bar, run !== null);
    const words = runs.map((each) => `${each.id} ${each.name}`).join("\n");
    if (this.words !== words) {
      this.words = words;
      fill(this.choice, runs.map((each) => el("option", { value: each.id }, `${each.name}: ${each.network}`)));
    }
    if (run) this.choice.value = run.id;
    const same = run?.id === this.#run?.id;
    this.#run = run;
    if (same) return;
    if (!run) return this.sources.leave();
    this.scores.use(run.classes);
    this.#forget();
    const [width, height] = run.volume;
    const box = this.input.parentNode;
    box.style.setProperty("--aspect", `${width} / ${height}`);
    box.classList.toggle("tall", height > width);
    say(this.inputSize, size(run.volume));
    this.sources.use(run);
  }

  /** Nothing is known of the picture, as when another network is chosen. */
  #forget() {
    this.#pixels = null;
    this.looker.drop();
    show(this.wrong, false);
    this.columns.clear();
    this.scores.clear();
    this.#unexplained();
    drawImage(this.input, this.#run.volume, new Uint8Array(this.#run.volume.reduce((a, b) => a * b)));
  }

  #empty() {
    if (!this.#pixels && this.#run) this.#forget();
  }

  #unexplained() {
    this.#chosen = null;
    this.field.hidden = this.frame.hidden = true;
    this.columns.unmark();
    this.panel.clear();
  }

  #see(pixels) {
    if (!this.#run || !this.#shown) return;
    this.#pixels = pixels;
    this.looker.see(this.#run.id, this.#most, pixels);
  }

  #redraw() {
    if (this.#pixels) this.#see(this.#pixels);
  }

  /** The network has learned: look again, but not at every step. */
  #learned() {
    if (!this.#shown) return;
    this.#due.look ||= setTimeout(() => {
      this.#due.look = 0;
      if (this.looker.still) this.#redraw();
      else this.#learned();
    }, REFRESH);
    this.#due.marks ||= setTimeout(() => {
      this.#due.marks = 0;
      if (this.#shown) this.sources.learned();
    }, MARK);
  }

  #draw(header, bytes, seen) {
    if (seen.run !== this.#run?.id) return;
    show(this.wrong, false);
    drawImage(this.input, this.#run.volume, seen.pixels);
    this.columns.draw(header, bytes, this.#run.classes);
    this.scores.draw(header.scores, (this.#run.settings?.loss ?? "softmax") === "softmax");
    if (this.#chosen) this.#explainSoon();
  }

  #failed(error, seen) {
    if (seen.run !== this.#run?.id) return;
    say(this.wrong, error.message);
    show(this.wrong, true);
  }

  #explainSoon() {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      if (this.#chosen) this.#explain(this.#chosen.layer, this.#chosen.position, false);
    }, AGAIN);
  }

  /** Ask what made a number of the picture that was last looked at. */
  async #explain(layer, position, announce) {
    if (!this.#run || !this.#pixels) return;
    const asked = ++this.#asked;
    this.#announced &&= !announce;
    this.#chosen = { layer, position };
    let found;
    try {
      found = await this.app.socket.ask("explain", { run: this.#run.id, image: { look: true }, layer, position });
    } catch (error) {
      if (asked !== this.#asked || !this.#chosen) return;
      this.#unexplained();
      this.panel.fail(error.message);
      return;
    }
    if (asked === this.#asked && this.#chosen) this.#explained(found);
  }

  #explained(found) {
    this.panel.show(found, this.columns);
    this.columns.mark(found);
    this.#outline(this.field, found.receptive_field);
    const direct = found.input_layer === "input" && found.window;
    this.#outline(this.frame, direct ? found.window : null, `map-box window kind-${found.kind}`);
    if (this.#announced) return;
    this.#announced = true;
    this.#reveal();
    this.columns.announce();
  }

  /** Scroll just so far that the explanation's beginning is seen, and the maps above it still are. */
  #reveal() {
    const hidden = this.panel.node.getBoundingClientRect().top + GLIMPSE - innerHeight;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (hidden > 0) scrollBy({ top: Math.min(hidden, GLIMPSE + 40), behavior: calm ? "auto" : "smooth" });
  }

  /** A box on the input, in shares of its size. */
  #outline(box, rectangle, name = null) {
    box.hidden = !rectangle;
    if (!rectangle) return;
    if (name) box.setAttribute("class", name);
    const [width, height] = this.#run.volume;
    const share = (part, whole) => `${(100 * part) / whole}%`;
    const left = Math.max(0, rectangle.x);
    const top = Math.max(0, rectangle.y);
    box.style.left = share(left, width);
    box.style.top = share(top, height);
    box.style.width = share(Math.min(width, rectangle.x + rectangle.width) - left, width);
    box.style.height = share(Math.min(height, rectangle.y + rectangle.height) - top, height);
  }
}
