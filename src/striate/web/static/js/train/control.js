// What the chosen run is doing, and the buttons that steer it.

import { clock, count, el, figure, percent, say, show } from "../dom.js";
import { post, token } from "../socket.js";

/** [name, what stands below the figure, the figure] */
const FACTS = [
  ["loss", () => "loss", (run) => figure(run.loss)],
  ["accuracy", () => "accuracy", (run) => percent(run.accuracy ?? NaN)],
  ["epoch", (run) => (run?.epochs ? `epoch of ${count(run.epochs)}` : "epoch"), (run) => count(run.epoch)],
  ["step", (run) => (run?.steps ? `step of ${count(run.steps)}` : "step"), (run) => count(run.step ?? 0)],
  ["speed", () => "images/s", (run) => (run.images_per_second ? count(run.images_per_second) : "–")],
  ["left", () => "time left", (run) => clock(run.seconds_left)],
];

/** Buttons and figures of the chosen run. `loaded(run)` is called when a model file was read. */
export class Control {
  facts = {};

  constructor(app, loaded) {
    this.app = app;
    const button = (words, action, name = "") => el("button", { type: "button", class: name, on: { click: () => this.#do(action()) } }, words);
    this.toggle = button("Pause", () => (this.app.run?.state === "running" ? "pause" : "resume"), "primary steady");
    this.step = button("Step", () => "step");
    this.stop = button("Stop", () => "stop");
    this.save = el("a", { class: "button", download: true, role: "button" }, "Save model");
    this.file = el("input", { type: "file", id: "model-file", accept: ".striate", class: "unseen", on: { change: () => this.#load(loaded) } });
    this.load = el("label", { for: "model-file", class: "button load" }, "Load model");
    this.title = el("h2", { class: "run-title" }, "No run yet");
    this.state = el("span", { class: "state", role: "status" });
    this.trouble = el("p", { class: "says wrong small", role: "alert", hidden: true });
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

  draw(run) {
    say(this.title, run ? run.name : "No run yet");
    say(this.state, run ? run.state : "");
    const name = `state state-${run?.state ?? "none"}`;
    if (this.state.className !== name) this.state.className = name;
    for (const [key, words, value] of FACTS) {
      say(this.facts[key].words, words(run));
      say(this.facts[key].figure, run ? value(run) : "–");
    }
    const going = run?.state === "running";
    say(this.toggle, going ? "Pause" : "Resume");
    const still = !run || run.loaded;
    const back = run?.state === "failed" && run.saved; // to its last checkpoint
    this.#able(this.toggle, !still && (back || ["running", "paused", "stopped"].includes(run.state)));
    this.#able(this.step, !still && ["running", "paused"].includes(run.state));
    this.#able(this.stop, !still && ["running", "paused", "compiling"].includes(run.state));
    this.#saving(run);
    const trouble = run?.error ?? this.refused ?? "";
    say(this.trouble, trouble);
    show(this.trouble, Boolean(trouble));
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

  async #load(loaded) {
    const [file] = this.file.files;
    if (!file) return;
    await this.#say(async () => loaded((await (await post("/model", file)).json()).run));
    this.file.value = "";
  }

  async #say(act) {
    this.refused = "";
    try {
      await act();
    } catch (error) {
      this.refused = error.message;
    }
    this.draw(this.app.run);
  }
}
