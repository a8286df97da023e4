// The layers as a list: one below the other, each with its activations, gradients and weights side by side.

import { el, size } from "../dom.js";
import { Tiles } from "../draw/tiles.js";
import { expected, inList } from "./arrange.js";
import { Canvases } from "./canvases.js";
import { Range } from "./range.js";

/**
 * A list of `layers` (of a plan), with `bands` of [what, words], in `root`; `room` CSS pixels for the maps of a part;
 * drawn by `painter`.
 */
export class List extends Canvases {
  constructor(root, layers, bands, most, room, painter, moved) {
    super(painter, moved);
    root.style.setProperty("--bands", String(bands.length));
    root.replaceChildren(...layers.map((layer) => this.#layer(layer, bands, most, room)));
    this.lay();
  }

  #layer(layer, bands, most, room) {
    const head = el(
      "div", { class: "layer-head" }, el("h3", { class: `kind-${layer.kind}` }, layer.name),
      el("span", { class: "layer-size" }, size(layer.output)), el("code", { class: "layer-notation" }, layer.notation),
    );
    return el("div", { class: "layer" }, head, bands.map(([what, words]) => this.#part(layer, what, words, most, room)));
  }

  #part(layer, what, words, most, room) {
    const shape = expected(layer, what, most);
    if (!shape) return el("div", { class: "part none" });
    const name = `${layer.name} ${what}`;
    const { unit, ...options } = inList(shape, room);
    const tiles = new Tiles(options);
    tiles.lay(shape);
    const canvas = el("canvas", { class: unit >= 1 ? "pixels" : null, role: "img", "aria-label": `${layer.name}, ${what}`, data: { part: name } });
    const range = new Range(layer, what);
    this.add(canvas, name, what, [{ name, shape, options, x: 0, range }], { width: tiles.width, height: tiles.height, unit });
    return el("div", { class: `part part-${what}` }, el("span", { class: "part-name" }, words), range.root, canvas);
  }
}
