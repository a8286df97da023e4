// Settings that change while a run goes on: each a slider and a number that say the same.

import { debounce, el, fresh, say, show } from "../dom.js";

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

  constructor(app, addDropout) {
    this.app = app;
    const knobs = KNOBS.map((knob) => this.#knob(...knob));
    const { root, slider } = this.#knobs.get("dropout");
    this.dropout = slider;
    this.add = el("button", { type: "button", class: "tiny knob-add", on: { click: () => app.run && addDropout(app.run.line) } }, "Add DROPOUT");
    root.append(this.add);
    this.note = el("p", { class: "small pale knob-note" });
    this.said = el("p", { class: "unseen", role: "status" });
    this.root = el("fieldset", { class: "knobs" }, el("legend", { class: "small" }, "Change while it runs"), this.note, knobs, this.said);
  }

  #knob(name, words, scale, limits) {
    const id = fresh("knob");
    const send = debounce((value) => this.#send(name, value), WAIT);
    const number = el("input", { type: "number", id, step: "any", inputmode: "decimal", ...limits });
    const slider = el("input", { type: "range", min: "0", max: "1000", step: name === "batch" ? "100" : "1", "aria-label": `${words}, slider` });
    slider.addEventListener("input", () => {
      number.value = String(scale.value(Number(slider.value)));
      slider.setAttribute("aria-valuetext", number.value);
      send(Number(number.value));
    });
    number.addEventListener("change", () => {
      if (!number.reportValidity() || number.value === "") return;
      slider.value = String(scale.place(Number(number.value)));
      send(Number(number.value));
    });
    const root = el("div", { class: "knob" }, el("div", { class: "knob-head" }, el("label", { for: id }, words), number), slider);
    this.#knobs.set(name, { root, number, slider, scale });
    return root;
  }

  async #send(name, value) {
    const { run } = this.app;
    if (!run) return;
    try {
      const answer = await this.app.socket.ask("set", { run: run.id, settings: { [name]: value } });
      this.app.renew(answer.run);
      say(this.said, `${name} is ${value} from the next step`);
    } catch (error) {
      this.app.note(error.message, true);
      this.#shown = "";
      this.draw(this.app.run);
    }
  }

  draw(run) {
    const able = Boolean(run) && !run.loaded && ["running", "paused", "compiling"].includes(run.state);
    const key = JSON.stringify([run?.id, run?.settings, able, run?.has_dropout]);
    if (key === this.#shown) return;
    this.#shown = key;
    for (const [name, { number, slider, scale }] of this.#knobs) {
      const value = run?.settings?.[name];
      const works = able && (name !== "dropout" || run.has_dropout);
      number.disabled = slider.disabled = !works;
      if (document.activeElement === number || document.activeElement === slider) continue;
      number.value = value === null || value === undefined ? "" : String(value);
      slider.value = String(value === null || value === undefined ? 0 : scale.place(value));
      slider.setAttribute("aria-valuetext", number.value || "none");
    }
    const without = Boolean(run) && !run.has_dropout && !run.loaded;
    show(this.add, without);
    show(this.dropout, !without);
    say(this.note, without ? "Dropout needs a DROPOUT layer, and this network has none." : "");
  }
}
