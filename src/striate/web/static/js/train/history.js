// The curves of all runs, kept for as long as the page is open, whichever tab is.

const MOST = 4000; // points of a run that are kept: of more, neighbours are averaged

/** The points and epochs of every run: `of(id)` is {time, loss, accuracy, rate (arrays), epochs}. */
export class History {
  #runs = new Map();

  constructor(socket) {
    socket.on("open", () => this.#clear());
    socket.on("history", ({ run, points, epochs }) => this.#replace(run, points, epochs));
    socket.on("progress", ({ run, points, epochs }) => this.#add(run, points, epochs ?? []));
    socket.on("runs", ({ runs }) => this.#keep(new Set(runs.map((run) => run.id))));
  }

  of(id) {
    return this.#runs.get(id) ?? null;
  }

  #clear() {
    this.#runs.clear();
  }

  #keep(ids) {
    for (const id of this.#runs.keys()) if (!ids.has(id)) this.#runs.delete(id);
  }

  #replace(id, points, epochs) {
    this.#runs.delete(id);
    this.#add(id, points, epochs);
  }

  #add(id, points, epochs) {
    const curve = this.#runs.get(id) ?? { time: [], loss: [], accuracy: [], rate: [], epochs: [] };
    this.#runs.set(id, curve);
    const latest = curve.time.at(-1) ?? -1;
    for (const [time, loss, accuracy, rate] of points) {
      if (time <= latest) continue; // told twice: in the history and as progress
      curve.time.push(time);
      curve.loss.push(loss);
      curve.accuracy.push(accuracy);
      curve.rate.push(rate);
    }
    const closed = curve.epochs.at(-1)?.[0] ?? -1;
    curve.epochs.push(...epochs.filter((epoch) => epoch[0] > closed));
    if (curve.epochs.length > MOST) curve.epochs = curve.epochs.filter((_, i) => i % 2);
    if (curve.time.length > MOST) for (const name of ["time", "loss", "accuracy", "rate"]) curve[name] = halved(curve[name]);
  }
}

function halved(values) {
  const half = [];
  for (let i = 0; i < values.length; i += 2) half.push(i + 1 < values.length ? mean(values[i], values[i + 1]) : values[i]);
  return half;
}

const mean = (a, b) => (a === null ? b : b === null ? a : (a + b) / 2);
