// The counts of every layer, as striate plan prints them.

import { bytes, count, el, fill, short, size } from "../dom.js";

const dash = (value, words = count) => (value ? words(value) : "–");
const HEADS = [
  ["layer", null], ["notation", null], ["volume", "Width x height x depth of what the layer makes"],
  ["neurons", "Those with weights to learn: of CONV and FC"],
  ["parameters", "Weights and biases, shared by all positions"],
  ["connections", "Inputs of each neuron"], ["sees", "Receptive field: what a neuron sees of the input"],
  ["activations", "Memory of the volumes, float32"], ["weights", "Memory of the parameters with gradient and momentum, float32"],
  ["flops", "Of one image, forward"],
];

/** Fill `root` with the table of `plan`; `pointed(name)` is told which row the pointer is on. */
export function table(root, plan, batch, pointed) {
  const images = batch === 1 ? "one image" : `${count(batch)} images`;
  const head = el("tr", {}, HEADS.map(([name, meaning], i) => el("th", { scope: "col", class: i < 3 ? "words" : null, title: meaning }, name)));
  const rows = plan.layers.map((layer) => row(layer, pointed));
  const { totals } = plan;
  const foot = el(
    "tr", {}, el("th", { scope: "row" }, "total"), el("td"), el("td"), el("td", {}, dash(totals.neurons)),
    el("td", {}, dash(totals.parameters)), el("td"), el("td"), el("td", {}, dash(totals.activation_bytes, bytes)),
    el("td", {}, dash(totals.parameter_bytes, bytes)), el("td", {}, dash(totals.flops, short)),
  );
  fill(
    root,
    el(
      "table", { class: "numbers" },
      el("caption", { class: "unseen" }, `Every volume of the network; activations are those of ${images}`),
      el("thead", {}, head), el("tbody", {}, rows), el("tfoot", {}, foot),
    ),
  );
}

function row(layer, pointed) {
  return el(
    "tr", { data: { layer: layer.name }, on: { pointerenter: () => pointed(layer.name), pointerleave: () => pointed(null) } },
    el("th", { scope: "row", class: `kind-${layer.kind}` }, layer.name),
    el("td", { class: "words" }, el("code", {}, layer.notation)),
    el("td", { class: "words" }, size(layer.output)),
    el("td", {}, dash(layer.neurons)), el("td", {}, dash(layer.parameters)), el("td", {}, dash(layer.connections)),
    el("td", {}, size(layer.receptive_field)), el("td", {}, dash(layer.activation_bytes, bytes)),
    el("td", {}, dash(layer.parameter_bytes, bytes)), el("td", {}, dash(layer.flops, short)),
  );
}
