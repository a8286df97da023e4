// The figure of the notes: a column of activation maps for every volume, from the input to the scores.

import { el, figure, fill, say, size } from "../dom.js";
import { Atlas } from "../draw/maps.js";
import { amount } from "./amounts.js";
import { flat, neuron, placeName } from "./places.js";

const SIDE = 64; // CSS pixels: about as wide as a map is drawn
const CELL = 20; // CSS pixels: a number of a volume that is 1 wide and 1 high
const TALLEST = 680; // CSS pixels of a column

/** How a Section's maps are laid out, as options of an Atlas. */
export function layout([height, width], maps) {
  const longest = Math.max(width, height);
  if (longest === 1) {
    if (maps * (CELL + 4) <= TALLEST) return { columns: 1, unit: 1, least: CELL, gap: 4 };
    const cell = maps <= 240 ? 12 : 8;
    const columns = Math.ceil(maps / Math.floor(TALLEST / (cell + 2)));
    return { columns, unit: 1, least: cell, gap: 2 };
  }
  if (longest < 26) return { columns: 1, unit: 1, least: longest * Math.round(SIDE / longest), gap: 4 };
  const unit = longest <= 40 ? 2 : SIDE / longest;
  return { columns: 1, unit, least: 1, gap: Math.ceil(4 / unit) };
}

/**
 * The columns as {node, draw(header, bytes, classes), mark(explained), announce, unmark, clear}. It is one widget: arrow keys move
 * over numbers and maps, Enter explains. `explain(layer, position)` is called for a number that was clicked or entered.
 *
 * Below the columns a line says one number: the one under the pointer, else the one that the keyboard is at, else the one that is
 * explained. That line follows every picture; a screen reader is told only where a person went.
 */
export class Columns {
  #columns = [];
  #key = "";
  #payload = null;
  #at = { column: 0, x: 0, y: 0 }; // x, y count over all maps of the column
  #over = null; // {i, hit}: the column and the number under the pointer
  #explained = null; // what is explained, as the server found it
  #classes = [];
  #shapes = new Map();

  constructor({ explain }) {
    this.explain = explain;
    this.row = el("div", {
      class: "columns", tabindex: 0, role: "application", "aria-label": "Activation maps, a column for every layer",
      "aria-describedby": "columns-help",
      on: { keydown: (event) => this.#pressed(event), focus: () => this.#entered(), blur: () => this.#left() },
    });
    this.scroller = el("div", { class: "columns-box scrolls" }, this.row);
    this.readout = el("p", { class: "columns-readout" });
    this.status = el("p", { class: "unseen", role: "status" });
    const help = el(
      "p", { class: "small pale", id: "columns-help" },
      "Click any number to see what made it. By keyboard: arrow keys move, with Shift from map to map, Enter explains.",
    );
    this.node = el("div", { class: "columns-part" }, this.scroller, this.readout, this.status, help);
  }

  #cursor = el("span", { class: "map-box cursor", "aria-hidden": "true" });
  #chosen = el("span", { class: "map-box chosen", "aria-hidden": "true" });

  /** Draw an answer to "look"; `classes` name the scores. The columns are made anew only where other maps are shown than before. */
  draw({ sections }, payload, classes = []) {
    const shown = sections.filter((section) => section.kind !== "INPUT");
    const key = JSON.stringify(shown.map(({ layer, shape, slices }) => [layer, shape, slices.length]));
    this.#payload = payload;
    this.#shapes = new Map(sections.map(({ layer, shape }) => [layer, shape]));
    const others = key !== this.#key;
    if (others) this.#build(shown, classes);
    this.#key = key;
    shown.forEach((section, i) => {
      this.#columns[i].section = section;
      this.#columns[i].atlas.draw(section, payload);
    });
    if (others && document.activeElement === this.row) this.#pointed();
    else this.#read();
  }

  clear() {
    this.#key = "";
    this.#columns = [];
    this.#over = null;
    fill(this.row);
    this.unmark();
    say(this.status, "");
  }

  #build(sections, classes) {
    this.#columns = sections.map((section, i) => this.#column(section, i, i === sections.length - 1 ? classes : []));
    this.#at = { column: 0, x: 0, y: 0 };
    this.#over = null;
    this.#classes = classes;
    fill(this.row, this.#columns.map(({ node }) => node));
  }

  #column(section, i, classes) {
    const { layer, kind, shape, slices, of } = section;
    const canvas = el("canvas");
    const maps = el("div", { class: "column-maps" }, canvas);
    const [height, width, depth] = shape;
    const node = el(
      "div", { class: `column kind-${kind}`, data: { layer } },
      el("p", { class: "column-name" }, layer), maps,
      el("p", { class: "column-size" }, size([width, height, depth])),
      el("p", { class: "column-of", title: "slices shown" }, slices.length < of ? `${slices.length} of ${of}` : ""),
    );
    const options = layout(shape, slices.length);
    const named = options.columns === 1 && height * width === 1 && classes.length === slices.length;
    if (named) maps.append(el("ol", { class: "column-classes", "aria-hidden": "true" }, classes.map((name) => el("li", { title: name }, name))));
    const atlas = new Atlas(canvas, options);
    if (options.unit < 1) canvas.style.imageRendering = "auto"; // a map that is made smaller is smoothed
    canvas.addEventListener("click", (event) => {
      const hit = atlas.at(event.offsetX, event.offsetY);
      if (!hit) return;
      this.#at = { column: i, ...this.#global(i, hit) };
      this.row.focus({ preventScroll: true });
      this.#pointed();
      this.#enter();
    });
    canvas.addEventListener("pointermove", (event) => {
      const hit = event.pointerType === "mouse" && atlas.at(event.offsetX, event.offsetY);
      this.#over = hit ? { i, hit } : null;
      this.#read();
    });
    canvas.addEventListener("pointerleave", () => {
      this.#over = null;
      this.#read();
    });
    return { node, maps, atlas, section, boxes: [] };
  }

  /** Cells counted over all maps of a column, as if these lay side by side without gaps. */
  #global(i, { index, column, row }) {
    const { across, width, height } = this.#columns[i].atlas.laid;
    return { x: (index % across) * width + column, y: Math.floor(index / across) * height + row };
  }

  #local(i, { x, y }) {
    const { across, width, height } = this.#columns[i].atlas.laid;
    return { index: Math.floor(y / height) * across + Math.floor(x / width), column: x % width, row: y % height };
  }

  /** A number in words: as its explanation has it where it is the explained one, else as exactly as its byte tells. */
  #words(i, { index, column, row }) {
    const { section } = this.#columns[i];
    const [height, width] = section.shape;
    const d = section.slices[index];
    const found = this.#explained;
    if (found?.layer === section.layer && found.position.join() === [column, row, d].join()) return this.#explainedWords();
    const place = flat(section.shape) ? `${neuron(d, this.#classesOf(section.layer))} of ${section.of}` : `slice ${d} of ${section.of}, x ${column}, y ${row}`;
    const byte = this.#payload[section.at + (index * height + row) * width + column];
    const value = section.min + (byte / 255) * (section.max - section.min);
    return `${section.layer}, ${place}: about ${figure(value)}`;
  }

  #explainedWords() {
    const { layer, position, value } = this.#explained;
    return `${layer}, ${this.placeOf(layer, position)}: ${amount(value)}, explained below`;
  }

  /** The names of a layer's neurons: only the scores have them. */
  #classesOf(layer) {
    return this.#columns.at(-1)?.section.layer === layer ? this.#classes : [];
  }

  /** [H, W, D] of a layer, "input" too; undefined before there is an answer. */
  shapeOf(layer) {
    return this.#shapes.get(layer);
  }

  /** What a number is called: "slice 3, at x 1, y 2", "neuron 3 (cat)". */
  placeOf(layer, position) {
    return placeName(position, this.shapeOf(layer), this.#classesOf(layer));
  }

  #pressed(event) {
    if (!this.#columns.length) return;
    if (event.key === "Enter" || event.key === " ") this.#enter();
    else if (event.key in TURNS) this.#moved(TURNS[event.key], event.shiftKey);
    else return;
    event.preventDefault();
  }

  #moved([across, down], far) {
    const { laid } = this.#columns[this.#at.column].atlas;
    const whole = { x: laid.across * laid.width, y: Math.ceil(laid.count / laid.across) * laid.height };
    const { x, y } = this.#at;
    const to = { x: x + across * (far ? laid.width : 1), y: y + down * (far ? laid.height : 1) };
    if (to.x < 0 || to.x >= whole.x) this.#crossed(across, y / whole.y);
    else if (to.y >= 0 && to.y < whole.y && this.#local(this.#at.column, to).index < laid.count) Object.assign(this.#at, to);
    this.#pointed(true);
    this.announce();
  }

  /** Over the edge, into the next column, about as far down. */
  #crossed(step, share) {
    const column = this.#at.column + step;
    if (column < 0 || column >= this.#columns.length) return;
    const { laid } = this.#columns[column].atlas;
    const y = Math.min(laid.height * Math.ceil(laid.count / laid.across) - 1, Math.round(share * laid.height * Math.ceil(laid.count / laid.across)));
    let x = step > 0 ? 0 : laid.across * laid.width - 1;
    while (this.#local(column, { x, y }).index >= laid.count) x -= laid.width;
    this.#at = { column, x: Math.max(0, x), y };
  }

  #pointed(follow = false) {
    if (!this.#columns.length) return;
    this.#put(this.#cursor, this.#at.column, this.#local(this.#at.column, this.#at));
    if (follow) this.#cursor.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.#read();
  }

  #entered() {
    this.#pointed();
    this.announce();
  }

  #left() {
    this.#cursor.remove();
    this.#read();
  }

  /** Write the line below the columns anew. */
  #read() {
    say(this.readout, this.#line());
  }

  #line() {
    if (!this.#columns.length) return "";
    if (this.#over) return this.#words(this.#over.i, this.#over.hit);
    if (document.activeElement === this.row) return this.#words(this.#at.column, this.#local(this.#at.column, this.#at));
    return this.#explained ? this.#explainedWords() : "";
  }

  /** Tell a screen reader what the line below the columns says. */
  announce() {
    say(this.status, this.readout.textContent);
  }

  #enter() {
    const { index, column, row } = this.#local(this.#at.column, this.#at);
    const { section } = this.#columns[this.#at.column];
    this.explain(section.layer, [column, row, section.slices[index]]);
  }

  /** A box around one number of a column's map. */
  #put(box, i, { index, column, row }) {
    const { atlas, maps } = this.#columns[i];
    const { x, y, width, height } = atlas.place(index);
    const [wide, high] = [width / atlas.laid.width, height / atlas.laid.height];
    placed(box, x + column * wide, y + row * high, wide, high);
    if (box.parentNode !== maps) maps.append(box);
  }

  /** Show what an explanation speaks of: its number, and the window on the layer that it reads. */
  mark(found) {
    const { layer, kind, position, window, input_layer: source } = found;
    this.unmark();
    this.#explained = found;
    this.#read();
    const i = this.#columns.findIndex((column) => column.section.layer === layer);
    const index = this.#columns[i]?.section.slices.indexOf(position[2]) ?? -1;
    if (index >= 0) this.#put(this.#chosen, i, { index, column: position[0], row: position[1] });
    const from = this.#columns.find((column) => column.section.layer === source);
    if (!from) return;
    const deep = ["CONV", "LOCAL", "FC"].includes(kind);
    from.section.slices.forEach((slice, map) => {
      if (deep || found.slices.includes(slice)) from.boxes.push(windowBox(from, map, window, kind));
    });
    from.maps.append(...from.boxes);
  }

  unmark() {
    this.#explained = null;
    this.#read();
    this.#chosen.remove();
    for (const column of this.#columns) {
      column.boxes.forEach((box) => box.remove());
      column.boxes = [];
    }
  }
}

const TURNS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function placed(box, x, y, width, height) {
  for (const [key, value] of Object.entries({ left: x, top: y, width, height })) box.style[key] = `${value}px`;
}

/** The window of an explanation on one map, as much of it as lies on the map. */
function windowBox({ atlas }, map, window, kind) {
  const { x, y, width, height } = atlas.place(map);
  const [wide, high] = [width / atlas.laid.width, height / atlas.laid.height];
  const inside = clipped(window, atlas.laid.width, atlas.laid.height);
  const box = el("span", { class: `map-box window kind-${kind}`, "aria-hidden": "true" });
  placed(box, x + inside.x * wide, y + inside.y * high, inside.width * wide, inside.height * high);
  return box;
}

/** The part of a rectangle that lies on width x height. */
export function clipped(rectangle, width, height) {
  const left = Math.max(0, rectangle.x);
  const top = Math.max(0, rectangle.y);
  const right = Math.min(width, rectangle.x + rectangle.width);
  const bottom = Math.min(height, rectangle.y + rectangle.height);
  return { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
}
