// How a number of a volume is called.

const LONGEST = 32; // letters of a class

/**
 * "slice 3, at x 1, y 2", or "neuron 3 (cat)" in a column of numbers. `shape` is [H, W, D] of the volume, if it is known;
 * `classes` name the neurons of the last one.
 */
export function placeName([x, y, d], shape, classes = []) {
  if (!flat(shape)) return `slice ${d}, at x ${x}, y ${y}`;
  return neuron(d, classes);
}

/** Whether a volume is a column of single numbers. */
export const flat = (shape) => Boolean(shape) && shape[0] === 1 && shape[1] === 1;

/** "neuron 3 (cat)", or "neuron 3" where it has no class; a long name is cut. */
export function neuron(d, classes = []) {
  const name = classes[d] ?? "";
  const words = name.length > LONGEST ? `${name.slice(0, LONGEST - 1).trimEnd()}…` : name;
  return words ? `neuron ${d} (${words})` : `neuron ${d}`;
}
