// The chart with its cursor, and the table of runs that is its legend.

import { Chart, valueAt } from "../draw/chart.js";
import { el, figure, fill, percent, say } from "../dom.js";
import { checkedAt, stateOf } from "./run.js";
import { difference, styleOf, swatch } from "./style.js";

/** The chart panel of the Train tab. `choose(id)` and `remove(id)` are called from the legend. */
export class Curves {
  #rows = new Map();
  alone = false;
  #drawn = "";

  constructor(history, { choose, remove }) {
    this.history = history;
    this.act = { choose, remove };
    this.canvas = el("canvas", {
      class: "chart", tabindex: "0", role: "slider", "aria-label": "Loss and accuracy: place on the curves, in epochs",
      "aria-valuemin": "0", "aria-valuemax": "0", "aria-valuenow": "0", "aria-valuetext": "no curves yet",
    });
    this.frame = el("div", { class: "chart-frame" }, this.canvas);
    this.chart = new Chart(this.canvas);
    this.rows = el("tbody");
    this.root = el("div", { class: "curves" }, this.#options(), this.frame, this.#table());
    this.#pointer();
  }

  #options() {
    const box = (name, words) =>
      el(
        "label", { class: "check" },
        el("input", { type: "checkbox", checked: this.chart.options[name], on: { change: (event) => this.#option(name, event.target.checked) } }),
        el("span", {}, words),
      );
    return el("div", { class: "chart-options" }, box("smooth", "Smooth"), box("log", "Loss on a log scale"), this.#alone(), el("span", { class: "small pale" }, "○ validation, after each epoch"));
  }

  #alone() {
    const change = (event) => {
      this.alone = event.target.checked;
      this.draw(this.runs ?? [], this.chosen);
    };
    return el("label", { class: "check" }, el("input", { type: "checkbox", on: { change } }), el("span", {}, "Only the chosen run"));
  }

  #option(name, value) {
    this.chart.options[name] = value;
    this.chart.draw();
  }

  #table() {
    const heads = ["run", "what differs", "state"].map((name) => el("th", { scope: "col", class: "words" }, name));
    const numbers = ["epoch", "batch loss", "batch accuracy", "validation", "rate"].map((name) => el("th", { scope: "col" }, name));
    return el(
      "div", { class: "scrolls legend", tabindex: "0", role: "group", "aria-label": "Runs" },
      el(
        "table", { class: "numbers runs" },
        el("caption", { class: "unseen" }, "Runs, with their line on the chart, and their values now or at the cursor"),
        el("thead", {}, el("tr", {}, heads, numbers, el("th", { scope: "col", class: "gone" }, el("span", { class: "unseen" }, "remove")))),
        this.rows,
      ),
    );
  }

  #pointer() {
    const move = (time) => {
      this.chart.cursor = time;
      this.chart.draw();
      this.#values();
    };
    this.canvas.addEventListener("pointermove", (event) => move(this.chart.timeAt(event.offsetX)));
    this.canvas.addEventListener("pointerleave", () => move(null));
    this.canvas.addEventListener("blur", () => move(null));
    this.canvas.addEventListener("keydown", (event) => {
      const end = this.chart.end;
      const at = this.chart.cursor ?? end;
      const to = { ArrowLeft: at - end / 100, ArrowRight: at + end / 100, PageDown: at - end / 10, PageUp: at + end / 10, Home: 0, End: end }[event.key];
      if (event.key === "Escape") move(null);
      if (to === undefined || !end) return;
      event.preventDefault();
      move(Math.max(0, Math.min(end, to)));
    });
  }

  /** Draw what is new: `runs` as the server describes them, `chosen` the id looked at. */
  draw(runs, chosen) {
    this.runs = runs;
    this.chosen = chosen;
    const key = JSON.stringify([chosen, runs.map((run) => [run.id, run.state, run.error, run.settings, run.network])]);
    if (key !== this.#drawn) this.#legend(runs, chosen);
    this.#drawn = key;
    const drawn = runs.filter((run) => !this.alone || run.id === chosen);
    this.chart.draw(drawn.map((run) => ({ id: run.id, ...styleOf(run.id), curve: this.history.of(run.id) })));
    this.#values();
  }

  #legend(runs, chosen) {
    const focused = document.activeElement?.dataset?.key;
    this.#rows.clear();
    fill(this.rows, runs.map((run) => this.#row(run, runs, run.id === chosen)));
    if (focused) this.rows.querySelector(`[data-key="${focused}"]`)?.focus();
  }

  #row(run, runs, chosen) {
    const cells = Object.fromEntries(["epoch", "loss", "accuracy", "validation", "rate"].map((name) => [name, el("td")]));
    this.#rows.set(run.id, cells);
    const pick = el(
      "label", { class: "pick" },
      el("input", { type: "radio", name: "chosen-run", value: String(run.id), checked: chosen, data: { key: `run-${run.id}` }, on: { change: () => this.act.choose(run.id) } }),
      swatch(run.id), el("span", {}, run.name),
    );
    const gone = el("button", { type: "button", class: "quiet tiny", "aria-label": `Remove ${run.name}`, title: "Remove", data: { key: `remove-${run.id}` }, on: { click: () => this.act.remove(run.id) } }, "✕");
    return el(
      "tr", { class: chosen ? "chosen" : null, data: { run: String(run.id) } },
      el("th", { scope: "row", class: "words" }, pick), el("td", { class: "words differs", title: run.network }, difference(run, runs, this.chosen)),
      el("td", { class: "words" }, el("span", { class: `state state-${run.state}` }, stateOf(run))),
      Object.values(cells), el("td", { class: "gone" }, gone),
    );
  }

  #values() {
    const { cursor } = this.chart;
    const told = [];
    for (const run of this.runs ?? []) {
      const cells = this.#rows.get(run.id);
      const curve = this.history.of(run.id);
      const end = curve?.time.at(-1) ?? 0;
      const found = cursor === null ? valueAt(curve, end) : cursor <= end * 1.02 ? valueAt(curve, cursor) : null;
      say(cells.epoch, found ? found.time.toFixed(2) : "–");
      say(cells.loss, figure(found?.loss));
      say(cells.accuracy, percent(found?.accuracy ?? NaN));
      say(cells.validation, percent((found && checkedAt(curve, found.time)) ?? NaN));
      say(cells.rate, figure(found?.rate));
      if (found) told.push(`${run.name} loss ${figure(found.loss)}, accuracy ${percent(found.accuracy)}`);
    }
    if (document.activeElement !== this.canvas && cursor === null) return;
    const time = cursor ?? this.chart.end;
    this.canvas.setAttribute("aria-valuemax", this.chart.end.toFixed(2));
    this.canvas.setAttribute("aria-valuenow", time.toFixed(2));
    this.canvas.setAttribute("aria-valuetext", `epoch ${time.toFixed(2)}: ${told.join("; ") || "nothing yet"}`);
  }
}
