// The layers as a list: one below the other, each with its activations, gradients and weights side by side.

import { Atlas, scales } from "../draw/maps.js";
import { el, size } from "../dom.js";
import { expected, inList } from "./arrange.js";
import { Range } from "./range.js";

/**
 * A list of `layers` (of a plan), with `bands` of [what, words], in `root`; `room` CSS pixels for
 * the maps of a part; `moved()` when others are seen.
 */
export class List {
  #parts = new Map();

  constructor(root, layers, bands, most, room, moved) {
    this.moved = moved;
    this.seen = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: "40px" });
    root.style.setProperty("--bands", String(bands.length));
    root.replaceChildren(...layers.map((layer) => this.#layer(layer, bands, most, room)));
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
    const canvas = el("canvas", { role: "img", "aria-label": `${layer.name}, ${what}`, data: { part: name } });
    const atlas = new Atlas(canvas, inList(shape, room));
    atlas.reserve(shape);
    const part = { atlas, what, range: new Range(layer, what), seen: false, stale: false, section: null, payload: null };
    this.#parts.set(name, part);
    this.seen.observe(canvas);
    return el("div", { class: `part part-${what}` }, el("span", { class: "part-name" }, words), part.range.root, canvas);
  }

  /** Which of activations, gradients and weights are on the screen. */
  get visible() {
    return [...new Set([...this.#parts.values()].filter((part) => part.seen).map((part) => part.what))];
  }

  #seen(entries) {
    this.moved();
    for (const entry of entries) {
      const part = this.#parts.get(entry.target.dataset.part);
      part.seen = entry.isIntersecting;
      if (!part.seen || !part.stale) continue;
      this.#paint(part);
      part.range.say(part.section, part.payload);
    }
  }

  /** Draw a frame: only the maps that can be seen, and gradients only where they were taken anew. */
  draw(header, payload) {
    for (const section of header.sections) {
      const part = this.#parts.get(`${section.layer} ${section.what}`);
      if (!part) continue;
      Object.assign(part, { section, payload, stale: true });
      if (part.seen) this.#paint(part);
    }
  }

  #paint(part) {
    part.atlas.draw(part.section, part.payload, part.what === "activations" ? scales().grey : scales().rooted);
    part.stale = false;
  }

  /** Write the numbers above the maps. */
  say() {
    for (const part of this.#parts.values()) if (part.seen && part.section) part.range.say(part.section, part.payload);
  }

  /** Draw everything in the colours as they are now. */
  again() {
    for (const part of this.#parts.values()) if (part.section) this.#paint(part);
  }

  close() {
    this.seen.disconnect();
  }
}
