// Loss and accuracy against the epochs, for several runs: one canvas with two panes and one cursor.

import { colour } from "./maps.js";
import { accuracyScale, lossScale, nice, plain } from "./scale.js";

const LEFT = 52; // CSS pixels
const RIGHT = 12;
const TOP = 26;
const BETWEEN = 38;
const BOTTOM = 30;
const BIN = 2; // CSS pixels that one drawn point stands for
const SMOOTH = 60; // a point of a smooth curve is the mean over two of so many parts of it
const DOTS = 25; // epochs of a run that are marked, at most
const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';

/**
 * A canvas of curves. `series` are {id, colour, dash, curve: {time, loss, accuracy, rate, epochs}}; `options` are
 * {smooth, log}. Call `draw` when something changed; `cursor` (a time in epochs, or null) is drawn across both panes.
 */
export class Chart {
  options = { smooth: true, log: false };
  cursor = null;
  #size = { width: 0, height: 0 };
  #series = [];

  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    new ResizeObserver(([entry]) => this.#resize(entry.contentRect)).observe(canvas.parentElement);
    addEventListener("theme", () => this.draw());
  }

  #resize({ width, height }) {
    const ratio = window.devicePixelRatio || 1;
    this.#size = { width, height };
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.draw();
  }

  /** The latest time of all series, in epochs. */
  get end() {
    return Math.max(0, ...this.#series.map((one) => one.curve.time.at(-1) ?? 0));
  }

  /** The time, in epochs, at `x` CSS pixels of the canvas. */
  timeAt(x) {
    const share = (x - LEFT) / Math.max(1, this.#size.width - LEFT - RIGHT);
    return Math.max(0, Math.min(this.end, share * this.end));
  }

  draw(series = this.#series) {
    this.#series = series.filter((one) => one.curve?.time.length);
    const { width, height } = this.#size;
    if (!width || !height) return;
    const { context } = this;
    const ratio = this.canvas.width / width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = FONT;
    const inks = { ink: colour("ink"), pale: colour("pale"), line: colour("line"), accent: colour("accent"), ground: colour("ground") };
    const room = height - TOP - BETWEEN - BOTTOM;
    const upper = { left: LEFT, right: width - RIGHT, top: TOP, bottom: TOP + 0.58 * room };
    const lower = { ...upper, top: upper.bottom + BETWEEN, bottom: height - BOTTOM };
    const end = this.end || 1;
    const made = this.#series.map((one) => ({ ...one, bins: binned(one.curve, end, Math.max(8, (upper.right - LEFT) / BIN)) }));
    for (const one of made) {
      one.ink = colour(one.colour);
      one.smooth = { loss: smoothed(one.bins.loss), accuracy: smoothed(one.bins.accuracy) };
    }
    this.#pane(upper, "Loss", "loss", lossScale(made, this.options.log), made, end, inks);
    this.#pane(lower, "Accuracy", "accuracy", accuracyScale(made), made, end, inks);
    this.#times(lower, end, inks);
    if (this.cursor !== null && this.#series.length) this.#cursorLine(upper, lower, end, inks);
  }

  #pane(box, title, name, scale, series, end, inks) {
    const { context } = this;
    const y = (value) => box.bottom - (box.bottom - box.top) * scale.share(value);
    const x = (time) => box.left + ((box.right - box.left) * time) / end;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const [value, words] of scale.ticks) {
      line(context, inks.line, 1, [[box.left, snap(y(value))], [box.right, snap(y(value))]]);
      context.fillStyle = inks.pale;
      context.fillText(words, box.left - 8, y(value));
    }
    context.textAlign = "left";
    context.fillStyle = inks.ink;
    context.font = `600 ${FONT}`;
    context.fillText(title, 4, box.top - 14);
    context.font = FONT;
    context.save();
    context.beginPath();
    context.rect(box.left, box.top - 2, box.right - box.left + 2, box.bottom - box.top + 4);
    context.clip();
    for (const one of series) this.#curve(one, name, x, y, inks);
    context.restore();
  }

  #curve({ bins, smooth, curve, ink, dash }, name, x, y, inks) {
    const { context } = this;
    const points = bins[name].map((value, i) => [x(bins.time[i]), y(value)]);
    context.lineJoin = "round";
    if (this.options.smooth) {
      context.globalAlpha = 0.22;
      line(context, ink, 1, points);
      context.globalAlpha = 1;
      line(context, ink, 2, smooth[name].map((value, i) => [x(bins.time[i]), y(value)]), dash);
    } else line(context, ink, 1.5, points, dash);
    const place = name === "loss" ? 3 : 4;
    const checks = curve.epochs.filter((epoch) => Number.isFinite(epoch[place]));
    const stride = Math.ceil(checks.length / DOTS) || 1;
    for (let i = checks.length - 1; i >= 0; i -= stride) {
      context.beginPath();
      context.arc(x(checks[i][0]), y(checks[i][place]), 2.75, 0, 2 * Math.PI);
      context.fillStyle = inks.ground;
      context.fill();
      context.lineWidth = 1.5;
      context.strokeStyle = ink;
      context.stroke();
    }
  }

  #times(box, end, inks) {
    const { context } = this;
    context.fillStyle = inks.pale;
    context.textAlign = "center";
    context.textBaseline = "top";
    const most = Math.max(2, Math.floor((box.right - box.left) / 70));
    for (const value of nice(0, end, most)) {
      const x = box.left + ((box.right - box.left) * value) / end;
      if (x < box.right - 54) context.fillText(plain(value), x, box.bottom + 8);
    }
    context.textAlign = "right";
    context.fillText("epochs", box.right, box.bottom + 8);
  }

  #cursorLine(upper, lower, end, inks) {
    const x = snap(upper.left + ((upper.right - upper.left) * Math.min(this.cursor, end)) / end);
    line(this.context, inks.accent, 1, [[x, upper.top], [x, lower.bottom]]);
  }
}

/** What a curve says at `time`: {time, loss, accuracy, rate} of the nearest point, or null. */
export function valueAt(curve, time) {
  const times = curve?.time ?? [];
  if (!times.length) return null;
  let [low, high] = [0, times.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < time) low = middle + 1;
    else high = middle;
  }
  if (low > 0 && time - times[low - 1] < times[low] - time) low -= 1;
  return { time: times[low], loss: curve.loss[low], accuracy: curve.accuracy[low], rate: curve.rate[low] };
}

/** The means of the points in each of `count` equal stretches of time; empty stretches are left out. */
function binned(curve, end, count) {
  const bins = { time: [], loss: [], accuracy: [] };
  const { time } = curve;
  for (let i = 0; i < time.length; ) {
    const limit = ((Math.floor((time[i] / end) * count) + 1) * end) / count;
    let [from, spans, losses, rights, finite] = [i, 0, 0, 0, 0];
    do {
      spans += time[i];
      if (Number.isFinite(curve.loss[i])) {
        losses += curve.loss[i];
        rights += curve.accuracy[i];
        finite += 1;
      }
      i += 1;
    } while (i < time.length && time[i] < limit);
    if (!finite) continue;
    bins.time.push(spans / (i - from));
    bins.loss.push(losses / finite);
    bins.accuracy.push(rights / finite);
  }
  return bins;
}

/** The mean of each value and its neighbours on both sides, so that the curve is no later than what it shows. */
function smoothed(values) {
  const reach = Math.round(values.length / SMOOTH);
  return values.map((_, i) => {
    const [from, to] = [Math.max(0, i - reach), Math.min(values.length, i + reach + 1)];
    let sum = 0; // anew for each: running sums would never forget a value of 1e30
    for (let j = from; j < to; j++) sum += values[j];
    return sum / (to - from);
  });
}

const snap = (value) => Math.round(value) + 0.5;

function line(context, ink, width, points, dash = []) {
  if (points.length === 0) return;
  context.strokeStyle = ink;
  context.lineWidth = width;
  context.setLineDash(dash);
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  if (points.length === 1) context.lineTo(points[0][0] + 1, points[0][1]);
  context.stroke();
  context.setLineDash([]);
}
