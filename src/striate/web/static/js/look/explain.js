// What made one number: its window, its filter, and the multiply-and-add, as in the notes' convolution demo.

import { NumberTable, linked } from "../draw/numbers.js";
import { count, el, fill } from "../dom.js";
import { amount, contributions, productsOf, span, tableFormat } from "./amounts.js";
import { flat, neuron } from "./places.js";

const OPEN = 4; // slices whose tables are shown at once
const LARGEST = 12; // single products that are listed

/** The panel as {node, show(explained, columns), fail, clear}; `follow(layer, position)` explains another number. */
export function explanation({ follow }) {
  const body = el("div", { class: "explain-body" });
  const node = el("section", { class: "panel explain", "aria-label": "What made this number" }, body);
  let unfolded = false;

  function clear() {
    node.classList.add("nothing");
    fill(body, el("h2", {}, "What made this number?"), el("p", { class: "pale" },
      "Click any number in the maps. You will see the part of the image that it looks at, the window and the filter, and the multiply-and-add that made it."));
  }

  /**
   * Of the columns, `shapeOf(layer)` tells the input's numbers from the zeros around it, and `placeOf(layer, position)` what a
   * number is called.
   */
  function show(found, columns) {
    const shapeOf = (layer) => columns.shapeOf(layer);
    node.classList.remove("nothing");
    const say = SENTENCES[found.kind] ?? passedOn;
    const before = body.contains(document.activeElement) ? document.activeElement.dataset.keep : null;
    fill(
      body,
      el("div", { class: "explain-head" },
        el("h2", { class: `kind-${found.kind}` }, `${found.layer}, ${columns.placeOf(found.layer, found.position)}`),
        el("span", { class: "explain-value", data: { role: "value" } }, amount(found.value))),
      el("p", { class: "explain-words" }, say(found), " ", seen(found)),
      legend(found),
      (BODIES[found.kind] ?? (() => []))(found, shapeOf, { unfolded, unfold: (open) => (unfolded = open) }),
      back(found, follow),
    );
    if (before) body.querySelector(`[data-keep="${before}"]`)?.focus({ preventScroll: true });
  }

  function fail(message) {
    node.classList.remove("nothing");
    fill(body, el("h2", {}, "What made this number?"), el("p", { class: "says wrong" }, message));
  }

  clear();
  return { node, show, fail, clear };
}

/** What functions of a single number do. */
const FUNCTIONS = {
  LEAKY: "a positive number is passed on, and of a negative one a part",
  ELU: "a positive number is passed on, and a negative one bends towards a lowest value",
  GELU: "a large number is passed on, one far below 0 becomes nearly 0, and between them the way is smooth",
  SILU: "a large number is passed on, one far below 0 becomes nearly 0, and between them the way is smooth",
  SIGMOID: "every number becomes one between 0 and 1",
  TANH: "every number becomes one between −1 and 1",
};
const each = (make) => Object.fromEntries(Object.keys(FUNCTIONS).map((kind) => [kind, make]));
const SENTENCES = {
  CONV: convolved, LOCAL: convolved, FC: connected, POOL: pooled, GAP: pooled, LRN: normalized, BN: levelled, RELU: rectified,
  MAXOUT: outdone, ADD: added,
  ...each(bent),
};
const BODIES = {
  CONV: convolution, LOCAL: convolution, FC: connections, POOL: pool, GAP: pool, LRN: divided, BN: scaled, RELU: cut,
  MAXOUT: contest, ADD: addition,
  ...each(applied),
};
const SIGNS = { max: "max =", average: "average =", l2: "root of the sum of squares =" };

function place({ window: { x, y, width, height } }) {
  return `${span("x", x, width)}, ${span("y", y, height)}`;
}

function convolved(found) {
  const { position, depth, numbers: products, depth_of_input: all, input_layer: source } = found;
  const whose = found.kind === "LOCAL" ? "of this place " : "";
  return `Filter ${position[2]} ${whose}lies on ${source} at ${place(found)} and reaches through ${depth === 1 ? (all === 1 ? "its one slice" : "one slice") : `${depth < all ? "the" : "all"} ${count(depth)} slices${depth < all ? " of its group" : ""}`}: ${summed(products, found.bias)}`;
}

/** What adds up to the number: a layer that only a BN reads has no bias. */
function summed(products, bias) {
  const many = products === 1 ? "one product" : `${count(products)} products`;
  if (bias !== null) return `${many} and the bias add up to this number.`;
  return products === 1 ? "that one product is this number." : `${many} add up to this number.`;
}

function connected({ bias, window, position, depth_of_input: depth, input_layer: source }) {
  const numbers = window.width * window.height * depth;
  if (numbers === 1) return `Neuron ${position[2]} multiplies the one number of ${source} with its weight${bias === null ? "" : " and adds its bias"}.`;
  return `Neuron ${position[2]} multiplies all ${count(numbers)} numbers of ${source} with its weights and adds the products${bias === null ? "" : " and its bias"}.`;
}

function pooled(found) {
  if (found.of === "average") return `This is the average of the numbers of ${found.input_layer} at ${place(found)} in the same slice, zeros around them counted in.`;
  if (found.of === "l2") return `This is the root of the sum of the squares of ${found.input_layer} at ${place(found)} in the same slice.`;
  return `The largest number of ${found.input_layer} at ${place(found)} in the same slice is passed on.`;
}

function rectified({ inputs, input_layer: source }) {
  const x = inputs.flat(2)[0];
  return `max(0, x) with x from ${source}: ${x > 0 ? "a positive number is passed on" : "what is not positive becomes 0"}.`;
}

function added({ input_layer: source, added: other }) {
  return `The numbers of ${source} and ${other.layer} at this place are added.`;
}

function addition({ inputs, added: other, input_layer: source, value }) {
  return sumOf([{ name: source, value: inputs.flat(2)[0] }, { name: other.layer, value: other.value }], value);
}

function normalized({ slices, input_layer: source }) {
  const last = slices.at(-1);
  return `The number of ${source} at the same place is divided by a number that grows with the squares ${slices.length === 1 ? `of slice ${last}` : `of slices ${slices[0]} to ${last}`} there.`;
}

function divided({ own, divisor, value }) {
  return el("p", { class: "terms-line", data: { role: "sum" } }, `${amount(own)} / ${amount(divisor)} = ${amount(value)}`);
}

function cut({ inputs, value }) {
  return el("p", { class: "terms-line", data: { role: "sum" } }, `max(0, ${amount(inputs.flat(2)[0])}) = ${amount(value)}`);
}

function levelled({ input_layer: source, position }) {
  return `BN brings slice ${position[2]} of ${source} to the mean and the spread that it has learned: times a scale, plus a shift, both from the slice's running mean and variance.`;
}

function scaled({ inputs, scale, shift, value }) {
  return el("p", { class: "terms-line", data: { role: "sum" } }, `${amount(inputs.flat(2)[0])} × ${amount(scale)} ${shift < 0 ? "−" : "+"} ${amount(Math.abs(shift))} = ${amount(value)}`);
}

function bent({ kind, input_layer: source }) {
  return `${kind.toLowerCase()}(x) with x from ${source}: ${FUNCTIONS[kind]}.`;
}

function applied({ kind, inputs, value }) {
  const text = `${kind.toLowerCase()}(${amount(inputs.flat(2)[0])}) = ${amount(value)}`;
  return el("p", { class: "terms-line", data: { role: "sum" } }, text);
}

function outdone({ slices, input_layer: source }) {
  return `The largest number of the slices ${slices[0]} to ${slices.at(-1)} of ${source} at the same place is passed on.`;
}

function contest({ inputs, value }) {
  return el("p", { class: "terms-line", data: { role: "sum" } }, `max(${inputs.flat(2).map(amount).join(", ")}) = ${amount(value)}`);
}

function passedOn({ layer, kind, input_layer: source }) {
  const learning = kind === "DROPOUT" ? " Only while a network learns, DROPOUT sets some numbers to 0, drawn by chance." : "";
  return `${layer} passes on what ${source} gives it.${learning}`;
}

function seen({ receptive_field: { x, y, width, height } }) {
  return `On the image it sees ${width}x${height} pixels (${span("x", x, width)}; ${span("y", y, height)}).`;
}

/** What the outlines above mean. */
function legend({ input_layer: source }) {
  const entries = [["chosen", "this number"], ["window", `what it reads of ${source}`], ["receptive", "what it sees of the image"]];
  return el("ul", { class: "explain-legend" }, entries.map(([name, words]) => el("li", {}, el("span", { class: `legend-box ${name}`, "aria-hidden": "true" }), words)));
}

/** The sum, term by term; every term has its sign, so that what one reads adds up. */
function sumOf(terms, value) {
  const shown = terms.map(({ name, value: term }, i) => {
    const sign = term < 0 ? "−" : i ? "+" : "";
    return el(
      "span", { class: `term ${term < 0 ? "below" : term > 0 ? "above" : ""}` },
      el("span", { class: "term-amount" }, `${sign}${sign && i ? " " : ""}${amount(Math.abs(term))}`), el("small", {}, name),
    );
  });
  return el("div", { class: "terms", data: { role: "sum" } }, shown, el("span", { class: "term total" }, el("span", { class: "term-amount" }, `= ${amount(value)}`), el("small", {}, "value")));
}

function restTerm({ slices, depth, rest }) {
  const others = depth - slices.length;
  return others > 0 ? [{ name: `${count(others)} other ${others === 1 ? "slice" : "slices"}`, value: rest }] : [];
}

function convolution(found, shapeOf, fold) {
  const { slices, products, bias, value, window } = found;
  if (window.width * window.height === 1) return connections(found, shapeOf);
  const order = products.map((_, i) => i).sort((a, b) => Math.abs(products[b]) - Math.abs(products[a]));
  const terms = order.map((i) => ({ name: `slice ${slices[i]}`, value: products[i] }));
  const single = productsOf(found.inputs, found.weights);
  const manners = [found.inputs, found.weights, single].map(manner);
  const made = (i) => card(found, i, single[i], manners, shapeOf);
  return [
    sumOf([...terms, ...restTerm(found), ...(bias === null ? [] : [{ name: "bias", value: bias }])], value),
    el("div", { class: "cards", data: { role: "cards" } }, order.slice(0, OPEN).map(made)),
    order.length > OPEN ? folded(order.slice(OPEN), made, fold) : [],
  ];
}

/** How numbers of one kind are written and tinted: alike in all slices, so that these can be compared. */
function manner(numbers) {
  const all = numbers.flat(2);
  return { words: tableFormat(all), largest: all.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1 };
}

/** The other slices' tables, made when they are first wanted. */
function folded(order, made, { unfolded, unfold }) {
  const inside = el("div", { class: "cards" });
  const details = el(
    "details", { class: "more", open: unfolded },
    el("summary", { data: { keep: "more" } }, order.length === 1 ? "One more slice" : `${order.length} more slices`), inside,
  );
  const filled = () => details.open && !inside.childElementCount && inside.append(...order.map(made));
  details.addEventListener("toggle", () => {
    unfold(details.open);
    filled();
  });
  filled();
  return details;
}

/** One depth slice: the window, the filter, their products and the sum of these. */
function card(found, i, single, manners, shapeOf) {
  const { inputs, weights, slices, products, position, input_layer: source, window } = found;
  const [height, width] = shapeOf(source) ?? [Infinity, Infinity];
  const outside = (row, column) => window.y + row < 0 || window.x + column < 0 || window.y + row >= height || window.x + column >= width;
  const tables = [
    table(inputs[i], `${source}, slice ${slices[i]}`, "inputs", manners[0], outside),
    table(weights[i], `filter ${position[2]}, slice ${slices[i]}`, "weights", manners[1]),
    table(single, "products", "products", manners[2]),
  ];
  linked(tables);
  const sign = (text) => el("span", { class: "sign", "aria-hidden": "true" }, text);
  return el(
    "div", { class: "card", data: { slice: slices[i] } },
    tables[0].node, sign("·"), tables[1].node, sign("="), tables[2].node, sign("Σ"), el("span", { class: "slice-sum" }, amount(products[i])),
  );
}

function table(rows, caption, kind, { words, largest }, outside = () => false) {
  const made = new NumberTable(rows.length, rows[0].length, { caption, label: caption, kind });
  made.write(rows, words);
  if (kind !== "inputs") made.tint((row, column) => rows[row][column] / largest);
  made.mark("padding", outside);
  return made;
}

/** The largest single products as a table: for neurons that see the whole volume. */
function connections(found, shapeOf) {
  const { bias, value, sum } = found;
  const all = contributions(found);
  const shown = all.slice(0, LARGEST);
  const others = count(found.numbers - shown.length);
  const rest = (sum ?? value) - (bias ?? 0) - shown.reduce((total, { product }) => total + product, 0);
  const largest = Math.abs(shown[0]?.product ?? 1) || 1;
  const format = [tableFormat(shown.map((each) => each.input)), tableFormat(shown.map((each) => each.weight))];
  const name = ({ slice, x, y }) => (flat(shapeOf(found.input_layer)) ? neuron(slice) : `slice ${slice}, x ${x}, y ${y}`);
  const rows = shown.map(({ input, weight, product, ...place }) =>
    el("tr", {}, el("th", { scope: "row" }, name(place)), el("td", {}, format[0](input)), el("td", {}, format[1](weight)),
      el("td", { class: "product" }, amount(product)), el("td", { class: "product-bar", "aria-hidden": "true" }, bar(product / largest))),
  );
  const line = (words, number) => el("tr", {}, el("th", { scope: "row", colspan: 3 }, words), el("td", { class: "product" }, amount(number)), el("td", {}));
  return el(
    "div", { class: "scrolls", tabindex: 0, role: "group", "aria-label": "The largest contributions" },
    el(
      "table", { class: "numbers contributions" },
      el("thead", {}, el("tr", {}, ["largest contributions", "number", "weight", "product", ""].map((words) => (words ? el("th", { scope: "col" }, words) : el("td", {}))))),
      el("tbody", {}, rows, others === "0" ? [] : line(others === "1" ? "the other product" : `the other ${others} products`, rest), bias === null ? [] : line("bias", bias)),
      el("tfoot", {}, line("sum", value)),
    ),
  );
}

function bar(share) {
  const width = `${(50 * Math.abs(share)).toFixed(1)}%`;
  return el("span", { class: `signed-bar ${share < 0 ? "below" : "above"}`, style: { width } });
}

function pool(found, shapeOf) {
  const rows = found.inputs[0];
  const winner = found.of === "max" ? winnerOf(found) : [];
  const [height, width] = shapeOf(found.input_layer) ?? [Infinity, Infinity];
  const { window } = found;
  const made = new NumberTable(rows.length, rows[0].length, { caption: `${found.input_layer}, slice ${found.position[2]}`, kind: "inputs" });
  made.write(rows, tableFormat(rows.flat()));
  made.mark("winner", (row, column) => row === winner[0] && column === winner[1]);
  made.mark("padding", (row, column) => window.y + row < 0 || window.x + column < 0 || window.y + row >= height || window.x + column >= width);
  return el("div", { class: "cards" }, el("div", { class: "card" }, made.node, el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[found.of]), el("span", { class: "slice-sum" }, amount(found.value))));
}

/** Row and column of the first largest number of a POOL's window, in row-major order. */
function winnerOf({ inputs }) {
  const rows = inputs[0];
  const largest = Math.max(...rows.flat());
  const row = rows.findIndex((numbers) => numbers.includes(largest));
  return [row, rows[row].indexOf(largest)];
}

/** A button that explains the number which has the largest share in this one. */
function back(found, follow) {
  const { input_layer: source, kind, position, window } = found;
  if (source === "input" || source === undefined) return [];
  let to = position;
  if (kind === "GAP" || kind === "LRN" || (kind === "POOL" && found.of !== "max")) return []; // many have a share in it
  if (kind === "POOL") {
    const [row, column] = winnerOf(found);
    to = [window.x + column, window.y + row, position[2]];
  } else if (kind === "MAXOUT") {
    const numbers = found.inputs.flat(2);
    to = [position[0], position[1], found.slices[numbers.indexOf(Math.max(...numbers))]];
  } else if (["CONV", "LOCAL", "FC"].includes(kind)) {
    const [first] = contributions(found);
    if (!first || first.product === 0) return [];
    to = [first.x, first.y, first.slice];
  }
  if (to[0] < 0 || to[1] < 0) return [];
  const words = ["CONV", "LOCAL", "FC"].includes(kind) ? `Follow its largest part back to ${source}` : `Follow it back to ${source}`;
  return el("button", { type: "button", data: { keep: "back" }, on: { click: () => follow(source, to) } }, `← ${words}`);
}
