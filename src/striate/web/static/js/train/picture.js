// The test image that is looked at: its pixels, its label, its five best classes, and the way to another one.

import { drawImage } from "../draw/maps.js";
import { el, field, figure, percent, say } from "../dom.js";

const BEST = 5;

/** `choose(index)` is called with the test image that people want to see. */
export class Picture {
  #index = -1;
  #asked = 0;

  constructor(app, choose) {
    this.app = app;
    this.choose = choose;
    this.canvas = el("canvas", { class: "pixels picture", width: "32", height: "32", role: "img", "aria-label": "The test image" });
    this.label = el("p", { class: "picture-label" }, "–");
    this.number = el("input", { type: "number", min: "0", value: "0", step: "1", on: { change: () => this.#typed() } });
    const step = (words, by, label) => el("button", { type: "button", "aria-label": label, on: { click: () => this.#to(app.state.image + by) } }, words);
    this.bars = Array.from({ length: BEST }, () => {
      const bar = { name: el("span", { class: "bar-name" }), fill: el("i", { class: "bar-fill" }), value: el("span", { class: "bar-value" }) };
      bar.root = el("li", { class: "bar" }, bar.name, el("span", { class: "bar-room" }, bar.fill), bar.value);
      return bar;
    });
    this.root = el(
      "div", { class: "picture-box" }, this.canvas,
      el("div", { class: "picture-words" }, this.label, el("ol", { class: "bars", "aria-label": "The five best classes" }, this.bars.map((bar) => bar.root))),
      el("div", { class: "picture-way" }, step("‹", -1, "Previous test image"), field("Test image", this.number), step("›", 1, "Next test image")),
    );
  }

  #typed() {
    if (this.number.value !== "" && Number.isFinite(this.number.valueAsNumber)) this.#to(this.number.valueAsNumber);
    this.number.value = String(this.app.state.image);
  }

  #to(index) {
    const most = this.app.run?.test || Infinity;
    this.choose(most === Infinity ? Math.max(0, Math.round(index)) : ((Math.round(index) % most) + most) % most);
  }

  /** Ask for the pixels of the test image `index`. */
  async show(run, index) {
    if (document.activeElement !== this.number) this.number.value = String(index);
    if (run.test > 0) this.number.max = String(run.test - 1);
    const asked = ++this.#asked;
    this.#index = index;
    try {
      const { header, bytes } = await this.app.socket.ask("guesses", { run: run.id, first: index, count: 1 });
      if (asked !== this.#asked) return;
      drawImage(this.canvas, header.volume, bytes);
      this.#labelled(run, header.guesses[0].label);
    } catch (error) {
      if (asked === this.#asked) say(this.label, error.kind === "gone" ? "–" : error.message);
    }
  }

  #labelled(run, label) {
    const name = run.classes[label] ?? label;
    say(this.label, `this is: ${name}`);
    this.canvas.setAttribute("aria-label", `Test image ${this.#index}: ${name}`);
  }

  /** Forget the image and the classes of another run. */
  blank() {
    this.#asked += 1;
    this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.canvas.setAttribute("aria-label", "The test image: none yet");
    say(this.label, "–");
    for (const bar of this.bars) {
      say(bar.name, "");
      say(bar.value, "");
      bar.fill.style.transform = "scaleX(0)";
    }
  }

  /** The five best of a frame, the right one marked. */
  best(run, header) {
    const right = run.classes[header.label];
    const sound = header.scores.every(([, value]) => Number.isFinite(value));
    const probable = (run.settings?.loss ?? "softmax") === "softmax";
    for (const [i, bar] of this.bars.entries()) {
      const [name, value] = sound ? (header.scores[i] ?? ["", NaN]) : ["", NaN];
      const marked = name !== "" && String(name) === String(right);
      say(bar.name, marked ? `✓ ${name}` : name);
      say(bar.value, name === "" ? "" : probable ? percent(value) : figure(value));
      const share = probable ? value : value / Math.max(1e-9, header.scores[0][1]);
      bar.fill.style.transform = `scaleX(${Math.max(0, Math.min(1, share || 0))})`;
      bar.root.classList.toggle("right", marked);
    }
  }
}
