// Two small exhibits from the notes, which need no server: the stride example and the convolution demo.

import { el } from "../dom.js";
import { convolutionExhibit } from "./convolution.js";
import { strideExhibit } from "./stride.js";

const STRIDE = [
  "A neuron looks at F neighbouring numbers, multiplies them by its weights and adds the products up; the next neuron looks S numbers further on.",
  "All neurons share the same weights, and P zeros at both ends decide whether the output stays as long as the input.",
];
const CONVOLUTION = [
  "A filter is as deep as its input: at every place it multiplies its F·F·D weights with the numbers under it, and the sum of all products plus its bias is one number of the output.",
  "Every filter makes one depth slice of the output volume.",
];

/** Build the view in `root`. */
export function mount(root) {
  const line = strideExhibit();
  const demo = convolutionExhibit();
  const exhibits = [line, demo];
  root.append(
    el("h1", {}, "Exhibits"),
    el("p", { class: "lead" }, "How a filter steps over its input, and the multiply-and-add behind every number, with small whole numbers to check by hand."),
    el(
      "div", { class: "stack exhibits" },
      article("stride-exhibit", "Stride and padding along one line", STRIDE, line.node),
      article("convolution-exhibit", "Filters over a volume", CONVOLUTION, demo.node),
    ),
  );
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let width = 0;
  let played = calm;
  new ResizeObserver(([entry]) => {
    const now = Math.round(entry.contentRect.width);
    if (now && now !== width) exhibits.forEach((exhibit) => exhibit.refresh());
    width = now;
  }).observe(root);
  // It begins to play when it is first seen, and only where movement is welcome.
  new IntersectionObserver((entries) => {
    if (!entries.at(-1).isIntersecting) demo.hide(); // the newest: one may have left already
    else if (!played) {
      played = true;
      demo.run();
    }
  }, { threshold: 0.4 }).observe(demo.node);
  return { hide: demo.hide };
}

function article(name, title, words, body) {
  const id = `${name}-title`;
  return el(
    "article", { class: "panel exhibit", id: name, "aria-labelledby": id },
    el("h2", { id }, title), el("p", { class: "exhibit-words" }, words.join(" ")), body,
  );
}
