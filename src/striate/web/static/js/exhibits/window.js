// How many windows fit along an axis: the notes' (W - F + 2P)/S + 1, and what pad and crop do about a remainder.
// The same rule as Striate's layers/window.py, in whole numbers.

import { minus } from "../dom.js";

/**
 * @returns {{count: ?number, room: number, neat: boolean, before: number, after: number, added: number[],
 *   dropped: number, missing: number, error: string}}
 *   count: windows that fit, null where Striate refuses the numbers and `error` says why; before, after: zeros at the
 *   two ends; added: those of them that fit=pad added; dropped: numbers at the end that fit=crop leaves uncovered;
 *   missing: numbers that the next window would want beyond the end, 0 if all fits.
 */
export function fitted({ W, F, S, P, fit }) {
  const room = W + 2 * P - F;
  const neat = room >= 0 && room % S === 0;
  const missing = room < 0 ? -room : (S - (room % S)) % S;
  const whole = { count: null, room, neat, before: P, after: P, added: [0, 0], dropped: 0, missing, error: "" };
  if (P >= F) {
    return { ...whole, error: `P=${P} with F=${F}: a window at the border would see nothing but zeros` };
  }
  if (neat) return { ...whole, count: room / S + 1 };
  if (fit === "pad") {
    const front = Math.floor(missing / 2);
    const added = [front, missing - front];
    return { ...whole, count: (room + missing) / S + 1, before: P + added[0], after: P + added[1], added };
  }
  if (fit === "crop" && room >= 0) return { ...whole, count: Math.floor(room / S) + 1, dropped: room % S };
  return { ...whole, error: misfit(W, F, S, P) };
}

/** The arithmetic with its numbers in: "(W − F + 2P)/S + 1 = (5 − 3 + 2·1)/2 + 1 = 3". */
export function arithmetic({ W, F, S, P }) {
  const room = W + 2 * P - F;
  return `(W − F + 2P)/S + 1 = (${W} − ${F} + 2·${P})/${S} + 1 = ${decimal(room + S, S)}`;
}

function misfit(W, F, S, P) {
  if (W + 2 * P < F) return `W + 2P = ${W} + 2·${P} = ${W + 2 * P} is less than F=${F}`;
  return `${decimal(W + 2 * P - F + S, S)} is no whole number`;
}

/** The settings nearest to these with which the windows fit, one changed at a time: [["S", 1], ["W", 9]]. */
export function ways(settings, ranges) {
  const found = [];
  for (const letter of ["S", "P", "F", "W"]) {
    for (const step of [-1, 1]) {
      const value = nearest(settings, ranges[letter], letter, step);
      if (value !== null) found.push([letter, value]);
    }
  }
  return found;
}

function nearest(settings, [least, most], letter, step) {
  for (let value = settings[letter] + step; value >= least && value <= most; value += step) {
    const tried = { ...settings, [letter]: value, fit: "raise" };
    // A stride beyond the field would skip numbers, and a field of 1 would see no neighbours: neither helps.
    if (letter === "S" && value > Math.max(settings.F, settings.S)) return null;
    if (letter === "F" && value < 2) return null;
    if (fitted(tried).error === "") return value;
  }
  return null;
}

/** A quotient with the digits needed to see that it is no whole number: 4.5, 2.333. */
export function decimal(numerator, denominator) {
  const value = numerator / denominator;
  for (let digits = 0; digits < 3; digits += 1) {
    if (Number(value.toFixed(digits)) * denominator === numerator) return minus(value.toFixed(digits));
  }
  return minus(value.toFixed(3));
}

/** The same, in brackets if it is negative and not the first of a sum or product. */
export function bracketed(value) {
  return Number(value) < 0 ? `(${minus(value)})` : String(value);
}
