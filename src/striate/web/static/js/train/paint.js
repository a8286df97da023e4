// The worker that draws frames. What the page's own thread need not do twenty times a second costs the page no layout,
// and on a small machine it costs training nothing that can be avoided.

import { Tiles, ramps } from "../draw/tiles.js";
import { unpack } from "../wire.js";

const TEXTS = 1000; // milliseconds between two reports of the numbers beside the maps

const canvases = new Map(); // by key: {context, image, pixels, parts, seen, stale}
const newest = new Map(); // by the name of a part, "conv1 gradients": {section, payload} of the newest frame with it
let run = null;
let inks = null;
let tables = null;
let header = null; // of the newest frame
let timer = 0;
let frames = 0; // since the last report
let reported = 0;

const DO = {
  /** The colours of the signed scales, and of what lies between the maps. */
  colour(told) {
    inks = told.inks;
    tables = ramps(inks);
    for (const one of canvases.values()) {
      ground(one);
      for (const part of one.parts) part.stale = newest.has(part.name);
      paint(one);
    }
  },

  /** Draw on these canvases from now on; each has its parts {name, shape, options, x}. */
  lay(told) {
    canvases.clear();
    for (const { key, canvas, parts } of told.canvases) {
      const context = canvas.getContext("2d");
      const image = context.createImageData(canvas.width, canvas.height);
      const one = { context, image, pixels: new Uint32Array(image.data.buffer), parts: parts.map(laid), seen: false, stale: true };
      canvases.set(key, one);
      ground(one);
      paint(one);
    }
  },

  /** Which canvases are on the screen. */
  see({ keys }) {
    const seen = new Set(keys);
    let come = false;
    for (const [key, one] of canvases) {
      come ||= !one.seen && seen.has(key);
      one.seen = seen.has(key);
      if (one.seen && one.stale) paint(one);
    }
    if (come && header) report();
  },

  /** Which run is looked at: what is there of another is forgotten. */
  look(told) {
    if (told.run === run) return;
    run = told.run;
    header = null;
    newest.clear();
  },

  frame({ buffer }) {
    try {
      take(unpack(buffer));
    } finally {
      postMessage({ do: "drawn" });
    }
  },
};

onmessage = ({ data }) => DO[data.do](data);

function laid({ name, shape, options, x }) {
  const tiles = new Tiles(options);
  tiles.lay(shape);
  return { name, tiles, x, stale: newest.has(name) };
}

/** What is seen of a part before there is a frame with it. */
function ground({ image, pixels, parts }) {
  for (const { x, tiles } of parts) {
    for (let y = 0; y < tiles.height; y++) pixels.fill(inks.line, y * image.width + x, y * image.width + x + tiles.width);
  }
}

function take({ header: found, bytes: payload }) {
  if (found.run !== run) return;
  header = found;
  frames += 1;
  for (const section of header.sections) newest.set(`${section.layer} ${section.what}`, { section, payload });
  const brought = new Set(header.sections.map((section) => `${section.layer} ${section.what}`));
  for (const one of canvases.values()) {
    for (const part of one.parts) {
      if (!brought.has(part.name)) continue;
      part.stale = one.stale = true;
    }
    if (one.seen && one.stale) paint(one);
  }
  timer ||= setTimeout(report, TEXTS);
}

function paint(one) {
  for (const part of one.parts) {
    if (!part.stale) continue;
    const { section, payload } = newest.get(part.name);
    const table = section.what === "activations" ? tables.grey : tables.rooted;
    part.tiles.write(one.pixels, one.image.width, part.x, section, payload, table);
    part.stale = false;
  }
  one.stale = false;
  one.context.putImageData(one.image, 0, 0);
}

/** Tell the page the numbers: less often than the maps are drawn, but never not for the last of them. */
function report() {
  clearTimeout(timer);
  timer = 0;
  if (!header) return;
  const { sections, ...told } = header;
  const now = performance.now();
  told.pace = (1000 * frames) / (now - reported);
  [frames, reported] = [0, now];
  const ranges = [...canvases.values()].filter((one) => one.seen).flatMap((one) => one.parts.filter((part) => newest.has(part.name)).map(range));
  postMessage({ do: "told", header: told, ranges });
}

/** The least and the greatest number of a part, and which slices it shows where there are more. */
function range({ name }) {
  const { section, payload } = newest.get(name);
  const [low, high] = section.what === "activations" ? [section.min, section.max] : extremes(section, payload);
  const some = section.form === "maps" && section.what !== "weights" && section.slices.length < section.of;
  return { name, low, high, title: some ? `slices ${section.slices.join(", ")} of ${section.of}` : "" };
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
