// Activation maps, gradients and weights on canvases, at one canvas pixel a number.

import { GAP, LEAST, Tiles, pixel, ramps, shapeOf } from "./tiles.js";

/** A CSS custom property's value: colour("conv") -> "#1f63a8". */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** "#1f63a8" -> [31, 99, 168] */
export function channels(hex) {
  const value = parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

let tables = null;
addEventListener("theme", () => (tables = null));

/** The pixels of each scale (see `ramps`), in the colours as they are now. */
export function scales() {
  tables ??= ramps(inks());
  return tables;
}

/** The colours of the signed scales, as [red, green, blue]. */
export function inks() {
  const [negative, zero, positive] = ["negative", "zero", "positive"].map((name) => channels(colour(name)));
  return { negative, zero, positive };
}

/** The scale of a Section: activations are grey, gradients and weights signed. */
const scaleOf = (section) => (section.what === "activations" ? scales().grey : scales().signed);

/**
 * One canvas for all maps of a Section, `columns` of them side by side. `draw` writes one ImageData through a
 * 32-bit view and puts it once. CSS scales the canvas; nothing is read from the layout.
 */
export class Atlas {
  #key = "";
  #image = null;
  #pixels = null;
  #tiles = null;

  /** `unit`: how many CSS pixels a canvas pixel takes. */
  constructor(canvas, { columns = 8, unit = 2, least = LEAST, gap = GAP } = {}) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.options = { columns, unit, least, gap };
  }

  /** How the maps lie: {count, width, height, block, across, …} of Tiles, or null before there are any. */
  get laid() {
    return this.#tiles?.laid ?? null;
  }

  /** Where map `index` lies on the canvas, in CSS pixels: {x, y, width, height}. */
  place(index) {
    const { unit } = this.options;
    const [x, y] = this.#tiles.begin(index);
    const { wide, high } = this.#tiles.laid;
    return { x: x * unit, y: y * unit, width: wide * unit, height: high * unit };
  }

  /** Which map and number lie at (x, y) of the canvas, in CSS pixels, or null: {index, column, row}. */
  at(x, y) {
    if (!this.#tiles) return null;
    const { unit, gap } = this.options;
    const { width, height, block, across, count, wide, high } = this.#tiles.laid;
    const [left, top] = [Math.floor(x / unit), Math.floor(y / unit)];
    const index = Math.floor(top / (high + gap)) * across + Math.floor(left / (wide + gap));
    const column = Math.floor((left % (wide + gap)) / block);
    const row = Math.floor((top % (high + gap)) / block);
    const hit = left >= 0 && top >= 0 && left < across * (wide + gap) && index < count && column < width && row < height;
    return hit ? { index, column, row } : null;
  }

  /** Take the room that maps of this shape ({count, width, height}) need, before there are any. */
  reserve(shape) {
    const key = `${shape.count} ${shape.width} ${shape.height}`;
    if (key === this.#key) return;
    this.#key = key;
    const { canvas } = this;
    const { unit } = this.options;
    this.#tiles = new Tiles(this.options);
    this.#tiles.lay(shape);
    canvas.width = this.#tiles.width;
    canvas.height = this.#tiles.height;
    canvas.style.width = `${canvas.width * unit}px`;
    canvas.style.height = `${canvas.height * unit}px`;
    canvas.classList.toggle("pixels", unit >= 1);
    this.#image = this.context.createImageData(canvas.width, canvas.height);
    this.#pixels = new Uint32Array(this.#image.data.buffer);
  }

  /** Draw `section`, whose bytes begin at `section.at` of `payload`, with `table` (or rgb as it is). */
  draw(section, payload, table = scaleOf(section)) {
    this.reserve(shapeOf(section));
    this.#tiles.write(this.#pixels, this.canvas.width, 0, section, payload, table);
    this.context.putImageData(this.#image, 0, 0);
  }
}

/** Draw one (H, W, D) uint8 image, depth last, on a canvas at one pixel a number. */
export function drawImage(canvas, volume, bytes, at = 0) {
  const [width, height, depth] = volume;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const colourful = depth >= 3;
  for (let i = 0; i < pixels.length; i++, at += depth) {
    const red = bytes[at];
    pixels[i] = colourful ? pixel(red, bytes[at + 1], bytes[at + 2]) : pixel(red, red, red);
  }
  context.putImageData(image, 0, 0);
}
