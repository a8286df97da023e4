// Where a layer reads another than the one drawn before it: lines over the boxes, each in the lowest lane that is free.

import { svg } from "../dom.js";

const LANE = 9; // CSS pixels from one line to the next above it
const BEND = 5; // the radius of a corner
const APART = 5; // CSS pixels from the middle of a box, where lines leave and arrive

/** [{source, box, lane}] of boxes ({layer, x, span}) whose layers have `inputs`; a lane is counted from 0 upwards. */
export function skips(boxes) {
  const places = new Map(boxes.map((box, i) => [box.layer.name, i]));
  const found = boxes.flatMap((box, to) =>
    (box.layer.inputs ?? []).map((name) => places.get(name)).filter((from) => from !== undefined && from < to - 1).map((from) => ({ from, to })),
  );
  const lanes = []; // the stretches that each has taken
  const short = [...found].sort((a, b) => a.to - a.from - (b.to - b.from));
  for (const skip of short) {
    const free = (taken) => taken.every(({ from, to }) => skip.to <= from || to <= skip.from);
    const lane = lanes.findIndex(free);
    skip.lane = lane < 0 ? lanes.push([]) - 1 : lane;
    lanes[skip.lane].push(skip);
  }
  return found.map(({ from, to, lane }) => ({ source: boxes[from], box: boxes[to], lane }));
}

/** The room above the boxes that the lines need. */
export function roomFor(found) {
  return found.length ? LANE * (1 + Math.max(...found.map(({ lane }) => lane))) + 10 : 0;
}

/** A line from the top of one box to the top of another, where what arrives keeps to the left; `topOf(box)`: {x, y}. */
export function skipLine({ source, box, lane }, roof, topOf) {
  const [from, to] = [topOf(source), topOf(box)];
  from.x += APART;
  to.x -= APART;
  const y = roof - LANE * lane;
  const r = Math.min(BEND, (to.x - from.x) / 2);
  const d =
    `M${round(from.x)} ${round(from.y - 2)}V${round(y + r)}q0 ${-r} ${r} ${-r}H${round(to.x - r)}q${r} 0 ${r} ${r}` +
    `V${round(to.y - 4)}m-4 -5l4 5l4 -5`;
  return svg("path", { class: `skip-line kind-${box.layer.kind}`, d, "data-from": source.layer.name, "data-to": box.layer.name });
}

const round = (value) => Math.round(value * 100) / 100;
