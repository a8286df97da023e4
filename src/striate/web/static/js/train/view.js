// The Train tab: start runs, watch them learn, and steer them while they do.

import { el, show } from "../dom.js";
import { Control } from "./control.js";
import { Curves } from "./curves.js";
import { Guesses } from "./guesses.js";
import { Knobs } from "./knobs.js";
import { Layers } from "./layers.js";
import { Picture } from "./picture.js";
import { checkedAt, nearest, shows } from "./run.js";
import { Setup } from "./setup.js";

const REDRAW = 250; // milliseconds between two drawings of curves and figures
const UNSEEN = 1000; // the same while they are not on the screen

/** Build the view in `root`. */
export function mount(root, app) {
  const view = new TrainView(root, app);
  return { show: () => view.show(), hide: () => view.hide(), drop: (file) => view.drop(file) };
}

class TrainView {
  #open = false;
  #dirty = true;
  #timer = 0;
  #watching = "";
  #pictured = "";
  #seen = true; // whether curves and figures are on the screen

  constructor(root, app) {
    this.app = app;
    this.setup = new Setup(app, (run) => this.#started(run));
    this.control = new Control(app, (run) => this.#started(run));
    this.curves = new Curves(app.history, { choose: (run) => this.#choose(run), remove: (run) => this.#remove(run) });
    this.knobs = new Knobs(app, (network) => this.setup.addDropout(network));
    this.picture = new Picture(app, (image) => app.set({ image }));
    this.layers = new Layers(app, () => this.#watch(), (header) => this.#told(header));
    this.guesses = new Guesses(app, (image) => this.#look(image));
    root.append(...this.#layout());
    this.#listen();
    this.#changed();
  }

  #layout() {
    this.empty = el(
      "div", { class: "empty run-empty" },
      el("strong", {}, "Nothing is training yet"),
      el("p", {}, "Choose a data set under New run and press Start training: the curves of loss and accuracy grow here, and below you see every layer at work. Load model opens one that was saved."),
    );
    this.running = el("div", { class: "run-body", hidden: true }, this.curves.root, this.knobs.root);
    return [
      el("h1", {}, "Train"),
      el(
        "div", { class: "train-grid" },
        el("section", { class: "panel run-panel", "aria-label": "The run" }, this.control.root, this.empty, this.running),
        this.setup.root,
      ),
      this.guesses.root,
      this.#layersPanel(),
    ];
  }

  #layersPanel() {
    this.layers.body.before(this.picture.root);
    return this.layers.root;
  }

  #listen() {
    const { app } = this;
    app.on("state", (names) => {
      if (names.includes("hello")) this.#watching = this.#pictured = "";
      if (names.some((name) => ["hello", "runs", "run", "image"].includes(name))) this.#changed();
      if (names.includes("run")) this.#draw(); // at once: what is moved or pressed next belongs to this run
    });
    app.on("progress", () => this.#later());
    app.on("history", () => this.#later());
    app.on("closed", () => (this.#watching = ""));
    app.socket.frames((buffer) => this.layers.draw(buffer));
    document.addEventListener("visibilitychange", () => this.#watch());
    new IntersectionObserver(([entry]) => {
      this.#seen = entry.isIntersecting;
      if (this.#seen) this.#draw();
    }).observe(this.running);
  }

  show() {
    this.#open = true;
    this.guesses.open = true;
    this.guesses.tick();
    this.#changed();
    this.#draw();
  }

  hide() {
    this.#open = false;
    this.guesses.open = false;
    this.#watch();
  }

  /** Take a model file that was dropped on the page. */
  drop(file) {
    const model = file.name.toLowerCase().endsWith(".striate");
    if (model) this.control.take(file);
    return model;
  }

  #changed() {
    this.#later();
    const { run } = this.app;
    this.layers.prepare(run);
    if (!this.#open) return;
    this.#watch();
    const key = shows(run) ? `${run.id} ${run.data} ${this.app.state.image}` : "";
    if (!key && this.#pictured) this.picture.blank();
    if (key && key !== this.#pictured) this.picture.show(run, nearest(run, this.app.state.image));
    this.#pictured = key;
  }

  #later() {
    this.#dirty = true;
    if (!this.#timer) this.#timer = setTimeout(() => requestAnimationFrame(() => this.#draw()), this.#seen ? REDRAW : UNSEEN);
  }

  #draw() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (!this.#dirty || !this.#open) return;
    this.#dirty = false;
    const { run, state } = this.app;
    show(this.empty, state.runs.length === 0);
    show(this.running, state.runs.length > 0);
    this.control.draw(run, checkedAt(this.app.history.of(state.run)));
    this.knobs.draw(run);
    this.curves.draw(state.runs, state.run);
  }

  /** Tell the server what of the chosen run is looked at, or that nothing is. */
  async #watch() {
    const { run, state } = this.app;
    const { most, rate } = this.layers.options;
    const what = this.layers.wanted;
    const able = this.#open && !document.hidden && what.length > 0 && shows(run);
    const wish = able ? { run: run.id, what, image: nearest(run, state.image), most, rate } : { run: null };
    const key = JSON.stringify(wish);
    if (key === this.#watching || (!able && this.#watching === "")) return;
    this.#watching = key;
    try {
      await this.app.socket.ask("watch", wish);
    } catch (error) {
      this.#watching = "";
      if (error.kind !== "gone") this.app.note(error.message, true);
    }
  }

  #told(header) {
    const { run } = this.app;
    if (run) this.picture.best(run, header);
  }

  #started(run) {
    this.app.renew(run);
    this.app.set({ run: run.id });
  }

  #choose(id) {
    this.app.set({ run: id });
  }

  async #remove(id) {
    try {
      await this.app.socket.ask("control", { run: id, action: "remove" });
    } catch (error) {
      this.app.note(error.message, true);
    }
  }

  #look(image) {
    this.app.set({ image });
    this.layers.root.scrollIntoView({ block: "start" });
  }
}
