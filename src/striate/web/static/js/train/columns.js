// The layers as columns: one canvas for each band of activations, gradients or weights, from the first layer to the last.

import { Tiles, colour, channels, scales } from "../draw/maps.js";
import { el, size } from "../dom.js";
import { UNIT, expected, inColumn } from "./arrange.js";
import { Range } from "./range.js";

const GAP = 10; // CSS pixels between two columns
const LEAST = 80; // CSS pixels of a column, so that its numbers can be read

/** Columns of `layers` (of a plan), with `bands` of [what, words, meaning], in `root`; `moved()` when others are seen. */
export class Columns {
  #bands = new Map();

  constructor(root, layers, bands, most, moved) {
    this.moved = moved;
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
    this.seen = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: "40px" });
    for (const band of this.#bands.values()) this.seen.observe(band.canvas);
  }

  #band([what, words, meaning], i, columns, width) {
    const parts = columns.map((column) => column.parts[i] && Object.assign(column.parts[i], { x: column.left / UNIT, range: new Range(column.layer, what) }));
    const canvas = el("canvas", { class: "pixels", role: "img", "aria-label": `${words} of every layer, ${meaning}`, data: { band: what } });
    canvas.width = width / UNIT;
    canvas.height = Math.max(1, ...parts.map((one) => one?.tiles.height ?? 0));
    canvas.style.width = `${width}px`;
    canvas.style.height = `${canvas.height * UNIT}px`;
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    const band = { what, canvas, context, image, pixels: new Uint32Array(image.data.buffer), parts: new Map(), seen: false, stale: false };
    for (const one of parts) if (one) band.parts.set(one.layer.name, one);
    this.#bands.set(what, band);
    this.#ground(band);
    context.putImageData(image, 0, 0);
    const legend = el("div", { class: `band-name band-${what}` }, el("b", {}, words), el("span", { class: "small pale" }, meaning), el("span", { class: "ramp" }));
    return [
      at(legend, `${2 * i + 2} / span 2`, 1),
      ...parts.map((one, place) => one && at(one.range.root, 2 * i + 2, place + 2)).filter(Boolean),
      at(canvas, 2 * i + 3, "2 / -1"),
    ];
  }

  /** What is seen between the maps. */
  #ground({ canvas, pixels, parts }) {
    const [red, green, blue] = channels(colour("line"));
    const ink = ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    for (const { x, tiles } of parts.values()) {
      for (let y = 0; y < tiles.height; y++) pixels.fill(ink, y * canvas.width + x, y * canvas.width + x + tiles.width);
    }
  }

  /** Which of activations, gradients and weights are on the screen. */
  get visible() {
    return [...this.#bands.values()].filter((band) => band.seen).map((band) => band.what);
  }

  #seen(entries) {
    this.moved();
    for (const entry of entries) {
      const band = this.#bands.get(entry.target.dataset.band);
      band.seen = entry.isIntersecting;
      if (!band.seen || !band.stale) continue;
      this.#paint(band);
      this.#say(band);
    }
  }

  /** Draw what a frame brings, in the bands that can be seen. */
  draw(header, payload) {
    const touched = new Set();
    for (const section of header.sections) {
      const band = this.#bands.get(section.what);
      const one = band?.parts.get(section.layer);
      if (!one) continue;
      Object.assign(one, { section, payload, stale: true });
      touched.add(band);
    }
    for (const band of touched) {
      band.stale = true;
      if (band.seen) this.#paint(band);
    }
  }

  #paint(band) {
    const table = band.what === "activations" ? scales().grey : scales().rooted;
    for (const one of band.parts.values()) {
      if (one.stale) one.tiles.write(band.pixels, band.canvas.width, one.x, one.section, one.payload, table);
      one.stale = false;
    }
    band.stale = false;
    band.context.putImageData(band.image, 0, 0);
  }

  /** Write the numbers above the maps. */
  say() {
    for (const band of this.#bands.values()) if (band.seen) this.#say(band);
  }

  #say(band) {
    for (const one of band.parts.values()) if (one.section) one.range.say(one.section, one.payload);
  }

  /** Draw everything in the colours as they are now. */
  again() {
    for (const band of this.#bands.values()) {
      this.#ground(band);
      for (const one of band.parts.values()) one.stale = Boolean(one.section);
      this.#paint(band);
    }
  }

  close() {
    this.seen.disconnect();
  }
}

function part(layer, what, most) {
  const shape = expected(layer, what, most);
  if (!shape) return null;
  const tiles = new Tiles(inColumn(shape));
  tiles.lay(shape);
  return { layer, tiles, section: null, payload: null, stale: false };
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
