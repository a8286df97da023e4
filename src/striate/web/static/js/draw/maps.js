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
export const scaleOf = (section) => (section.what === "activations" ? scales().grey : scales().signed);

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
 * One canvas for all maps of a Section, `columns` of them side by side. `draw` writes one ImageData through a
 * 32-bit view and puts it once. CSS scales the canvas; nothing is read from the layout.
 */
export class Atlas {
  #key = "";
  #image = null;
  #pixels = null;

  /** `unit`: how many CSS pixels a canvas pixel takes. */
  constructor(canvas, { columns = 8, unit = 2, least = LEAST, gap = GAP } = {}) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.options = { columns, unit, least, gap };
  }

  /** The side by side count, or another option, from now on. */
  arrange(options) {
    Object.assign(this.options, options);
    this.#key = "";
  }

  /** Where map `index` lies on the canvas, in CSS pixels: {x, y, width, height}. */
  place(index) {
    const { unit, gap } = this.options;
    const { width, height, block, across } = this.laid;
    const x = (index % across) * (width * block + gap);
    const y = Math.floor(index / across) * (height * block + gap);
    return { x: x * unit, y: y * unit, width: width * block * unit, height: height * block * unit };
  }

  /** Which map and number lie at (x, y) of the canvas, in CSS pixels, or null: {index, column, row}. */
  at(x, y) {
    if (!this.laid) return null;
    const { unit, gap } = this.options;
    const { width, height, block, across, count } = this.laid;
    const [left, top] = [Math.floor(x / unit), Math.floor(y / unit)];
    const [wide, high] = [width * block + gap, height * block + gap];
    const index = Math.floor(top / high) * across + Math.floor(left / wide);
    const column = Math.floor((left % wide) / block);
    const row = Math.floor((top % high) / block);
    const hit = left >= 0 && top >= 0 && left < across * wide && index < count && column < width && row < height;
    return hit ? { index, column, row } : null;
  }

  /** Take the room that maps of this shape ({count, width, height}) need, before there are any. */
  reserve(shape) {
    const key = `${shape.count} ${shape.width} ${shape.height}`;
    if (key !== this.#key) this.#lay(shape, key);
  }

  /** Draw `section`, whose bytes begin at `section.at` of `payload`, with `table` (or rgb as it is). */
  draw(section, payload, table = scaleOf(section)) {
    this.reserve(shapeOf(section));
    if (section.form === "rgb") this.#rgb(payload, section.at);
    else this.#maps(payload, section.at, table);
    this.context.putImageData(this.#image, 0, 0);
  }

  #lay({ count, width, height }, key) {
    const { columns, unit, least, gap } = this.options;
    const block = Math.max(1, Math.round(least / Math.max(width, height)));
    const across = Math.min(columns, count);
    const down = Math.ceil(count / across);
    this.laid = { count, width, height, block, across };
    const canvas = this.canvas;
    canvas.width = across * (width * block + gap) - gap;
    canvas.height = down * (height * block + gap) - gap;
    canvas.style.width = `${canvas.width * unit}px`;
    canvas.style.height = `${canvas.height * unit}px`;
    canvas.classList.toggle("pixels", unit >= 1);
    this.#image = this.context.createImageData(canvas.width, canvas.height);
    this.#pixels = new Uint32Array(this.#image.data.buffer);
    this.#key = key;
  }

  #maps(payload, at, table) {
    const { count, width, height, block } = this.laid;
    const stride = this.canvas.width;
    const pixels = this.#pixels;
    for (let index = 0; index < count; index++) {
      let from = this.#corner(index);
      for (let row = 0; row < height; row++, from += block * stride) {
        let to = from;
        if (block === 1) for (let column = 0; column < width; column++) pixels[to++] = table[payload[at++]];
        else {
          for (let column = 0; column < width; column++) {
            const value = table[payload[at++]];
            for (const end = to + block; to < end; ) pixels[to++] = value;
          }
          this.#repeat(from, to);
        }
      }
    }
  }

  #rgb(payload, at) {
    const { count, width, height, block } = this.laid;
    const stride = this.canvas.width;
    const pixels = this.#pixels;
    for (let index = 0; index < count; index++) {
      let from = this.#corner(index);
      for (let row = 0; row < height; row++, from += block * stride) {
        let to = from;
        for (let column = 0; column < width; column++, at += 3) {
          const value = pixel(payload[at], payload[at + 1], payload[at + 2]);
          for (const end = to + block; to < end; ) pixels[to++] = value;
        }
        this.#repeat(from, to);
      }
    }
  }

  /** Where the first pixel of map `index` is. */
  #corner(index) {
    const { width, height, block, across } = this.laid;
    const { gap } = this.options;
    return Math.floor(index / across) * (height * block + gap) * this.canvas.width + (index % across) * (width * block + gap);
  }

  /** Copy one line of pixels to the others of its blocks. */
  #repeat(from, to) {
    const stride = this.canvas.width;
    for (let down = 1; down < this.laid.block; down++) this.#pixels.copyWithin(from + down * stride, from, to);
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
