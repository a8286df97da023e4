// Volumes as boxes: depth runs to the right, height down, width away from the reader; drawn to scale.

import { size, svg } from "../dom.js";
import { roomFor, skipLine, skips } from "./skips.js";

const SLOPE = [0.36, -0.3]; // where a CSS pixel of width goes: to the right and up
const LARGEST = 240; // CSS pixels, for the longest side of all
const HIGHEST = 168; // CSS pixels of a box with its slope
const LOWEST = 72;
const SMALLEST = 88;
const LINEAR = 64; // numbers: up to this, sides and depths are drawn to one linear scale
const MARGIN = 16;
const LETTER = 6.6; // CSS pixels a character takes at 11 pixels, about

/**
 * Scales for a network's volumes: {side, deep} turn numbers into CSS pixels; `words` says how. Small networks have one
 * linear scale; others square roots, of sides and of depths apart, so that 3 and 4,096 both show.
 */
function linear(sides, depth, tallest) {
  const unit = tallest / Math.max(sides, depth);
  return { side: (n) => Math.max(2.5, n * unit), deep: (n) => Math.max(2.5, n * unit), words: "Sides and depths to one linear scale." };
}

function rooted(sides, depth, tallest) {
  const side = tallest / Math.sqrt(sides);
  const deep = Math.min((0.9 * tallest) / Math.sqrt(depth), 3 * side);
  return {
    side: (n) => Math.max(2.5, Math.sqrt(n) * side),
    deep: (n) => Math.max(2.5, Math.sqrt(n) * deep),
    words: "Sides and depths are drawn as their square roots, so that small and large ones both show.",
  };
}

/**
 * An SVG of `layers` ({name, kind, output, window}), with arrows that name the layers, and sizes below.
 * It is made to fit `room` CSS pixels where it can, and is wider where it can't: {node, words}.
 */
export function volumes(layers, room, pointed = null) {
  const sides = Math.max(...layers.flatMap(({ output: [width, height] }) => [width, height]));
  const depth = Math.max(...layers.map(({ output }) => output[2]));
  const small = Math.max(sides, depth) <= LINEAR ? fitting(layers, room, (tallest) => linear(sides, depth, tallest)) : null;
  // Long thin boxes on one linear scale would be lines.
  const made = small && small.high >= LOWEST ? small : fitting(layers, room, (tallest) => rooted(sides, depth, tallest));
  return { node: draw(made, layers, pointed), words: made.words };
}

/** The largest layout that fits, or the smallest of all. */
function fitting(layers, room, scale) {
  let made = null;
  for (let tallest = LARGEST; tallest >= SMALLEST; tallest -= 8) {
    made = lay(layers, scale(tallest));
    if (made.width <= room && made.high <= HIGHEST) break;
  }
  return made;
}

function lay(layers, scale) {
  const boxes = [];
  let x = MARGIN;
  for (const [i, layer] of layers.entries()) {
    const [width, height, depth] = layer.output;
    const box = { layer, deep: scale.deep(depth), high: scale.side(height), wide: scale.side(width) };
    const gap = i === 0 ? 0 : 18 + LETTER * Math.max(layer.kind.length, ...setting(layer, layers[i - 1]).map((line) => line.length));
    box.label = LETTER * size(layer.output).length;
    box.span = box.deep + SLOPE[0] * box.wide;
    box.from = x; // the arrow reaches from here to the box
    x += gap;
    const before = boxes.at(-1);
    // Two sizes below must not touch.
    const least = before ? before.x + before.span / 2 + (before.label + box.label) / 2 + 10 - box.span / 2 : MARGIN + Math.max(0, (box.label - box.span) / 2);
    box.x = Math.max(x, least);
    x = box.x + box.span + 8;
    boxes.push(box);
  }
  const last = boxes.at(-1);
  const width = Math.max(x, last.x + last.span / 2 + last.label / 2) + MARGIN;
  const high = Math.max(...boxes.map((box) => box.high - SLOPE[1] * box.wide));
  return { boxes, width, high, words: scale.words };
}

/** Whether a layer reads the one that is drawn before it, so that the arrow between them has a line. */
const follows = (layer, before) => !layer.inputs || layer.inputs.includes(before.name);

/**
 * What stands below an arrow, line by line: the window's side, its stride where that is not 1, and what the layer reads
 * where that is not, or not only, what is drawn `before` it.
 */
function setting(layer, before) {
  const { window, inputs = [] } = layer;
  const reads = inputs.length > 1 ? inputs : before && !follows(layer, before) ? [`of ${inputs[0]}`] : [];
  if (!window || layer.kind === "FC") return reads;
  const stride = [window.S].flat().join("x");
  return [[window.F, window.F].flat().slice(0, 2).join("x"), ...(stride !== "1" ? [`S=${stride}`] : []), ...reads];
}

function draw({ boxes, width, high }, layers, pointed) {
  const over = skips(boxes);
  const room = roomFor(over);
  const middle = MARGIN + room + high / 2 + 6;
  const height = room + high + 2 * MARGIN + 34;
  const names = layers.map((layer) => `${layer.name} ${size(layer.output)}`).join(", ");
  const parts = boxes.map((box, i) => [i > 0 && arrow(boxes[i - 1], box, middle), solid(box, middle, height - MARGIN, pointed)]);
  const top = (box) => ({ x: box.x + box.span / 2, y: middle - (box.high - SLOPE[1] * box.wide) / 2 });
  const lines = over.map((skip) => skipLine(skip, MARGIN + room - 6, top));
  return svg(
    "svg",
    { class: "volumes", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `The volumes, drawn to scale: ${names}` },
    lines, parts,
  );
}

function solid(box, middle, below, pointed) {
  const { layer, x, deep, high, wide } = box;
  const [right, up] = [SLOPE[0] * wide, SLOPE[1] * wide];
  const top = middle - high / 2 - up / 2;
  const path = (...points) => `M${points.map(([px, py]) => `${round(px)} ${round(py)}`).join("L")}Z`;
  const face = (name, ...points) => svg("path", { class: name, d: path(...points) });
  const node = svg(
    "g", { class: `volume kind-${layer.kind}`, "data-layer": layer.name },
    svg("title", {}, `${layer.name}: ${layer.notation} makes ${size(layer.output)}`),
    face("face-front", [x, top], [x + deep, top], [x + deep, top + high], [x, top + high]),
    face("face-top", [x, top], [x + right, top + up], [x + deep + right, top + up], [x + deep, top]),
    face("face-side", [x + deep, top], [x + deep + right, top + up], [x + deep + right, top + up + high], [x + deep, top + high]),
    svg("text", { x: round(x + (deep + right) / 2), y: below, class: "volume-size", "text-anchor": "middle" }, size(layer.output)),
  );
  if (pointed) {
    node.addEventListener("pointerenter", () => pointed(layer.name));
    node.addEventListener("pointerleave", () => pointed(null));
  }
  return node;
}

function arrow(before, box, middle) {
  const from = before.x + before.span + 6;
  const to = box.x - 6;
  const at = (from + to) / 2;
  const below = setting(box.layer, before.layer).map((line, i) =>
    svg("text", { x: round(at), y: round(middle + 16 + 13 * i), class: "arrow-setting", "text-anchor": "middle" }, line),
  );
  return svg(
    "g", { class: `arrow kind-${box.layer.kind}` },
    follows(box.layer, before.layer) && svg("path", { class: "arrow-line", d: `M${round(from)} ${round(middle)}H${round(to - 1)}m-5 -4l5 4l-5 4` }),
    svg("text", { x: round(at), y: round(middle - 8), class: "arrow-name", "text-anchor": "middle" }, box.layer.kind),
    below,
  );
}

const round = (value) => Math.round(value * 100) / 100;
