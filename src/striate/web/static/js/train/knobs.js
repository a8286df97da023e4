// Settings that change while a run goes on: each a slider and a number that say the same.

import { el, figure, fresh, say, show } from "../dom.js";
import { MOMENTUM } from "./setup.js";

const WAIT = 60; // milliseconds between the last movement and the message

/** A scale between a slider's 0..1000 and numbers: logarithmic, from `low` to `high`; with `zero`, 0 stands at the left end. */
function logarithmic(low, high, zero = false) {
  const span = Math.log10(high / low);
  return {
    value: (place) => (zero && place <= 0 ? 0 : Number((low * 10 ** ((span * place) / 1000)).toPrecision(2))),
    place: (value) => (value <= 0 ? 0 : (1000 * Math.log10(value / low)) / span),
  };
}

function linear(high, digits) {
  return { value: (place) => Number(((high * place) / 1000).toFixed(digits)), place: (value) => (1000 * value) / high };
}

const powers = { value: (place) => 2 ** Math.round(place / 100), place: (value) => 100 * Math.log2(Math.max(1, value)) };

const KNOBS = [
  ["lr", "Learning rate", logarithmic(1e-5, 1), { min: 0, max: 1000 }],
  ["momentum", "Momentum", linear(0.99, 2), { min: 0, max: 0.9999 }],
  ["batch", "Batch", powers, { min: 1, max: 4096 }],
  ["l2", "L2", logarithmic(1e-6, 0.1, true), { min: 0, max: 1000 }],
  ["dropout", "Dropout", linear(0.95, 2), { min: 0, max: 0.99 }],
];

/** The row of knobs of the chosen run; `addDropout(line)` is called where a network has no DROPOUT layer. */
export class Knobs {
  #knobs = new Map();
  #shown = "";
  #run = null; // the id of the run whose settings are shown
  #sending = new Map(); // "run knob" -> {timer, send}: what was moved and not sent yet

  constructor(app, addDropout) {
    this.app = app;
    const knobs = KNOBS.map((knob) => this.#knob(...knob));
    const { root, slider } = this.#knobs.get("dropout");
    this.dropout = slider;
    this.add = el("button", { type: "button", class: "tiny knob-add", on: { click: () => app.run && addDropout(app.run.network) } }, "New line with DROPOUT");
    root.append(this.add);
    this.note = el("p", { class: "small pale knob-note" });
    this.said = el("p", { class: "small knob-said", role: "status" });
    this.root = el("fieldset", { class: "knobs" }, el("legend", { class: "small" }, "Change while it runs"), el("div", { class: "knob-line" }, this.said, this.note), knobs);
  }

  #knob(name, words, scale, limits) {
    const id = fresh("knob");
    const number = el("input", { type: "number", id, step: "any", inputmode: "decimal", ...limits });
    const slider = el("input", { type: "range", min: "0", max: "1000", step: name === "batch" ? "100" : "1", "aria-label": `${words}, slider` });
    slider.addEventListener("input", () => {
      number.value = String(scale.value(Number(slider.value)));
      slider.setAttribute("aria-valuetext", number.value);
      this.#soon(name, Number(number.value));
    });
    number.addEventListener("change", () => {
      if (!number.validity.valid || number.value === "") return this.#restore(name, limits);
      slider.value = String(scale.place(Number(number.value)));
      return this.#soon(name, Number(number.value));
    });
    const root = el("div", { class: "knob" }, el("div", { class: "knob-head" }, el("label", { for: id }, words), number), slider);
    this.#knobs.set(name, { root, number, slider, scale, words });
    return root;
  }

  /** Send `value` to the run that is shown now, once the knob rests; whichever run is chosen by then. */
  #soon(name, value) {
    const run = this.#run;
    const key = `${run} ${name}`;
    const send = () => {
      clearTimeout(this.#sending.get(key)?.timer);
      this.#sending.delete(key);
      this.#send(run, name, value);
    };
    clearTimeout(this.#sending.get(key)?.timer);
    this.#sending.set(key, { timer: setTimeout(send, WAIT), send });
  }

  /** Show again what the run has, and say why. */
  #restore(name, { min, max }) {
    const { number, slider, scale, words } = this.#knobs.get(name);
    const value = this.app.state.runs.find((run) => run.id === this.#run)?.settings?.[name];
    const typed = number.value;
    write(number, slider, scale, value);
    this.#say(`${words} goes from ${min} to ${max}${typed === "" ? "" : `: ${typed} was not taken`}`, true);
  }

  #say(words, wrong = false) {
    this.said.classList.toggle("bad", wrong);
    say(this.said, words);
  }

  async #send(run, name, value) {
    if (run === null) return;
    try {
      const answer = await this.app.socket.ask("set", { run, settings: { [name]: value } });
      this.app.renew(answer.run);
      if (run !== this.#run) return;
      const { words } = this.#knobs.get(name);
      this.#say(name === "batch" ? `Batch is ${value} as soon as that is compiled` : `${words} is ${figure(value)} from the next step`);
    } catch (error) {
      this.app.note(error.message, true);
      this.#shown = "";
      this.draw(this.app.run);
    }
  }

  draw(run) {
    const other = (run?.id ?? null) !== this.#run;
    if (other) {
      for (const { send } of [...this.#sending.values()]) send();
      this.#run = run?.id ?? null;
      this.#say("");
    }
    show(this.root, !run?.loaded);
    const able = Boolean(run) && !run.loaded && ["running", "paused", "compiling"].includes(run.state);
    const key = JSON.stringify([run?.id, run?.settings, able, run?.has_dropout]);
    if (key === this.#shown) return;
    this.#shown = key;
    for (const [name, { number, slider, scale }] of this.#knobs) {
      const value = run?.settings?.[name];
      const works = able && (name !== "dropout" || run.has_dropout) && (name !== "momentum" || MOMENTUM.includes(run.settings.optimizer));
      number.disabled = slider.disabled = !works;
      if (!other && (document.activeElement === number || document.activeElement === slider)) continue;
      write(number, slider, scale, value);
    }
    const without = Boolean(run) && !run.has_dropout && !run.loaded;
    show(this.add, without);
    show(this.dropout, !without);
    say(this.note, without ? "Dropout needs a DROPOUT layer, and this network has none." : "");
  }
}

function write(number, slider, scale, value) {
  const none = value === null || value === undefined;
  number.value = none ? "" : String(value);
  slider.value = String(none ? 0 : scale.place(value));
  slider.setAttribute("aria-valuetext", number.value || "none");
}
