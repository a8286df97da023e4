// The least and the greatest of what is shown of a layer.

import { el, figure, say } from "../dom.js";

/** Two numbers beside the maps of a layer's `what`. */
export class Range {
  constructor(layer, what) {
    this.low = el("dd", {}, "–");
    this.high = el("dd", {}, "–");
    const name = `${layer.name} ${what}`;
    const row = (words, value) => el("div", {}, el("dt", {}, el("span", { class: "unseen" }, `${name}, `), words), value);
    this.root = el("dl", { class: `range range-${what}`, data: { range: name } }, row("min", this.low), row("max", this.high));
  }

  /** Write what the worker found. */
  say({ low, high, title }) {
    say(this.low, figure(low));
    say(this.high, figure(high));
    if (this.root.title !== title) this.root.title = title;
  }
}
