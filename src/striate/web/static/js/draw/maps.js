// Activation maps, gradients and weights: bytes to pixels, at one canvas pixel a number.

const GAP = 1;
const LEAST = 16; // canvas pixels: smaller maps are drawn with whole blocks of pixels a number

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

/**
 * The 256 pixels (little-endian RGBA) of each scale: `grey` from black to white; `signed` with zero in the middle;
 * `rooted`, the same where shades grow as the square root, so that small numbers show beside large ones.
 */
export function scales() {
  if (tables) return tables;
  const grey = new Uint32Array(256);
  const signed = new Uint32Array(256);
  const rooted = new Uint32Array(256);
  const [low, zero, high] = ["negative", "zero", "positive"].map((name) => channels(colour(name)));
  for (let byte = 0; byte < 256; byte++) {
    grey[byte] = pixel(byte, byte, byte);
    const share = (byte - 127.5) / 127.5;
    const end = share < 0 ? low : high;
    const size = Math.abs(share);
    const near = size < 1.5 / 255 ? 0 : Math.sqrt(size); // the two bytes beside zero are zero
    const mixed = (part) => pixel(...zero.map((from, i) => Math.round(from + (end[i] - from) * part)));
    signed[byte] = mixed(size);
    rooted[byte] = mixed(near);
  }
  tables = { grey, signed, rooted };
  return tables;
}

const pixel = (red, green, blue) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/** The scale of a Section: activations are grey, gradients and weights signed. */
const scaleOf = (section) => (section.what === "activations" ? scales().grey : scales().signed);

/**
 * How many maps a Section brings and how large each is, in numbers: {count, width, height}.
 * Activations and gradients are [H, W, D] with a map a slice; weights [F, F, D, K] with a map a filter (rgb)
 * or a map a filter and depth slice.
 */
export function shapeOf(section) {
  const [height, width] = section.shape;
  const share = section.form === "rgb" ? 3 : 1;
  return { count: Math.floor(section.bytes / (width * height * share)), width, height };
}

/**
 * Maps of one size side by side, `columns` in a row with `gap` pixels between them: where each lies, and their bytes
 * written as pixels. A small map has whole blocks of pixels a number, so that it is about `least` pixels wide; of a
 * large one, every `skip`-th row and column is drawn.
 */
export class Tiles {
  constructor({ columns = 8, least = LEAST, gap = GAP, skip = 1 } = {}) {
    this.options = { columns, least, gap, skip };
  }

  /** Make room for {count, width, height}; `width` and `height` are then those of the whole, in pixels. */
  lay({ count, width, height }) {
    const { columns, least, gap, skip } = this.options;
    const [wide, high] = [Math.ceil(width / skip), Math.ceil(height / skip)];
    const block = Math.max(1, Math.round(least / Math.max(wide, high)));
    const across = Math.min(columns, count);
    this.laid = { count, width, height, block, across, wide: wide * block, high: high * block };
    this.width = across * (wide * block + gap) - gap;
    this.height = Math.ceil(count / across) * (high * block + gap) - gap;
  }

  /** Where map `index` begins: [x, y]. */
  begin(index) {
    const { across, wide, high } = this.laid;
    const { gap } = this.options;
    return [(index % across) * (wide + gap), Math.floor(index / across) * (high + gap)];
  }

  /** Write `section`, whose bytes begin at `section.at` of `payload`, to 32-bit pixels with `stride` in a line, from `corner`. */
  write(pixels, stride, corner, section, payload, table) {
    const { width, height, block, count } = this.laid;
    const { skip } = this.options;
    const share = section.form === "rgb" ? 3 : 1;
    const most = Math.min(count, Math.floor(section.bytes / (width * height * share)));
    for (let index = 0; index < most; index++) {
      const [x, y] = this.begin(index);
      let from = corner + y * stride + x;
      for (let row = 0; row < height; row += skip, from += block * stride) {
        const at = section.at + (index * height + row) * width * share;
        const to = share === 3 ? this.#rgb(pixels, from, payload, at) : this.#grey(pixels, from, payload, at, table);
        for (let down = 1; down < block; down++) pixels.copyWithin(from + down * stride, from, to);
      }
    }
  }

  #grey(pixels, to, payload, at, table) {
    const { width, block } = this.laid;
    const { skip } = this.options;
    if (block === 1 && skip === 1) for (const end = at + width; at < end; ) pixels[to++] = table[payload[at++]];
    else {
      for (let column = 0; column < width; column += skip) {
        const value = table[payload[at + column]];
        for (const end = to + block; to < end; ) pixels[to++] = value;
      }
    }
    return to;
  }

  #rgb(pixels, to, payload, at) {
    const { width, block } = this.laid;
    const { skip } = this.options;
    for (let column = 0; column < width; column += skip) {
      const place = at + 3 * column;
      const value = pixel(payload[place], payload[place + 1], payload[place + 2]);
      for (const end = to + block; to < end; ) pixels[to++] = value;
    }
    return to;
  }
}

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
