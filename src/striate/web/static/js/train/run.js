// What can be asked about a run.

/** What a run does, in a word; a model that was loaded does nothing. */
export const stateOf = (run) => (run.loaded && run.state === "stopped" ? "loaded" : run.state);

/** The newest accuracy on the validation images that `curve` (of History) has up to `time`, or null. */
export function checkedAt(curve, time = Infinity) {
  return curve?.epochs.findLast((epoch) => epoch[0] <= time && Number.isFinite(epoch[4]))?.[4] ?? null;
}

/** Whether the run has test images to show; one that sleeps says so by its data set, and wakes when it is asked. */
export const shows = (run) => Boolean(run) && run.state !== "compiling" && (run.test > 0 || run.data !== null);

/** The test image nearest to `index` that the run has. */
export const nearest = (run, index) => (run.test > 0 ? Math.min(index, run.test - 1) : index);
