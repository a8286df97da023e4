// Bytes to pixels, at one pixel a number: what a page and its worker both know of maps.

export const GAP = 1;
export const LEAST = 16; // pixels: smaller maps are drawn with whole blocks of pixels a number

/** One pixel of a canvas as a little-endian number. */
export const pixel = (red, green, blue) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/**
 * The 256 pixels of each scale, from the colours [red, green, blue] of `negative`, `zero` and `positive`: `grey` from
 * black to white; `signed` with zero in the middle; `rooted`, the same where shades grow as the square root, so that
 * small numbers show beside large ones.
 */
export function ramps({ negative, zero, positive }) {
  const grey = new Uint32Array(256);
  const signed = new Uint32Array(256);
  const rooted = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    grey[byte] = pixel(byte, byte, byte);
    const share = (byte - 127.5) / 127.5;
    const end = share < 0 ? negative : positive;
    const size = Math.abs(share);
    const near = size < 1.5 / 255 ? 0 : Math.sqrt(size); // the two bytes beside zero are zero
    const mixed = (part) => pixel(...zero.map((from, i) => Math.round(from + (end[i] - from) * part)));
    signed[byte] = mixed(size);
    rooted[byte] = mixed(near);
  }
  return { grey, signed, rooted };
}

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
