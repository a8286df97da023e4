// The five best classes as labelled bars.

import { el, figure, percent, say, show } from "../dom.js";

const BEST = 5;
const LONG = 20; // letters of a name that may need a second line
const QUIET = 1500; // milliseconds: a screen reader is told of a new best class at most this often

/** The bars as {node, use(classes), draw(scores, probable), clear}. */
export function scoreBars() {
  const rows = Array.from({ length: BEST }, () => {
    const [label, value, bar] = [el("span", { class: "score-label" }), el("span", { class: "score-value" }), el("span", { class: "score-bar" })];
    return { label, value, bar, node: el("li", { class: "score" }, label, value, el("span", { class: "score-track", "aria-hidden": "true" }, bar)) };
  });
  const status = el("p", { class: "unseen", role: "status" });
  const node = el("section", { class: "scores", "aria-label": "Best classes" }, el("h2", {}, "Best classes"), el("ol", {}, rows.map((row) => row.node)), status);
  let timer = 0;
  let best = "";

  /** A row for each of these classes, five at most, as high as the longest name needs: nothing moves later. */
  function use(classes) {
    rows.forEach((row, i) => show(row.node, i < classes.length));
    node.classList.toggle("long", classes.some((name) => name.length > LONG));
    clear();
  }

  function draw(scores, probable) {
    // Scores may be negative: the best fills the bar, and a bar ends where the score is 0 or less.
    const top = Math.max(scores[0][1], 1e-30);
    rows.slice(0, scores.length).forEach(({ label, value, bar }, i) => {
      const [name, score] = scores[i];
      named(label, name);
      say(value, probable ? percent(score) : figure(score));
      bar.style.transform = `scaleX(${Math.max(0, probable ? score : score / top).toFixed(4)})`;
    });
    best = `best class: ${scores[0][0]}`;
    timer ||= setTimeout(() => {
      timer = 0;
      say(status, best);
    }, QUIET);
  }

  function clear() {
    clearTimeout(timer);
    timer = 0;
    say(status, "");
    rows.forEach(({ label, value, bar }) => {
      named(label, "");
      say(value, "");
      bar.style.transform = "scaleX(0)";
    });
  }

  return { node, use, draw, clear };
}

/** Write a class's name; the whole of it shows under the pointer where it is too long for its place. */
function named(label, name) {
  say(label, name || "–");
  if (label.title !== name) label.title = name;
}
