// How a run looks wherever it is drawn: a colour and a dash of its own.

import { svg } from "../dom.js";

const COLOURS = 6;
const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3]];

/** {colour: name of the custom property, dash: lengths of strokes and gaps} of run `id`. */
export function styleOf(id) {
  return { colour: `run-${((id - 1) % COLOURS) + 1}`, dash: DASHES[(id - 1) % DASHES.length] };
}

/** A short piece of the run's line, for a legend. */
export function swatch(id) {
  const { colour, dash } = styleOf(id);
  const line = svg("line", { x1: 1, y1: 6, x2: 31, y2: 6, "stroke-width": 2.5, "stroke-dasharray": dash.join(" ") || null });
  line.style.stroke = `var(--${colour})`;
  return svg("svg", { class: "swatch", viewBox: "0 0 32 12", width: 32, height: 12, "aria-hidden": "true" }, line);
}

const SHOWN = [["optimizer", ""], ["lr", "lr"], ["momentum", "momentum"], ["batch", "batch"], ["l2", "L2"], ["dropout", "dropout"], ["schedule", "schedule"], ["loss", "loss"], ["seed", "seed"]];

/** What tells `run` from the chosen one, and the chosen one from all others: "adam, lr 0.001". */
export function difference(run, runs, chosen) {
  const others = runs.filter((other) => other.id !== run.id && (run.id === chosen || other.id === chosen));
  const differs = ([name]) => others.some((other) => other.settings?.[name] !== run.settings?.[name]);
  const shown = others.length ? SHOWN.filter(differs) : SHOWN.slice(0, 3);
  const words = shown.filter(([name]) => run.settings?.[name] !== null && run.settings?.[name] !== undefined).map(([name, word]) => `${word} ${run.settings[name]}`.trim());
  if (others.some((other) => other.data !== run.data)) words.unshift(run.data ?? "no data");
  if (others.some((other) => other.network !== run.network)) words.push(run.network);
  return words.join(", ") || run.data || "";
}
