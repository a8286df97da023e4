// The Network tab: a line of notation, and at once what it makes.

import { volumes } from "../draw/volumes.js";
import { debounce, el, field, fill, fresh, say, segments } from "../dom.js";
import { Editor } from "./editor.js";
import { table } from "./table.js";
import { right, wrong } from "./verdict.js";

const WAIT = 80; // milliseconds of quiet before the server is asked
const FITS = [["raise", "error"], ["pad", "pad"], ["crop", "crop"]];

/** Build the view in `root`. */
export function mount(root, app) {
  const view = new NetworkView(root, app);
  return { show: () => view.ask() };
}

class NetworkView {
  #asked = 0;
  #plan = null;
  #room = 0;
  #later = null;

  constructor(root, app) {
    this.app = app;
    const verdict = fresh("verdict");
    this.editor = new Editor({ id: "line", describedBy: verdict, typed: (line) => this.#typed(line) });
    this.verdict = el("div", { class: "plan-verdict" });
    this.heard = el("p", { id: verdict, class: "unseen", role: "status" });
    this.examples = el("div", { class: "chips" });
    this.batch = el("input", { type: "number", min: "1", max: "65536", value: "1", inputmode: "numeric", on: { input: () => this.#later() } });
    this.fit = segments("A filter that does not fit", FITS, app.state.fit, (fit) => app.set({ fit }));
    this.figure = el("div", { class: "figure scrolls shaded", tabindex: "0", role: "group", "aria-label": "Volumes" });
    this.caption = el("p", { class: "small pale caption" });
    this.counts = el("div", { class: "scrolls shaded counts", tabindex: "0", role: "group", "aria-label": "Counts" });
    this.train = el("button", { type: "button", class: "primary", on: { click: () => app.go("train") } }, "Train this");
    this.#later = debounce(() => this.ask(), WAIT);
    root.append(...this.#layout());
    this.#fits();
    this.#watch();
  }

  #layout() {
    return [
      el("h1", {}, "Network"),
      el("p", { class: "lead" }, "One line is the network. Type it, and see the volumes that an image becomes on its way to the class scores."),
      el(
        "div", { class: "panel editor-panel" },
        el("label", { for: "line", class: "label" }, "Line of notation"),
        this.editor.root,
        el(
          "div", { class: "editor-row" },
          el("div", { class: "field" }, el("span", { class: "label" }, "A filter that does not fit"), this.fit),
          el("div", { class: "batch" }, field("Images in memory", this.batch)),
          el("div", { class: "editor-go" }, this.train),
        ),
        el("div", { class: "row examples" }, el("span", { class: "small pale" }, "Examples"), this.examples),
      ),
      this.verdict, this.heard,
      el("div", { class: "panel figure-panel" }, el("h2", {}, "Volumes"), this.figure, this.caption),
      el("div", { class: "panel counts-panel" }, el("h2", {}, "Counts"), this.counts),
    ];
  }

  #watch() {
    const { app } = this;
    app.on("state", (names) => {
      if (names.includes("hello")) this.#greeted();
      if (names.includes("line") && app.state.line !== this.editor.line) this.editor.line = app.state.line;
      if (names.includes("fit")) this.#fits();
      if (names.includes("hello") || (app.route === "network" && (names.includes("line") || names.includes("fit")))) this.#later();
    });
    new ResizeObserver(([entry]) => {
      const room = Math.floor(entry.contentRect.width);
      if (room === this.#room) return;
      this.#room = room;
      if (this.#plan) this.#draw();
    }).observe(this.figure);
    if (app.state.hello) this.#greeted();
  }

  #greeted() {
    const { hello, line } = this.app.state;
    this.editor.line = line;
    this.batch.value = String(hello.defaults.settings?.batch ?? 1);
    const take = (net) => this.app.set({ line: net.line });
    fill(this.examples, hello.nets.map((net) => el("button", { type: "button", title: net.line, on: { click: () => take(net) } }, net.name)));
  }

  #fits() {
    for (const radio of this.fit.querySelectorAll("input")) radio.checked = radio.value === this.app.state.fit;
  }

  #typed(line) {
    this.app.set({ line });
    this.#later();
  }

  /** Ask the server for the plan of the line as it stands; an answer that comes after a newer question is dropped. */
  async ask() {
    if (!this.app.state.hello) return;
    const asked = ++this.#asked;
    const { line, fit } = this.app.state;
    const batch = Math.max(1, Math.round(Number(this.batch.value)) || 1);
    try {
      const plan = await this.app.socket.ask("plan", { line, fit, batch });
      if (asked === this.#asked) this.#right(plan, batch);
    } catch (error) {
      if (asked === this.#asked && error.kind !== "gone") this.#wrong(line, error);
    }
  }

  #right(plan, batch) {
    this.#plan = plan;
    this.editor.fault(null);
    this.train.disabled = false;
    right(this.verdict, this.heard, plan);
    this.#stale(false);
    table(this.counts, plan, batch, (name) => this.#point(name));
    this.#draw();
  }

  #wrong(line, error) {
    this.editor.fault(error);
    this.train.disabled = true;
    wrong(this.verdict, this.heard, line, error, {
      mend: (fix) => {
        this.app.set({ line: fix.line });
        this.editor.area.focus();
      },
      reach: () => this.editor.reach(),
    });
    this.#stale(true);
  }

  #stale(stale) {
    for (const node of [this.figure, this.counts]) node.classList.toggle("stale", stale && this.#plan !== null);
    if (stale) say(this.caption, this.#plan ? "The last line that was right." : "");
  }

  #draw() {
    const { node, words } = volumes(this.#plan.layers, this.#room || 1000, (name) => this.#point(name));
    fill(this.figure, node);
    say(this.caption, `${words} Depth runs to the right, width away from you.`);
  }

  #point(name) {
    for (const node of document.querySelectorAll(".volume, .counts tr[data-layer]")) {
      node.classList.toggle("pointed", node.dataset.layer === name);
    }
  }
}
