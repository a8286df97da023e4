// The counts of every layer, as striate plan prints them.

import { bytes, count, el, fill, short, size } from "../dom.js";

const dash = (value, words = count) => (value ? words(value) : "–");
const HEADS = ["layer", "notation", "volume", "neurons", "parameters", "unshared", "connections", "sees", "activations", "memory", "flops"];
const TEXTS = 3; // columns of text; the others are numbers

/** What stands below the table: a column and what it counts. */
const meanings = (images) => [
  ["neurons", "those with weights to learn, of CONV, LOCAL and FC."],
  ["unshared", "the parameters if every neuron had its own."],
  ["connections", "inputs of one neuron."],
  ["sees", "the receptive field on the input."],
  ["activations", `the volumes of ${images}.`],
  ["memory", "the parameters with gradient and momentum; both in float32."],
  ["flops", "of one image, forward."],
];

/** Fill `root` with the table of `plan`; `pointed(name)` is told which row the pointer is on. */
export function table(root, plan, batch, pointed) {
  const images = batch === 1 ? "one image" : `${count(batch)} images`;
  const head = el("tr", {}, HEADS.map((name, i) => el("th", { scope: "col", class: i < TEXTS ? "words" : null }, name === "activations" ? ["activations", el("br"), el("small", {}, `of ${images}`)] : name)));
  const rows = plan.layers.map((layer) => row(layer, pointed));
  const { totals } = plan;
  const foot = el(
    "tr", {}, el("th", { scope: "row" }, "total"), el("td"), el("td"), el("td", {}, dash(totals.neurons)),
    el("td", {}, dash(totals.parameters)), el("td", {}, dash(totals.unshared, short)), el("td"), el("td"), el("td", {}, dash(totals.activation_bytes, bytes)),
    el("td", {}, dash(totals.parameter_bytes, bytes)), el("td", {}, dash(totals.flops, short)),
  );
  fill(
    root,
    el(
      "table", { class: "numbers" },
      el("caption", { class: "unseen" }, `Every volume of the network; activations are those of ${images}`),
      el("thead", {}, head), el("tbody", {}, rows), el("tfoot", {}, foot),
    ),
    el("dl", { class: "meanings small pale" }, meanings(images).map(([name, words]) => el("div", {}, el("dt", {}, name), " ", el("dd", {}, words)))),
  );
}

function row(layer, pointed) {
  return el(
    "tr", { data: { layer: layer.name }, on: { pointerenter: () => pointed(layer.name), pointerleave: () => pointed(null) } },
    el("th", { scope: "row", class: `kind-${layer.kind}` }, layer.name),
    el("td", { class: "words" }, el("code", {}, layer.notation)),
    el("td", { class: "words" }, size(layer.output)),
    el("td", {}, dash(layer.neurons)), el("td", {}, dash(layer.parameters)),
    el("td", {}, dash(layer.unshared, short)), el("td", {}, dash(layer.connections)),
    el("td", {}, size(layer.receptive_field)), el("td", {}, dash(layer.activation_bytes, bytes)),
    el("td", {}, dash(layer.parameter_bytes, bytes)), el("td", {}, dash(layer.flops, short)),
  );
}
