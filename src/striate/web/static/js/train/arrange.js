// How the maps of a layer lie side by side: how large each is, and how many stand in a row.

export const UNIT = 2; // CSS pixels that a pixel of a column takes
const SIDE = 64; // CSS pixels, about, for one map
const TALL = 12; // maps in a column before a second one begins
const STRIP = 1024; // numbers of a 1x1 layer that the server sends
const WEIGHTS = 16384; // weights of a layer that the server sends

/** The maps that the server will send of `layer` (of a plan): {count, width, height, across}, or null for none. */
export function expected(layer, what, most) {
  const [width, height, depth] = layer.output;
  if (what === "weights") return layer.weights ? filters(layer, most) : null;
  if (layer.kind === "INPUT" && what === "activations" && depth === 3) return { count: 1, width, height };
  return { count: Math.min(depth, width * height === 1 ? STRIP : most), width, height };
}

function filters(layer, most) {
  const [width, height] = layer.kind === "FC" ? layer.input : [layer.window.F, layer.window.F].flat();
  const wanted = layer.kind === "LOCAL" ? layer.neurons : layer.output[2];
  const depth = layer.weights / (wanted * width * height); // of a CONV in groups, those of one
  const area = width * height;
  if (layer.kind === "CONV" && depth === 3) {
    return { count: Math.min(wanted, Math.max(1, Math.min(most, Math.floor(WEIGHTS / (3 * area))))), width, height, rgb: true };
  }
  const across = Math.min(depth, area > 1 ? most : STRIP);
  const count = Math.min(wanted, Math.max(1, Math.min(most, Math.floor(WEIGHTS / (across * area)))));
  return { count: count * across, width, height, across };
}

/** Options of an Atlas for maps of `shape` in a list, with `room` CSS pixels in a row. */
export function inList(shape, room) {
  const { width, height, across } = shape;
  const side = Math.max(width, height);
  if (across > 2) return matrix(side, across, 3);
  if (shape.rgb || across) return { least: Math.max(side, SIDE / 2 - 1), gap: 1, unit: 2, columns: fitting(room, SIDE) };
  if (side === 1 && shape.count > TALL) return { least: 6, gap: 1, unit: 2, columns: fitting(room, 14) };
  const block = Math.max(1, Math.round(SIDE / 2 / side));
  const unit = side * block <= 0.625 * SIDE ? 2 : SIDE / (side * block);
  return { least: SIDE / 2, gap: unit < 1 ? Math.ceil(2 / unit) : 1, unit, columns: fitting(room, (side * block + 1) * unit) };
}

/** Options of Tiles for maps of `shape` in a column whose pixels are drawn UNIT CSS pixels large. */
export function inColumn({ count, width, height, across, rgb }) {
  const side = Math.max(width, height);
  const half = SIDE / UNIT;
  if (across > 2 && side === 1) return { least: 1, gap: 0, columns: Math.min(across, half) };
  if (across > 2) return { least: Math.max(1, Math.floor(half / across) - 1), gap: 1, columns: across };
  if (rgb || across) return { least: half / 2 - 1, gap: 1, columns: 2 };
  if (side === 1 && count > TALL) return { least: 6, gap: 1, columns: Math.ceil(count / 47) };
  return { least: half, gap: 1, columns: Math.ceil(count / TALL), skip: side > 1.25 * half ? Math.ceil(side / SIDE) : 1 };
}

/** Filters below one another, the slices of each side by side, in about `wide` columns of maps. */
function matrix(side, across, wide) {
  if (side === 1) return { least: 1, gap: 0, unit: 2, columns: Math.min(across, wide * Math.floor(SIDE / 2)) };
  const least = Math.max(side, Math.min(SIDE / 4, Math.floor((wide * (SIDE + 8)) / across)) - 1);
  return { least, gap: 1, unit: 1, columns: across };
}

const fitting = (room, each) => Math.max(1, Math.floor((room + 2) / each));
