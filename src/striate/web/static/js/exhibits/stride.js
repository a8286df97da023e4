// The notes' one-dimensional example: a filter of F numbers steps by S along W numbers with P zeros around.

import { el, fill, minus, say, svg } from "../dom.js";
import { controls, verdict } from "./controls.js";
import { bracketed } from "./window.js";

const NUMBERS = [1, 2, -1, 1, -3, 2, 0, 3, -2, 1];
const RANGES = { W: [3, 10], F: [1, 5], S: [1, 4], P: [0, 3] };
const WIDEST = 52; // CSS pixels from one number to the next
const NARROWEST = 26;
const GAP = 112; // CSS pixels between the rows, for the lines

/** The notes' weights for F=3 are 1, 0, -1; for other F, 1 comes first, -1 last, and zeros between. */
export function weights(field) {
  return Array.from({ length: field }, (_, i) => (i === 0 ? 1 : i === field - 1 ? -1 : 0));
}

/** The exhibit as {node, refresh}; `refresh` fits it into its width. */
export function strideExhibit() {
  const settings = { W: 5, F: 3, S: 1, P: 1, fit: "raise" };
  const state = { chosen: 0, cells: [], fit: null, pitch: WIDEST };
  const panel = controls("Sizes of the example", settings, RANGES, () => draw());
  const result = verdict(settings, RANGES, (change) => {
    Object.assign(settings, change);
    if (change.fit) panel.node.querySelector(`input[value="${change.fit}"]`).checked = true;
    panel.refresh();
    draw();
    panel.node.querySelector("input").focus();
  });
  const outputs = el("div", {
    class: "line-outputs", role: "group", "aria-label": "Output neurons; arrow keys step through them",
    on: { keydown: (event) => stepped(event) },
  });
  const lines = svg("svg", { class: "line-lines", height: GAP, "aria-hidden": "true" });
  const inputs = el("ol", { class: "line-inputs", "aria-label": "Input with its zeros" });
  const drawing = el("div", { class: "line-drawing" }, outputs, lines, inputs);
  const box = el("div", { class: "line-box scrolls" }, drawing);
  const filter = el("p", { class: "line-filter" });
  const sum = el("p", { class: "sum-line", data: { role: "neuron" }, "aria-live": "polite" });

  function draw() {
    const fit = result.refresh((n) => (n === 1 ? "1 neuron" : `${n} neurons`));
    state.fit = fit;
    state.cells = padded(settings, fit);
    state.chosen = Math.min(state.chosen, Math.max(0, shown(settings, fit) - 1));
    state.pitch = Math.max(NARROWEST, Math.min(WIDEST, Math.floor((box.clientWidth || 600) / extent(settings, state))));
    fill(filter, "weights ", chips(weights(settings.F)), " and bias ", chips([0]), ", shared by all neurons");
    drawing.style.setProperty("--pitch", `${state.pitch}px`);
    drawing.style.width = `${state.pitch * extent(settings, state)}px`;
    fill(inputs, state.cells.map((cell, i) => inputCell(cell, i)), hangs(settings, fit) ? absent(fit.missing) : []);
    fill(outputs, neurons(settings, state, choose));
    point();
  }

  function choose(index) {
    state.chosen = index;
    point();
  }

  function stepped(event) {
    const last = shown(settings, state.fit) - 1;
    const targets = { ArrowRight: state.chosen + 1, ArrowLeft: state.chosen - 1, ArrowUp: state.chosen + 1, ArrowDown: state.chosen - 1, Home: 0, End: last };
    if (!(event.key in targets)) return;
    event.preventDefault();
    choose(Math.max(0, Math.min(last, targets[event.key])));
    outputs.querySelector('[aria-pressed="true"]')?.focus();
  }

  /** Show the chosen neuron: its window, its lines, and its sum. */
  function point() {
    const { F, S } = settings;
    const start = state.chosen * S;
    const none = shown(settings, state.fit) === 0;
    outputs.querySelectorAll("button").forEach((button, i) => {
      button.setAttribute("aria-pressed", i === state.chosen);
      button.tabIndex = i === state.chosen ? 0 : -1;
    });
    [...inputs.children].forEach((cell, i) => cell.classList.toggle("seen", !none && i >= start && i < start + F));
    fill(lines, none ? [] : connections(start, F, state.pitch));
    lines.setAttribute("width", state.pitch * extent(settings, state));
    say(sum, none ? "No neuron fits here." : worked(state, settings));
  }

  draw();
  const node = el(
    "div", { class: "exhibit-body" },
    el("div", { class: "exhibit-side" }, panel.node, result.node),
    el("div", { class: "exhibit-figure" }, box, el("div", { class: "exhibit-read" }, sum, filter), legend()),
  );
  return { node, refresh: draw };
}

/** Neurons that can be drawn: those that fit, even where a remainder makes Striate refuse. */
function shown({ S, P, F }, fit) {
  if (fit.count !== null) return fit.count;
  return fit.room < 0 || P >= F ? 0 : Math.floor(fit.room / S) + 1;
}

/** Whether a next window is drawn that hangs over the end: where Striate refuses a remainder. */
const hangs = ({ P, F }, fit) => fit.count === null && fit.missing > 0 && P < F;

/** How many numbers wide the drawing is: the padded input, or more where a refused window hangs over its end. */
function extent({ P, F }, { cells, fit }) {
  return Math.max(cells.length + (hangs({ P, F }, fit) ? fit.missing : 0), F);
}

/** Every number of the padded input with what it is: input, padding, added by fit=pad, or left out by fit=crop. */
export function padded({ W, P }, fit) {
  const [front, back] = fit.added;
  const zeros = (count, kind) => Array.from({ length: count }, () => ({ value: 0, kind }));
  const cells = [
    ...zeros(front, "added"), ...zeros(P, "padding"),
    ...NUMBERS.slice(0, W).map((value) => ({ value, kind: "given" })),
    ...zeros(P, "padding"), ...zeros(back, "added"),
  ];
  return cells.map((cell, i) => (i >= cells.length - fit.dropped ? { ...cell, kind: `${cell.kind} left` } : cell));
}

function inputCell({ value, kind }, index) {
  const words = { given: "", padding: "padding ", added: "added by pad " }[kind.split(" ")[0]];
  const left = kind.endsWith("left") ? ", left out by crop" : "";
  return el("li", { class: `cell ${kind}`, data: { index } }, el("span", { class: "unseen" }, words), minus(value), el("span", { class: "unseen" }, left));
}

/** The numbers that a window over the end would want. */
function absent(missing) {
  return Array.from({ length: missing }, () => el("li", { class: "cell absent" }, el("span", { class: "unseen" }, "missing"), el("span", { "aria-hidden": "true" }, "?")));
}

function neurons(settings, state, choose) {
  const { S, F } = settings;
  const middle = (j) => (j * S + F / 2) * state.pitch;
  const made = Array.from({ length: shown(settings, state.fit) }, (_, j) =>
    el(
      "button",
      {
        type: "button", class: "cell neuron", style: { left: `${middle(j)}px` }, "aria-label": `neuron ${j + 1}: ${minus(sumAt(state, settings, j))}`,
        on: { click: () => choose(j), focus: () => choose(j), pointerenter: (event) => event.pointerType === "mouse" && choose(j) },
      },
      minus(sumAt(state, settings, j)),
    ),
  );
  if (hangs(settings, state.fit)) made.push(el("span", { class: "cell ghost", "aria-hidden": "true", style: { left: `${middle(made.length)}px` } }, "?"));
  return made;
}

function sumAt({ cells }, { S, F }, neuron) {
  return weights(F).reduce((sum, weight, i) => sum + weight * cells[neuron * S + i].value, 0);
}

/** A line from each number of the window to the neuron, with its weight on it. */
function connections(start, field, pitch) {
  const top = [(start + field / 2) * pitch, 0];
  return weights(field).map((weight, i) => {
    const foot = [(start + i + 0.5) * pitch, GAP];
    const at = (share) => foot.map((value, axis) => value + share * (top[axis] - value));
    const [x, y] = at(0.27);
    const sign = weight > 0 ? "above" : weight < 0 ? "below" : "zero";
    return svg("g", { class: sign }, svg("line", { x1: foot[0], y1: foot[1], x2: top[0], y2: top[1] }), svg("text", { x, y }, minus(weight)));
  });
}

function worked(state, settings) {
  const { S, F } = settings;
  const terms = weights(F).map((weight, i) => `${bracketed(state.cells[state.chosen * S + i].value)}·${bracketed(weight)}`);
  return `neuron ${state.chosen + 1} of ${shown(settings, state.fit)}: ${terms.join(" + ")} + 0 = ${minus(sumAt(state, settings, state.chosen))}`;
}

function chips(values) {
  return values.map((value) => el("span", { class: `weight ${value > 0 ? "above" : value < 0 ? "below" : ""}` }, minus(value)));
}

function legend() {
  const entries = [["given", "input"], ["padding", "zero-padding P"], ["added", "added by fit=pad"], ["given left", "left out by fit=crop"]];
  return el("ul", { class: "line-legend", "aria-hidden": "true" }, entries.map(([kind, words]) => el("li", {}, el("span", { class: `cell ${kind}` }), words)));
}
