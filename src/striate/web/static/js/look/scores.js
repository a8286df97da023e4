// The five best classes as labelled bars.

import { el, percent, say } from "../dom.js";

const BEST = 5;
const QUIET = 1500; // milliseconds: a screen reader is told of a new best class at most this often

/** The bars as {node, draw(scores, probable), clear}. */
export function scoreBars() {
  const rows = Array.from({ length: BEST }, () => {
    const [label, value, bar] = [el("span", { class: "score-label" }), el("span", { class: "score-value" }), el("span", { class: "score-bar" })];
    return { label, value, bar, node: el("li", { class: "score" }, label, value, el("span", { class: "score-track", "aria-hidden": "true" }, bar)) };
  });
  const status = el("p", { class: "unseen", role: "status" });
  const node = el("section", { class: "scores", "aria-label": "Best classes" }, el("h2", {}, "Best classes"), el("ol", {}, rows.map((row) => row.node)), status);
  let timer = 0;
  let best = "";

  function draw(scores, probable) {
    // Scores may be negative: the best fills the bar, and a bar ends where the score is 0 or less.
    const top = Math.max(scores[0][1], 1e-30);
    rows.forEach(({ label, value, bar, node }, i) => {
      const [name, score] = scores[i] ?? ["", 0];
      node.classList.toggle("none", i >= scores.length);
      say(label, name);
      say(value, i >= scores.length ? "" : probable ? percent(score) : score.toFixed(2).replace("-", "−"));
      bar.style.transform = `scaleX(${Math.max(0, probable ? score : score / top).toFixed(4)})`;
    });
    best = `best class: ${scores[0][0]}`;
    timer ||= setTimeout(() => {
      timer = 0;
      say(status, best);
    }, QUIET);
  }

  function clear() {
    rows.forEach(({ label, value, bar }) => {
      say(label, "–");
      say(value, "");
      bar.style.transform = "scaleX(0)";
    });
  }

  clear();
  return { node, draw, clear };
}
