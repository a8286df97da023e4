// From a drawing, a photo or a camera to the pixels that a network reads.

/** ITU-R 601 luma of the pixel that begins at `at` of RGBA bytes. */
const luma = (data, at) => 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];

/** RGBA bytes at INPUT's size as H*W*D bytes, depth last: D=1 is grey, D=3 is red, green, blue. */
export function pixelsOf(data, [width, height, depth], inverted = false) {
  const pixels = new Uint8Array(width * height * depth);
  for (let i = 0, at = 0; i < width * height; i++, at += 4) {
    if (depth === 1) pixels[i] = Math.round(luma(data, at));
    else for (let d = 0; d < depth; d++) pixels[i * depth + d] = d < 3 ? data[at + d] : 0;
  }
  if (inverted) for (let i = 0; i < pixels.length; i++) pixels[i] = 255 - pixels[i];
  return pixels;
}

/** The red numbers of RGBA bytes: the ink of a drawing in white on black. */
export function inkOf(data) {
  const ink = new Uint8Array(data.length / 4);
  for (let i = 0; i < ink.length; i++) ink[i] = data[4 * i];
  return ink;
}

/**
 * A drawing as MNIST has its digits: scaled so that the longer side of what was drawn fills `share` of the shorter side
 * of the picture, with its centre of mass in the middle. Source: LeCun, Cortes, Burges, "The MNIST database": digits
 * are fitted into 20x20 and centred by their centre of mass in 28x28.
 * @param ink side*side bytes, 255 where there is most ink
 */
export function centred(ink, side, [width, height], share) {
  const box = inked(ink, side);
  const out = new Uint8Array(width * height);
  if (box === null) return out;
  const scale = (share * Math.min(width, height)) / Math.max(box.right - box.left, box.bottom - box.top);
  const [left, top] = [box.x - width / 2 / scale, box.y - height / 2 / scale];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      out[row * width + column] = Math.round(mean(ink, side, left + column / scale, top + row / scale, 1 / scale));
    }
  }
  return out;
}

/** The box around what was drawn and its centre of mass, or null where nothing was. */
export function inked(ink, side) {
  let [left, right, top, bottom, mass, x, y] = [side, 0, side, 0, 0, 0, 0];
  for (let row = 0, at = 0; row < side; row++) {
    for (let column = 0; column < side; column++, at++) {
      if (ink[at] < 32) continue;
      left = Math.min(left, column);
      right = Math.max(right, column + 1);
      top = Math.min(top, row);
      bottom = Math.max(bottom, row + 1);
      mass += ink[at];
      x += ink[at] * (column + 0.5);
      y += ink[at] * (row + 0.5);
    }
  }
  return mass === 0 ? null : { left, right, top, bottom, x: x / mass, y: y / mass };
}

/** The mean of the numbers under a square of side `size` at (left, top); beyond the drawing lies 0. */
function mean(ink, side, left, top, size) {
  let sum = 0;
  for (let row = Math.max(0, Math.floor(top)); row < Math.min(side, top + size); row++) {
    const high = Math.min(row + 1, top + size) - Math.max(row, top);
    for (let column = Math.max(0, Math.floor(left)); column < Math.min(side, left + size); column++) {
      const wide = Math.min(column + 1, left + size) - Math.max(column, left);
      sum += high * wide * ink[row * side + column];
    }
  }
  return sum / (size * size);
}

/**
 * How a data set draws: {dark: is the ink darker than the paper?, share: of the picture's shorter side that the longer
 * side of its drawings fills, as a median}. `images` are `count` grey pictures of width x height bytes, one after
 * another.
 */
export function manner(images, count, [width, height]) {
  const area = width * height;
  let border = 0;
  for (let n = 0; n < count; n++) {
    for (let column = 0; column < width; column++) border += images[n * area + column] + images[(n + 1) * area - 1 - column];
  }
  const dark = border / (2 * width * count) > 127;
  const shares = Array.from({ length: count }, (_, n) => filled(images.subarray(n * area, (n + 1) * area), width, height, dark));
  shares.sort((a, b) => a - b);
  return { dark, share: shares[Math.floor(count / 2)] || 20 / 28 };
}

function filled(image, width, height, dark) {
  let [left, right, top, bottom] = [width, 0, height, 0];
  image.forEach((byte, at) => {
    if ((dark ? 255 - byte : byte) < 48) return;
    const [column, row] = [at % width, Math.floor(at / width)];
    [left, right] = [Math.min(left, column), Math.max(right, column + 1)];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row + 1)];
  });
  return Math.max(0, right - left, bottom - top) / Math.min(width, height);
}
