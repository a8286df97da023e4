// A new run: data set, settings, start, and the races.

import { count, el, field, fill, say, size } from "../dom.js";
import { pieces } from "../network/highlight.js";
import { mismatches, withDropout } from "./mend.js";

const NUMBERS = [
  ["epochs", "Epochs", { min: "1", max: "100000", step: "1" }], ["batch", "Batch", { min: "1", max: "4096", step: "1" }],
  ["lr", "Learning rate", { min: "0", step: "any" }], ["momentum", "Momentum", { min: "0", max: "0.9999", step: "any" }],
  ["l2", "L2", { min: "0", step: "any" }], ["seed", "Seed", { min: "0", step: "1" }],
];
const CHOICES = [
  ["optimizer", "Optimizer", []], // those that the server names, with a learning rate for each
  ["schedule", "Schedule", ["constant", "cosine", "step", "one-cycle"]],
  ["loss", "Loss", ["softmax", "svm", "svm-squared", "l2"]],
];
/** Of the optimizers, those of the notes. */
const RIVALS = ["sgd", "nesterov", "adagrad", "adadelta", "rmsprop", "adam"];
export const MOMENTUM = ["sgd", "nesterov"]; // those that have one
/** name, words, and the settings of the runs that race, made from those in the form and the rates of the optimizers. */
const RACES = [
  ["optimizers", "six optimizers", (settings, rates) => RIVALS.map((optimizer) => ({ optimizer, lr: rates[optimizer] }))],
  ["rates", "three learning rates", ({ lr }) => [lr / 10, lr, lr * 10].map((rate) => ({ lr: Number(rate.toPrecision(3)) }))],
  ["momenta", "momentum 0, 0.5 and 0.9", () => [0, 0.5, 0.9].map((momentum) => ({ momentum }))],
  ["batches", "batch 16, 64 and 256", () => [16, 64, 256].map((batch) => ({ batch }))],
  ["schedules", "constant and cosine rate", () => ["constant", "cosine"].map((schedule) => ({ schedule }))],
];

/** The panel "New run". `started(run)` is called with every run that begins. */
export class Setup {
  #plan = null;
  #asked = 0;
  #busy = false;
  fields = {};

  constructor(app, started) {
    this.app = app;
    this.started = started;
    this.line = el("code", { class: "setup-line" });
    this.data = el("select", { on: { change: () => this.#check() } });
    this.about = el("p", { class: "small pale setup-about" });
    this.trouble = el("div", { class: "setup-trouble", "aria-live": "polite" });
    this.start = el("button", { type: "submit", class: "primary" }, "Start training");
    this.beside = el("button", { type: "button", on: { click: () => this.#go([{}], true) } }, "Start beside the others");
    this.race = el("select", {}, RACES.map(([name, words]) => el("option", { value: name }, words)));
    this.racing = el("button", { type: "button", on: { click: () => this.#race() } }, "Start the race");
    this.root = this.#layout();
    app.on("state", (names) => this.#changed(names));
    if (app.state.hello) this.#greeted();
  }

  #layout() {
    const submit = (event) => {
      event.preventDefault();
      this.#go([{}], false);
    };
    const numbers = NUMBERS.map(([name, words, limits]) => {
      this.fields[name] = el("input", { type: "number", inputmode: "decimal", required: true, ...limits });
      return field(words, this.fields[name]);
    });
    const choices = CHOICES.map(([name, words, values]) => {
      this.fields[name] = el("select", {}, values.map((value) => el("option", { value }, value)));
      return field(words, this.fields[name]);
    });
    this.fields.optimizer.addEventListener("change", () => {
      this.fields.lr.value = String(this.app.state.hello.rates[this.fields.optimizer.value]);
      this.#momentum();
    });
    return el(
      "form", { class: "panel setup", "aria-labelledby": "new-run", on: { submit } },
      el("h2", { id: "new-run" }, "New run"),
      el("div", { class: "field" }, el("span", { class: "label setup-label" }, "Network ", el("a", { href: "#network" }, "change")), this.line),
      field("Data set", this.data), this.about, this.trouble,
      el("div", { class: "setup-grid" }, numbers, choices),
      el("div", { class: "stack setup-go" }, this.start, this.beside, el("p", { class: "small pale" }, "A new run pauses the others; beside them, all take turns, step by step.")),
      el("div", { class: "setup-race" }, field("Race of the same network with", this.race), this.racing),
    );
  }

  #changed(names) {
    if (names.includes("hello")) this.#greeted();
    else if (names.includes("line") || names.includes("fit")) this.#check();
    if (names.includes("runs")) this.#buttons();
  }

  #greeted() {
    const { hello } = this.app.state;
    const wanted = this.data.value || hello.defaults.data;
    fill(
      this.data,
      hello.data.map((data) => el("option", { value: data.name, disabled: Boolean(data.missing) }, data.missing ? `${data.name} (not here)` : data.name)),
    );
    this.data.value = wanted;
    if (!this.data.value) this.data.value = hello.data.find((data) => !data.missing)?.name ?? "";
    const { optimizer } = this.fields;
    const before = optimizer.value;
    fill(optimizer, Object.keys(hello.rates).map((value) => el("option", { value }, value)));
    for (const [name, input] of Object.entries(this.fields)) {
      const value = hello.defaults.settings?.[name];
      if (input.value === "" || input.tagName === "SELECT") input.value = value ?? input.value;
    }
    if (before) optimizer.value = before;
    this.#momentum();
    this.#check();
  }

  /** Momentum is asked for where there is one. */
  #momentum() {
    this.fields.momentum.disabled = !MOMENTUM.includes(this.fields.optimizer.value);
  }

  get #chosen() {
    return this.app.state.hello?.data.find((data) => data.name === this.data.value) ?? null;
  }

  /** Ask what the line makes, and say whether the data set goes with it. */
  async #check() {
    const { hello, line, fit } = this.app.state;
    if (!hello) return;
    const data = this.#chosen;
    fill(this.line, pieces(line).map(({ text, kind, part }) => el("span", { class: `ink-${part}${kind ? ` kind-${kind}` : ""}` }, text)));
    say(this.about, data ? `${size(data.volume)} pixels, ${data.classes.length} classes, ${count(data.train)} to train, ${count(data.test)} to test` : "");
    const asked = ++this.#asked;
    try {
      const plan = await this.app.socket.ask("plan", { line, fit, batch: 1 });
      if (asked !== this.#asked) return;
      this.#plan = plan;
      this.#say(data ? mismatches(plan, data) : []);
    } catch (error) {
      if (asked !== this.#asked || error.kind === "gone") return;
      this.#plan = null;
      this.#refuse(error);
    }
    this.#buttons();
  }

  #say(found) {
    this.matches = found.length === 0;
    const mend = (line) => this.app.set({ line });
    fill(
      this.trouble,
      found.map(({ words, label, line }) =>
        el("div", { class: "says wrong" }, el("p", { class: "small" }, words), el("button", { type: "button", class: "tiny fix", title: line, on: { click: () => mend(line) } }, `Change to ${label}`)),
      ),
    );
  }

  #refuse(error) {
    this.matches = false;
    const place = error.kind === "notation" || error.kind === "fit";
    const mend = place && el("a", { href: "#network" }, "Mend the line");
    fill(this.trouble, el("div", { class: "says wrong small" }, el("p", {}, place ? error.reason : error.message), mend));
  }

  #buttons() {
    const ready = this.matches && this.#plan && this.#chosen && !this.#busy;
    this.start.disabled = this.racing.disabled = !ready;
    const others = this.app.state.runs.some((run) => run.state === "running" || run.state === "paused");
    this.beside.disabled = !ready || !others;
  }

  /** The settings as they stand in the form. */
  get settings() {
    const settings = {};
    for (const [name, input] of Object.entries(this.fields)) settings[name] = input.tagName === "SELECT" ? input.value : Number(input.value);
    return settings;
  }

  #race() {
    const [, , make] = RACES.find(([name]) => name === this.race.value);
    this.#go(make(this.settings, this.app.state.hello.rates), false);
  }

  /** Whether the form would take what a race makes of its settings; where not, it says so before anything begins. */
  #allowed(variant) {
    return Object.entries(variant).every(([name, value]) => {
      const input = this.fields[name];
      const before = input.value;
      input.value = String(value);
      const allowed = input.value === String(value) && input.reportValidity();
      input.value = before;
      return allowed;
    });
  }

  /** Start one run for each of `variants`, all but the first beside those before it. */
  async #go(variants, beside) {
    if (!this.root.reportValidity() || !variants.every((variant) => this.#allowed(variant))) return;
    const { line, fit } = this.app.state;
    this.#busy = true;
    this.#buttons();
    this.#say([]);
    try {
      for (const [i, variant] of variants.entries()) {
        const settings = { ...this.settings, ...variant };
        const { run } = await this.app.socket.ask("start", { line, fit, data: this.data.value, settings, race: beside || i > 0 });
        if (i === 0) this.started(run);
      }
    } catch (error) {
      this.#refuse(error);
      this.matches = true; // another try may go better
    } finally {
      this.#busy = false;
      this.#buttons();
    }
  }

  /** Put DROPOUT before the last FC of `network` and take that as the line of the next run. */
  addDropout(network) {
    const mended = withDropout(network);
    if (!mended) return;
    this.app.set({ line: mended });
    this.root.scrollIntoView({ block: "nearest" });
    this.start.focus();
  }
}
