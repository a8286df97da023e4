// What is to be said of a line: what it makes, or what is wrong with it, with the arithmetic and the ways out.

import { bytes, count, el, fill, minus, say, short, size } from "../dom.js";

const ARITHMETIC = /(\(W - F[^:]*?is no whole number|\(H - F[^:]*?is no whole number|[WH] \+ 2\*P = [^:]*?is less than F=\d+)/;

/** The panel for a wrong line, and one sentence of it for those who hear the page, in `heard`. `mend(line)` is called with the whole line of a fix, `reach()` to go to the place. */
export function wrong(root, heard, line, error, { mend, reach }) {
  say(heard, error.reason || error.message);
  const fixes = (error.fixes ?? []).map((fix) =>
    el("button", { type: "button", class: "tiny fix", title: fix.line, on: { click: () => mend(fix) } }, fix.label),
  );
  fill(
    root,
    el(
      "div", { class: "says wrong verdict-wrong" },
      el("div", { class: "verdict-reason" }, el("span", { class: "verdict-where" }, where(line, error, reach)), reason(error.reason || error.message)),
      fixes.length > 0 && el("div", { class: "row fixes" }, el("span", { class: "small pale" }, "These would:"), fixes),
    ),
  );
}

function where(line, error, reach) {
  if (!Number.isInteger(error.position)) return "This line cannot be built";
  const before = [...line].slice(0, error.position);
  const lines = before.filter((letter) => letter === "\n").length;
  const column = error.position - (before.lastIndexOf("\n") + 1) + 1;
  const words = line.includes("\n") ? `Line ${lines + 1}, column ${column}` : `Column ${column}`;
  return el("button", { type: "button", class: "quiet tiny goto", title: "Go there", on: { click: reach } }, words);
}

/** A message with its arithmetic on lines of its own, set as formulas. */
function reason(text) {
  const parts = text.split(ARITHMETIC);
  return parts.map((part, i) => {
    if (i % 2) return el("code", { class: "arithmetic" }, formula(part));
    const words = part.replace(/^: /, "").replace(/^(and|try) /, (word) => `${word[0].toUpperCase()}${word.slice(1)}`);
    return words.trim() && el("span", {}, words);
  });
}

/** "(10 - 3 + 2*0)/2" -> "(10 − 3 + 2·0)/2", as the notes and the exhibits set it. */
const formula = (text) => minus(text.replaceAll("2*P", "2P").replaceAll("*", "·"));

/** One multiplication and one addition for each weight of each neuron. */
const multiplied = (plan) => plan.layers.reduce((sum, layer) => sum + layer.neurons * layer.connections, 0);

const TILES = [
  ["layers", (plan) => count(plan.layers.length - 1)],
  ["parameters", (plan) => short(plan.totals.parameters)],
  ["neurons", (plan) => short(plan.totals.neurons)],
  ["multiply-adds", (plan) => short(multiplied(plan))],
  ["receptive field", (plan) => size(plan.layers.at(-1).receptive_field)],
  ["memory to train", (plan) => bytes(2 * plan.totals.activation_bytes + plan.totals.parameter_bytes)],
];

/** The panel for a line that is right: its figures at a glance, and in `heard` one sentence. */
export function right(root, heard, plan) {
  say(heard, `${count(plan.layers.length - 1)} layers, ${count(plan.totals.parameters)} parameters`);
  const tiles = TILES.map(([name, value]) => el("div", { class: "tile" }, el("dt", {}, name), el("dd", {}, value(plan))));
  fill(root, el("dl", { class: "tiles" }, tiles), el("p", { class: "canonical small pale" }, "In short: ", el("code", {}, plan.network)));
}
