// What the chosen run is doing, and the buttons that steer it.

import { clock, count, el, figure, percent, say, short } from "../dom.js";
import { post, token } from "../socket.js";
import { stateOf } from "./run.js";

/** [name, what stands below the figure, the figure] */
const FACTS = [
  ["loss", () => "batch loss", (run) => figure(run.loss)],
  ["accuracy", () => "batch accuracy", (run) => percent(run.accuracy ?? NaN)],
  ["validation", () => "validation", (run, checked) => percent(checked ?? NaN)],
  ["epoch", (run) => (run?.epochs && !run.loaded ? `epoch of ${count(run.epochs)}` : "epoch"), (run) => (run.loaded ? "–" : count(run.epoch))],
  ["step", (run) => (run?.steps && !run.loaded ? `of ${short(run.steps)} steps` : "step"), (run) => (run.loaded ? "–" : count(run.step ?? 0))],
  ["speed", () => "images/s", (run) => (run.images_per_second ? count(run.images_per_second) : "–")],
  ["left", () => "time left", (run) => clock(run.seconds_left)],
];

/** Buttons and figures of the chosen run. `loaded(run)` is called when a model file was read. */
export class Control {
  facts = {};
  refused = "";
  checked = null;
  #of = "";

  constructor(app, loaded) {
    this.app = app;
    this.loaded = loaded;
    const button = (words, action, name = "") => el("button", { type: "button", class: name, on: { click: () => this.#do(action()) } }, words);
    this.toggle = button("Pause", () => (this.app.run?.state === "running" ? "pause" : "resume"), "primary steady");
    this.step = button("Step", () => "step");
    this.stop = button("Stop", () => "stop");
    this.save = el("a", { class: "button", download: true, role: "button", "aria-disabled": "true" }, "Save model");
    this.file = el("input", { type: "file", id: "model-file", accept: ".striate", class: "unseen", on: { change: () => this.#chosen() } });
    this.load = el("label", { for: "model-file", class: "button load" }, "Load model");
    this.title = el("h2", { class: "run-title" }, "No run yet");
    this.state = el("span", { class: "state", role: "status" });
    this.trouble = el("p", { class: "small bad control-trouble", role: "alert" });
    const facts = FACTS.map(([name, words]) => {
      this.facts[name] = { words: el("dt", {}, words(null)), figure: el("dd", {}, "–") };
      return el("div", { class: `fact fact-${name}` }, this.facts[name].words, this.facts[name].figure);
    });
    this.root = el(
      "div", { class: "control" },
      el(
        "div", { class: "control-bar" },
        el("div", { class: "control-name" }, this.title, this.state),
        el("div", { class: "row control-buttons" }, this.toggle, this.step, this.stop, this.save, this.file, this.load),
      ),
      this.trouble, el("dl", { class: "facts" }, facts),
    );
  }

  /** Show `run` and its newest accuracy on the validation images, `checked`, or null. */
  draw(run, checked = this.checked) {
    this.checked = checked;
    // What the server said against a press is of that run as it was then.
    const now = `${run?.id} ${run?.state}`;
    if (now !== this.#of) this.refused = "";
    this.#of = now;
    say(this.title, run ? run.name : "No run yet");
    say(this.state, run ? stateOf(run) : "");
    const name = `state state-${run?.state ?? "none"}`;
    if (this.state.className !== name) this.state.className = name;
    for (const [key, words, value] of FACTS) {
      say(this.facts[key].words, words(run));
      say(this.facts[key].figure, run ? value(run, checked) : "–");
    }
    const going = run?.state === "running";
    say(this.toggle, going ? "Pause" : "Resume");
    const still = !run || run.loaded;
    const back = run?.state === "failed" && run.saved; // to its last checkpoint
    this.#able(this.toggle, !still && (back || ["running", "paused", "stopped"].includes(run.state)));
    this.#able(this.step, !still && run.state === "paused");
    this.#able(this.stop, !still && ["running", "paused", "compiling"].includes(run.state));
    this.#saving(run);
    say(this.trouble, run?.error ?? this.refused);
  }

  #able(button, able) {
    if (button.disabled === able) button.disabled = !able;
  }

  #saving(run) {
    const able = run && !["compiling", "failed"].includes(run.state);
    const address = able ? `/model?run=${run.id}&token=${encodeURIComponent(token)}` : null;
    if (this.save.getAttribute("href") === address) return;
    if (address) this.save.setAttribute("href", address);
    else this.save.removeAttribute("href");
    this.save.setAttribute("aria-disabled", String(!able));
  }

  async #do(action) {
    const { run } = this.app;
    if (!run) return;
    await this.#say(async () => {
      const answer = await this.app.socket.ask("control", { run: run.id, action });
      this.app.renew(answer.run);
    });
  }

  async #chosen() {
    const [file] = this.file.files;
    if (file) await this.take(file);
    this.file.value = "";
  }

  /** Open a model file. */
  async take(file) {
    await this.#say(async () => this.loaded((await (await post("/model", file)).json()).run));
  }

  async #say(act) {
    let refused = "";
    try {
      await act();
    } catch (error) {
      refused = error.message;
    }
    this.draw(this.app.run);
    this.refused = refused;
    this.draw(this.app.run);
  }
}
