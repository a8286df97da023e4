// What is to be said of a line: what it makes, or what is wrong with it, with the arithmetic and the ways out.

import { bytes, count, el, fill, short, size } from "../dom.js";

const ARITHMETIC = /(\(W - F[^:]*?is no whole number|\(H - F[^:]*?is no whole number|[WH] \+ 2\*P = [^:]*?is less than F=\d+)/;

/** The panel for a wrong line. `mend(line)` is called with the whole line of a fix, `reach()` to go to the place. */
export function wrong(root, line, error, { mend, reach }) {
  const fixes = (error.fixes ?? []).map((fix) =>
    el("button", { type: "button", class: "tiny fix", title: fix.line, on: { click: () => mend(fix) } }, fix.label),
  );
  fill(
    root,
    el(
      "div", { class: "says wrong verdict-wrong" },
      el("div", { class: "verdict-reason" }, el("span", { class: "verdict-where" }, where(line, error, reach)), reason(error.reason || error.message)),
      fixes.length > 0 && el("div", { class: "row fixes" }, el("span", { class: "small pale" }, "Mend it:"), fixes),
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
    if (i % 2) return el("code", { class: "arithmetic" }, part);
    const words = part.replace(/^: /, "").replace(/^(and|try) /, (word) => `${word[0].toUpperCase()}${word.slice(1)}`);
    return words.trim() && el("span", {}, words);
  });
}

const TILES = [
  ["layers", (plan) => count(plan.layers.length - 1)],
  ["parameters", (plan) => short(plan.totals.parameters)],
  ["neurons", (plan) => short(plan.totals.neurons)],
  ["multiply-adds", (plan) => short(plan.totals.flops / 2)],
  ["receptive field", (plan) => size(plan.layers.at(-1).receptive_field)],
  ["memory to train", (plan) => bytes(2 * plan.totals.activation_bytes + plan.totals.parameter_bytes)],
];

/** The panel for a line that is right: its figures at a glance. */
export function right(root, plan) {
  const tiles = TILES.map(([name, value]) => el("div", { class: "tile" }, el("dt", {}, name), el("dd", {}, value(plan))));
  fill(root, el("dl", { class: "tiles" }, tiles), el("p", { class: "canonical small pale" }, "In short: ", el("code", {}, plan.network)));
}
