// A pad to draw on, with mouse, finger, pen or keyboard; what is drawn goes to the network at once.

import { el, fresh, say, segments } from "../dom.js";
import { centred, inkOf, pixelsOf } from "./ink.js";

const SIDE = 256; // canvas pixels
const STEP = 8; // a press of an arrow key, in canvas pixels
const COLOURS = [
  ["#1b2129", "black"], ["#ffffff", "white"], ["#c0392b", "red"], ["#e08e0b", "orange"],
  ["#2e7d32", "green"], ["#1f63a8", "blue"], ["#7a4b2a", "brown"], ["#8ec5e8", "sky blue"],
];
const WIDTHS = [["14", "thin"], ["22", "medium"], ["34", "thick"]];

/** The pad as {node, prepare(volume), render(volume, manner)}; `changed()` is called whenever something was drawn. */
export function drawingPad(changed) {
  const state = { colour: COLOURS[0][0], width: 22, colourful: false, last: null, down: false, cursor: [SIDE / 2, SIDE / 2] };
  const help = fresh("pad-help");
  const canvas = el("canvas", {
    class: "pad", width: SIDE, height: SIDE, tabindex: 0, role: "application", "aria-label": "Drawing pad", "aria-describedby": help,
  });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const cursor = el("span", { class: "pad-cursor", "aria-hidden": "true" });
  const hint = el("span", { class: "pad-hint", "aria-hidden": "true" }, "draw here");
  const status = el("span", { class: "unseen", role: "status" });
  const palette = colours((colour) => (state.colour = colour));
  const node = el(
    "div", { class: "source-body pad-body" },
    el("div", { class: "pad-box" }, canvas, hint, cursor),
    palette,
    el(
      "div", { class: "row pad-tools" },
      segments("Width of the pen", WIDTHS, "22", (width) => (state.width = Number(width))),
      el("button", { type: "button", class: "tiny", on: { click: () => clear() } }, "Clear"),
    ),
    el("p", { class: "small pale", id: help }, "By keyboard: arrow keys move the pen, Space sets it down or lifts it, Delete clears."),
    status,
  );

  function clear() {
    context.fillStyle = state.colourful ? "#ffffff" : "#000000";
    context.fillRect(0, 0, SIDE, SIDE);
    hint.hidden = false;
    changed();
  }

  function line(from, to) {
    context.strokeStyle = context.fillStyle = state.colourful ? state.colour : "#ffffff";
    context.lineWidth = state.width;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(to[0] + 0.01, to[1]); // a line of no length would leave no dot
    context.stroke();
    hint.hidden = true;
    changed();
  }

  let box = null;
  const place = (event) => [((event.clientX - box.left) * SIDE) / box.width, ((event.clientY - box.top) * SIDE) / box.height];
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    box = canvas.getBoundingClientRect(); // once a stroke
    state.last = place(event);
    line(state.last, state.last);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!state.last) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) {
      const to = place(each);
      line(state.last, to);
      state.last = to;
    }
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (state.last = null));

  canvas.addEventListener("keydown", (event) => {
    const turn = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (turn) travelled(turn);
    else if (event.key === " ") setDown(!state.down);
    else if (event.key === "Delete" || event.key === "Backspace") clear();
    else return;
    event.preventDefault();
  });
  canvas.addEventListener("focus", () => setDown(false));
  canvas.addEventListener("blur", () => setDown(false));

  function setDown(down) {
    state.down = down;
    cursor.classList.toggle("down", down);
    pointed();
    if (down) line(state.cursor, state.cursor);
    say(status, document.activeElement === canvas ? (down ? "pen down" : "pen up") : "");
  }

  function travelled(turn) {
    const from = state.cursor;
    state.cursor = from.map((at, i) => Math.max(0, Math.min(SIDE, at + STEP * turn[i])));
    pointed();
    if (state.down) line(from, state.cursor);
  }

  function pointed() {
    cursor.style.left = `${(100 * state.cursor[0]) / SIDE}%`;
    cursor.style.top = `${(100 * state.cursor[1]) / SIDE}%`;
  }

  return {
    node,
    /** Be ready for pictures of this depth: coloured on white, or white on black. */
    prepare(volume) {
      const colourful = volume[2] !== 1;
      palette.hidden = !colourful;
      if (colourful === state.colourful && canvas.dataset.ready) return;
      canvas.dataset.ready = "yes";
      state.colourful = colourful;
      node.classList.toggle("colourful", colourful);
      clear();
    },
    /** H*W*D bytes of what is drawn, as the data set would have it. */
    render(volume, { dark, share }) {
      const data = context.getImageData(0, 0, SIDE, SIDE).data;
      if (volume[2] === 1) {
        const grey = centred(inkOf(data), SIDE, volume, share);
        return dark ? grey.map((byte) => 255 - byte) : grey;
      }
      return pixelsOf(shrunk(data, volume), volume);
    },
  };
}

/** RGBA bytes at width x height, every one the mean of the pixels of the pad under it. */
function shrunk(data, [width, height]) {
  const out = new Uint8ClampedArray(width * height * 4);
  const [wide, high] = [SIDE / width, SIDE / height];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const sum = [0, 0, 0, 0];
      let count = 0;
      for (let y = Math.floor(row * high); y < Math.max((row + 1) * high, Math.floor(row * high) + 1); y++) {
        for (let x = Math.floor(column * wide); x < Math.max((column + 1) * wide, Math.floor(column * wide) + 1); x++, count++) {
          for (let c = 0; c < 4; c++) sum[c] += data[4 * (y * SIDE + x) + c];
        }
      }
      sum.forEach((value, c) => (out[4 * (row * width + column) + c] = value / count));
    }
  }
  return out;
}

function colours(chosen) {
  const name = fresh("colour");
  const swatches = COLOURS.map(([value, words], i) =>
    el(
      "label", { class: "swatch", title: words },
      el("input", { type: "radio", name, value, checked: i === 0, on: { change: () => chosen(value) } }),
      el("span", { style: { "background-color": value } }), el("b", { class: "unseen" }, words),
    ),
  );
  return el("fieldset", { class: "swatches" }, el("legend", { class: "unseen" }, "Colour of the pen"), swatches);
}
