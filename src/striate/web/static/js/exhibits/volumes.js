// The numbers of the convolution demo and what the filters make of them, in whole numbers.

import { integers } from "./random.js";

/**
 * An input volume [d][y][x] of 0..2, K filters [k][d][y][x] of -1..1 and K biases of -1..1, from `seed`. Each volume
 * has its own draw, so that moving one slider leaves the other numbers as they are.
 */
export function drawn({ W, F, D, K }, seed) {
  const cube = (next, side, least, most) => grid(D, side, side, () => next(least, most));
  const biases = integers(seed * 101 + 7);
  return {
    input: cube(integers(seed * 101 + 1), W, 0, 2),
    filters: Array.from({ length: K }, (_, k) => cube(integers(seed * 101 + 11 + k), F, -1, 1)),
    biases: Array.from({ length: K }, () => biases(-1, 1)),
  };
}

/** The input with `before` zeros before and `after` zeros after its rows and columns. */
export function surrounded(input, before, after) {
  const side = before + input[0].length + after;
  return grid(input.length, side, side, (d, y, x) => input[d][y - before]?.[x - before] ?? 0);
}

/** Window, products and sums of one output number: the multiply-and-add. */
export function multiplied(padded, filter, bias, row, column, { F, S }) {
  const window = grid(filter.length, F, F, (d, y, x) => padded[d][row * S + y][column * S + x]);
  const products = grid(filter.length, F, F, (d, y, x) => window[d][y][x] * filter[d][y][x]);
  const sums = products.map((slice) => slice.flat().reduce((sum, value) => sum + value, 0));
  return { window, products, sums, value: sums.reduce((sum, value) => sum + value, bias) };
}

function grid(depth, rows, columns, value) {
  return Array.from({ length: depth }, (_, d) => Array.from({ length: rows }, (_, y) => Array.from({ length: columns }, (_, x) => value(d, y, x))));
}
