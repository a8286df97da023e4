// The least and the greatest of what is shown of a layer.

import { el, figure, say } from "../dom.js";

/** Two numbers beside the maps of a layer's `what`. */
export class Range {
  constructor(layer, what) {
    this.layer = layer;
    this.what = what;
    this.low = el("dd", {}, "–");
    this.high = el("dd", {}, "–");
    const name = `${layer.name} ${what}`;
    const row = (words, value) => el("div", {}, el("dt", {}, el("span", { class: "unseen" }, `${name}, `), words), value);
    this.root = el("dl", { class: `range range-${what}`, data: { range: name } }, row("min", this.low), row("max", this.high));
  }

  /** Write the numbers of `section`, whose bytes are in `payload`. */
  say(section, payload) {
    const [least, greatest] = this.what === "activations" ? [section.min, section.max] : extremes(section, payload);
    say(this.low, figure(least));
    say(this.high, figure(greatest));
    const some = section.form === "maps" && this.what !== "weights" && section.slices.length < section.of;
    const title = some ? `slices ${section.slices.join(", ")} of ${section.of}` : "";
    if (this.root.title !== title) this.root.title = title;
  }
}

/** The least and the greatest number among the maps shown, of a scale that has zero in its middle. */
function extremes(section, payload) {
  let [low, high] = [255, 0];
  for (let at = section.at; at < section.at + section.bytes; at++) {
    if (payload[at] < low) low = payload[at];
    if (payload[at] > high) high = payload[at];
  }
  // The two bytes beside the middle stand for zero, which lies between them.
  const value = (byte) => (byte === 127 || byte === 128 ? 0 : section.min + (byte / 255) * (section.max - section.min));
  return [value(low), value(high)];
}
