// The layers as columns: one canvas for each band of activations, gradients or weights, from the first layer to the last.

import { el, size } from "../dom.js";
import { Tiles } from "../draw/tiles.js";
import { UNIT, expected, inColumn } from "./arrange.js";
import { Canvases } from "./canvases.js";
import { Range } from "./range.js";

const GAP = 10; // CSS pixels between two columns
const LEAST = 80; // CSS pixels of a column, so that its numbers can be read

/** Columns of `layers` (of a plan), with `bands` of [what, words, meaning], in `root`; drawn by `painter`. */
export class Columns extends Canvases {
  constructor(root, layers, bands, most, painter, moved) {
    super(painter, moved);
    const columns = layers.map((layer) => ({ layer, parts: bands.map(([what]) => part(layer, what, most)) }));
    let left = 0;
    for (const column of columns) {
      column.left = left;
      column.width = Math.max(LEAST, ...column.parts.map((one) => (one ? one.tiles.width * UNIT : 0)));
      left += column.width + GAP;
    }
    root.style.setProperty("grid-template-columns", `var(--legend) ${columns.map((column) => `${column.width}px`).join(" ")}`);
    const heads = columns.map((column, i) => at(head(column.layer), 1, i + 2));
    const rows = bands.map((band, i) => this.#band(band, i, columns, left - GAP));
    root.replaceChildren(...heads, ...rows.flat());
    this.lay();
  }

  #band([what, words, meaning], i, columns, width) {
    const parts = columns.map((column) => column.parts[i] && { ...column.parts[i], x: column.left / UNIT, range: new Range(column.layer, what) });
    const there = parts.filter(Boolean);
    const canvas = el("canvas", { class: "pixels", role: "img", "aria-label": `${words} of every layer, ${meaning}`, data: { band: what } });
    this.add(canvas, what, what, there, { width: width / UNIT, height: Math.max(1, ...there.map((one) => one.tiles.height)), unit: UNIT });
    const legend = el("div", { class: `band-name band-${what}` }, el("b", {}, words), el("span", { class: "small pale" }, meaning), el("span", { class: "ramp" }));
    return [
      at(legend, `${2 * i + 2} / span 2`, 1),
      ...parts.map((one, place) => one && at(one.range.root, 2 * i + 2, place + 2)).filter(Boolean),
      at(canvas, 2 * i + 3, "2 / -1"),
    ];
  }
}

function part(layer, what, most) {
  const shape = expected(layer, what, most);
  if (!shape) return null;
  const options = inColumn(shape);
  const tiles = new Tiles(options);
  tiles.lay(shape);
  return { name: `${layer.name} ${what}`, shape, options, tiles };
}

function head(layer) {
  return el(
    "div", { class: "layer-head", data: { layer: layer.name } }, el("h3", { class: `kind-${layer.kind}` }, layer.name),
    el("span", { class: "layer-size" }, size(layer.output)), el("code", { class: "layer-notation", title: layer.notation }, layer.notation),
  );
}

/** Put `node` in a row and a column of the grid. */
function at(node, row, column) {
  node.style.setProperty("grid-row", String(row));
  node.style.setProperty("grid-column", String(column));
  return node;
}
