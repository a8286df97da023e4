// Numbers of an explanation as text: always with the minus sign of mathematics.

import { minus } from "../dom.js";

/** Four decimals, so that a sum of what is shown is the value shown: 0.3121, −12.4000; large numbers get fewer. */
export function amount(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  return minus(value.toFixed(size < 1000 ? 4 : size < 1e6 ? 1 : 0)).replace(/^−(0\.?0*)$/, "$1");
}

/** How numbers like these are written in a table: with about three digits of the largest, and few characters. */
export function tableFormat(numbers) {
  const largest = numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const decimals = largest >= 100 ? 0 : largest >= 10 ? 1 : largest >= 1 ? 2 : largest >= 0.01 ? 3 : 4;
  return (value) => (value === 0 ? "0" : minus(value.toFixed(decimals)).replace(/^−(0\.?0*)$/, "$1"));
}

/** "x 3 to 7", or "x 3" where it is one. */
export function span(letter, from, length) {
  return length === 1 ? `${letter} ${minus(from)}` : `${letter} ${minus(from)} to ${minus(from + length - 1)}`;
}

/** The products of two [slice][row][column] arrays, number by number. */
export function productsOf(inputs, weights) {
  return inputs.map((slice, s) => slice.map((row, r) => row.map((value, c) => value * weights[s][r][c])));
}

/** Every single product of an explanation as {slice, x, y, input, weight, product}, the largest first. */
export function contributions({ slices, inputs, weights, window }) {
  const all = [];
  inputs.forEach((slice, s) =>
    slice.forEach((row, r) =>
      row.forEach((input, c) => {
        const weight = weights[s][r][c];
        all.push({ slice: slices[s], x: window.x + c, y: window.y + r, input, weight, product: input * weight });
      }),
    ),
  );
  return all.sort((a, b) => Math.abs(b.product) - Math.abs(a.product));
}
