// The scales of a chart's panes: what is shown of the values, and where ticks stand.

const WILD = 10; // times the first loss: what a run that goes wild has above that is out of the picture

/** The scale of the loss of `series` ({curve, smooth: {loss}}): {share(value) in 0..1, ticks}, linear or logarithmic. */
export function lossScale(series, log) {
  const first = Math.min(...series.map((one) => one.curve.loss.find(Number.isFinite) ?? Infinity));
  const tame = (value) => value <= WILD * Math.max(1, first);
  const runs = series.map((one) => one.smooth.loss.filter(tame)).filter((values) => values.length);
  // The first steps may be wild, too; but each run counts for itself, and its newest value is always seen.
  const top = runs.length ? Math.max(...runs.map((values) => Math.max(quantile(values, 0.98), values.at(-1)))) : 1;
  const least = runs.length ? Math.min(...runs.map((values) => Math.min(...values))) : 0;
  if (log && least > 0) {
    const [low, high] = [Math.log10(least / 1.5), Math.log10(top * 1.2)];
    return { share: (value) => (Math.log10(Math.max(value, 1e-12)) - low) / (high - low), ticks: powers(low, high) };
  }
  const high = 1.08 * top || 1;
  return { share: (value) => value / high, ticks: nice(0, high, 4).map((value) => [value, plain(value)]) };
}

function quantile(values, share) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(share * (sorted.length - 1))];
}

function powers(low, high) {
  const ticks = [];
  const steps = high - low > 2.5 ? [1] : [1, 2, 5];
  for (let power = Math.floor(low); power <= high; power++) {
    for (const step of steps) {
      const value = step * 10 ** power;
      if (Math.log10(value) >= low && Math.log10(value) <= high) ticks.push([value, plain(value)]);
    }
  }
  return ticks;
}

/** The scale of the accuracy: from the least of the smoothed curves' later parts to 100 %. */
export function accuracyScale(series) {
  const long = series.filter(({ smooth: { accuracy } }) => accuracy.length >= 4); // others have no later part
  const later = (long.length ? long : series).flatMap(({ smooth: { accuracy } }) => accuracy.slice(Math.floor(accuracy.length / 4)));
  const least = Math.min(0.9, ...later);
  const low = Math.floor(10 * least) / 10;
  const share = (value) => (value - low) / (1.02 - low);
  return { share, ticks: nice(low, 1, 4).map((value) => [value, `${Math.round(100 * value)} %`]) };
}

/** Round values between `low` and `high`, about `most` of them. */
export function nice(low, high, most) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999);
  const values = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9; i++) values.push(i * step);
  return values;
}

export const plain = (value) => String(Number(value.toPrecision(3)));
