// The sliders of an exhibit, and what they say about how the filter fits.

import { el, fill, fresh, say, segments } from "../dom.js";
import { arithmetic, fitted, ways } from "./window.js";

const MEANINGS = {
  W: "input size", F: "receptive field", S: "stride", P: "zero-padding", D: "depth", K: "filters",
};

/**
 * Sliders for the letters of `ranges` ({W: [least, most], …}) and a choice of fit. `settings` is changed in place,
 * then `changed()` is called.
 */
export function controls(title, settings, ranges, changed) {
  const sliders = Object.keys(ranges).map((letter) => slider(letter, settings, ranges[letter], changed));
  const choice = segments("If the filter does not fit", [["raise", "error"], ["pad", "pad"], ["crop", "crop"]], settings.fit, (fit) => {
    settings.fit = fit;
    changed();
  });
  const fit = el("div", { class: "fit-choice" }, el("span", { class: "label", "aria-hidden": "true" }, "If it does not fit"), choice);
  const node = el("fieldset", { class: "exhibit-controls" }, el("legend", { class: "unseen" }, title), sliders.map((s) => s.node), fit);
  return { node, refresh: () => sliders.forEach((s) => s.refresh()) };
}

function slider(letter, settings, [least, most], changed) {
  const id = fresh(letter);
  const value = el("span", { class: "slider-value", "aria-hidden": "true" }, settings[letter]); // the slider says its own
  const input = el("input", {
    type: "range", id, min: least, max: most, step: 1, value: settings[letter], data: { letter },
    on: {
      input: () => {
        settings[letter] = Number(input.value);
        say(value, input.value);
        changed();
      },
    },
  });
  const label = el("label", { for: id }, el("b", {}, letter), " ", el("span", { class: "pale" }, MEANINGS[letter]));
  const refresh = () => {
    input.value = settings[letter];
    say(value, settings[letter]);
  };
  return { node: el("div", { class: "slider" }, label, value, input), refresh };
}

/** The line of arithmetic, and below it what does not fit with buttons for the nearest settings that do. */
export function verdict(settings, ranges, changed) {
  const sum = el("p", { class: "sum-line", data: { role: "count" } });
  const words = el("p", { class: "fit-words" });
  const fixes = el("div", { class: "chips" });
  const node = el("div", { class: "verdict" }, el("div", { "aria-live": "polite" }, sum, words), fixes);
  const refresh = (outputs) => {
    const fit = fitted(settings);
    say(sum, arithmetic(settings));
    say(words, said(settings, fit, outputs));
    node.classList.toggle("wrong", fit.count === null);
    const near = fit.count === null ? ways(settings, ranges) : [];
    fill(fixes, near.map(([letter, value]) => fix(`${letter}=${value}`, () => changed({ [letter]: value }))),
      fit.count === null && canPad(settings) ? ["pad", "crop"].filter((name) => fitted({ ...settings, fit: name }).count !== null)
        .map((name) => fix(`fit=${name}`, () => changed({ fit: name }))) : []);
    return fit;
  };
  return { node, refresh };
}

const canPad = ({ P, F }) => P < F;

function fix(label, pressed) {
  return el("button", { type: "button", on: { click: pressed } }, label);
}

function said(settings, fit, outputs) {
  if (fit.error) return `It does not fit: ${fit.error}. These would:`;
  const [front, back] = fit.added;
  const total = front + back;
  if (total) return `fit=pad adds ${zeros(total)} (${front} before, ${back} after), so ${outputs(fit.count)} fit.`;
  if (fit.dropped) {
    return `fit=crop leaves the last ${fit.dropped === 1 ? "number" : `${fit.dropped} numbers`} out, so ${outputs(fit.count)} fit.`;
  }
  return `It fits: ${outputs(fit.count)}. ${hint(settings)}`;
}

/** What the stride and the padding do to the size. */
function hint({ F, S, P }) {
  const lost = F - 1 - 2 * P;
  if (S > 1) return `A stride of ${S} takes every ${S === 2 ? "second" : S === 3 ? "third" : "fourth"} place, which makes the output smaller.`;
  if (lost === 0) return F === 1 ? "A field of 1 needs no padding to keep the size." : `With S=1, P=(F−1)/2=${P} keeps the size.`;
  if (lost > 0) return `Windows stay inside the padded input, so the output is F−1−2P=${lost} smaller than the input.`;
  return `More zeros than (F−1)/2 at each end make the output ${-lost} larger than the input.`;
}

const zeros = (number) => (number === 1 ? "1 zero" : `${number} zeros`);
