// The notes' convolution demo: K filters slide over a volume and take dot products with all of its depth.

import { NumberTable, linked } from "../draw/numbers.js";
import { el, fill, minus, say, show } from "../dom.js";
import { controls, verdict } from "./controls.js";
import { drawn, multiplied, surrounded } from "./volumes.js";
import { bracketed } from "./window.js";

const RANGES = { W: [3, 9], F: [1, 4], S: [1, 4], P: [0, 3], D: [1, 3], K: [1, 3] };
const PACE = 1400; // milliseconds a step
const [LEAST, MOST] = [15, 26]; // CSS pixels: the width of a cell

/** The exhibit as {node, refresh, hide}. */
export function convolutionExhibit() {
  const settings = { W: 5, F: 3, S: 2, P: 1, D: 3, K: 2, fit: "raise" };
  const state = { seed: 1, at: [0, 0, 0], numbers: null, padded: null, fit: null, timer: 0 };
  const panel = controls("Sizes of the demo", settings, RANGES, () => draw());
  const result = verdict(settings, RANGES, (change) => {
    Object.assign(settings, change);
    if (change.fit) panel.node.querySelector(`input[value="${change.fit}"]`).checked = true;
    panel.refresh();
    draw();
    panel.node.querySelector("input").focus();
  });
  const parts = { input: el("div", { class: "slices" }), filters: el("div", { class: "filters" }), outputs: el("div", { class: "slices outputs" }) };
  const titles = { input: el("h3"), filters: el("h3"), outputs: el("h3") };
  const worked = el("div", { class: "demo-worked" });
  const sum = el("p", { class: "sum-line", data: { role: "value" } });
  const stage = el(
    "div", { class: "demo-stage" },
    Object.keys(parts).map((name) => el("section", { class: `demo-${name}` }, titles[name], parts[name])),
    el("section", { class: "demo-sum" }, el("h3", {}, "Multiply and add"), worked, sum),
  );
  const play = el("button", { type: "button", class: "primary play", on: { click: () => (state.timer ? pause() : run()) } }, "Play");
  const bar = el(
    "div", { class: "row demo-bar" },
    el("button", { type: "button", "aria-label": "Step back", on: { click: () => stepped(-1) } }, "‹ Back"),
    play,
    el("button", { type: "button", "aria-label": "Step on", on: { click: () => stepped(1) } }, "Step ›"),
    el("button", { type: "button", on: { click: renewed } }, "New numbers"),
  );
  let tables = null;

  function draw() {
    const fit = result.refresh((n) => `an output of ${n}x${n}x${settings.K}`);
    state.fit = fit;
    state.numbers = drawn(settings, state.seed);
    state.padded = surrounded(state.numbers.input, fit.before, fit.after);
    const { W, F, D, K } = settings;
    say(titles.input, `Input ${W}x${W}x${D}${ring(fit)}`);
    say(titles.filters, `${K === 1 ? "1 filter" : `${K} filters`} ${F}x${F}x${D}`);
    say(titles.outputs, fit.count === null ? "No output" : `Output ${fit.count}x${fit.count}x${K}`);
    stage.style.setProperty("--cell", `${cellSize(stage.clientWidth || 900, fit.before + W + fit.after, D)}px`);
    tables = { input: inputTables(state, settings, parts.input), filters: filterTables(state, settings, parts.filters) };
    outputButtons(state, settings, parts.outputs, picked);
    tables.worked = workedTables(settings, worked);
    const [k, row, column] = state.at;
    const most = Math.max(0, (fit.count ?? 1) - 1);
    state.at = [Math.min(k, K - 1), Math.min(row, most), Math.min(column, most)];
    point();
  }

  function picked(k, row, column) {
    pause();
    state.at = [k, row, column];
    point();
  }

  /** Show the output number at `state.at`: its window, its filter, its products and their sum. */
  function point() {
    const { F, S } = settings;
    const [k, row, column] = state.at;
    const there = state.fit.count !== null;
    stage.classList.toggle("nothing", !there);
    show(worked, there);
    bar.querySelectorAll("button").forEach((button, i) => (button.disabled = !there && i < 3));
    if (!there) {
      pause();
      say(sum, "No output number: choose settings that fit.");
      return;
    }
    tables.input.forEach(({ frame }) => frame.place(row * S, column * S, F, F));
    tables.filters.forEach(({ node }, i) => node.classList.toggle("chosen", i === k));
    parts.outputs.querySelectorAll("button").forEach((button) => {
      const chosen = button.dataset.at === state.at.join(" ");
      button.setAttribute("aria-pressed", chosen);
      button.tabIndex = chosen ? 0 : -1;
    });
    work(tables.worked, state, settings, sum);
  }

  function stepped(step) {
    pause();
    move(step);
  }

  function move(step) {
    const { count } = state.fit;
    const all = count * count * settings.K;
    const [k, row, column] = state.at;
    const next = (k * count * count + row * count + column + step + all) % all;
    state.at = [Math.floor(next / (count * count)), Math.floor(next / count) % count, next % count];
    point();
  }

  function run() {
    if (state.fit.count === null || state.timer) return;
    state.timer = setInterval(() => move(1), PACE);
    sum.setAttribute("aria-live", "off"); // a person who plays it asks for pictures, not for a speech
    say(play, "Pause");
  }

  function pause() {
    clearInterval(state.timer);
    state.timer = 0;
    sum.setAttribute("aria-live", "polite");
    say(play, "Play");
  }

  function renewed() {
    pause();
    state.seed += 1;
    draw();
  }

  parts.outputs.addEventListener("keydown", (event) => {
    const turn = { ArrowRight: [0, 0, 1], ArrowLeft: [0, 0, -1], ArrowDown: [0, 1, 0], ArrowUp: [0, -1, 0], PageDown: [1, 0, 0], PageUp: [-1, 0, 0] }[event.key];
    if (!turn || state.fit.count === null) return;
    event.preventDefault();
    pause();
    const most = [settings.K - 1, state.fit.count - 1, state.fit.count - 1];
    state.at = state.at.map((at, i) => Math.max(0, Math.min(most[i], at + turn[i])));
    point();
    parts.outputs.querySelector('[aria-pressed="true"]').focus();
  });

  draw();
  pause();
  const side = el("div", { class: "exhibit-side" }, panel.node, result.node, bar);
  return { node: el("div", { class: "exhibit-body" }, side, stage), refresh: draw, run, hide: pause };
}

function ring({ before, after }) {
  if (before + after === 0) return "";
  return before === after ? `, ${before} ${before === 1 ? "zero" : "zeros"} around` : `, zeros around: ${before} before, ${after} after`;
}

/** Cells as wide as fit: on a narrow screen two slices of the input stand side by side. */
function cellSize(width, side, depth) {
  const room = width > 640 ? width * 0.24 : depth > 1 ? (width - 20) / 2 : width;
  return Math.max(LEAST, Math.min(MOST, Math.floor(room / side)));
}

function inputTables({ padded, fit }, { W, D }, box) {
  const side = padded[0].length;
  const tables = padded.map((slice, d) => {
    const numbers = new NumberTable(side, side, { caption: `x[:,:,${d}]`, label: `Input, depth slice ${d}${D > 1 ? ` of 0 to ${D - 1}` : ""}` });
    numbers.write(slice, (value) => String(value));
    const inside = (at) => at >= fit.before && at < fit.before + W;
    numbers.mark("padding", (row, column) => !(inside(row) && inside(column)));
    numbers.mark("left", (row, column) => row >= side - fit.dropped || column >= side - fit.dropped);
    return { numbers, frame: numbers.frame("window") };
  });
  fill(box, tables.map(({ numbers }) => numbers.node));
  return tables;
}

function filterTables({ numbers }, { F }, box) {
  const made = numbers.filters.map((filter, k) => {
    const tables = filter.map((slice, d) => {
      const table = new NumberTable(F, F, { caption: `w${k}[:,:,${d}]`, label: `Filter ${k}, depth slice ${d}`, kind: "weights" });
      table.write(slice, minus);
      table.tint((row, column) => slice[row][column]);
      return table;
    });
    const bias = el("p", { class: "bias" }, `b${k} = ${minus(numbers.biases[k])}`);
    return { node: el("div", { class: "filter" }, tables.map((table) => table.node), bias) };
  });
  fill(box, made.map(({ node }) => node));
  return made;
}

function outputButtons({ numbers, padded, fit }, settings, box, picked) {
  const { count } = fit;
  if (count === null) return fill(box, el("p", { class: "pale" }, "The filter does not fit the input."));
  const places = Array.from({ length: count * count }, (_, i) => [Math.floor(i / count), i % count]);
  const slice = (filter, k) =>
    el(
      "div", { class: "output", role: "group", "aria-label": `Output, depth slice ${k}; arrow keys move, page keys change the slice` },
      el("p", { class: "caption", "aria-hidden": "true" }, `o[:,:,${k}]`),
      el("div", { class: "output-cells", style: { "--count": count } }, places.map(([row, column]) => {
        const { value } = multiplied(padded, filter, numbers.biases[k], row, column, settings);
        return el("button", {
          type: "button", data: { at: `${k} ${row} ${column}` }, "aria-label": `slice ${k}, row ${row}, column ${column}: ${minus(value)}`,
          on: { click: () => picked(k, row, column) },
        }, minus(value));
      })),
    );
  return fill(box, numbers.filters.map(slice));
}

/** Empty tables for window, filter and products of every depth slice. */
function workedTables({ F, D }, box) {
  const rows = Array.from({ length: D }, (_, d) => {
    const made = [["window", "window", "window"], ["filter", "filter", "weights"], ["products", "products", "products"]].map(
      ([key, caption, kind]) => [key, new NumberTable(F, F, { caption, label: `${caption}, depth slice ${d}`, kind })],
    );
    const tables = Object.fromEntries(made);
    linked(Object.values(tables));
    const sum = el("span", { class: "slice-sum" });
    const sign = (text) => el("span", { class: "sign", "aria-hidden": "true" }, text);
    const node = el("div", { class: "worked-slice" }, tables.window.node, sign("·"), tables.filter.node, sign("="), tables.products.node, sign("Σ"), sum);
    return { ...tables, sum, node };
  });
  fill(box, rows.map(({ node }) => node));
  return rows;
}

function work(rows, { numbers, padded, at }, settings, line) {
  const [k, row, column] = at;
  const found = multiplied(padded, numbers.filters[k], numbers.biases[k], row, column, settings);
  rows.forEach((tables, d) => {
    tables.window.write(found.window[d], minus);
    tables.filter.write(numbers.filters[k][d], minus);
    tables.filter.tint((y, x) => numbers.filters[k][d][y][x]);
    tables.products.write(found.products[d], minus);
    tables.products.tint((y, x) => found.products[d][y][x] / 2);
    say(tables.sum, minus(found.sums[d]));
  });
  const sums = found.sums.map((value, d) => (d === 0 ? minus(value) : bracketed(value))).join(" + ");
  say(line, `o[${row},${column},${k}] = ${sums} + bias ${bracketed(numbers.biases[k])} = ${minus(found.value)}`);
}
