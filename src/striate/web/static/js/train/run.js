// What can be asked about a run.

/** Whether the run has test images to show; one that sleeps says so by its data set, and wakes when it is asked. */
export const shows = (run) => Boolean(run) && run.state !== "compiling" && (run.test > 0 || run.data !== null);

/** The test image nearest to `index` that the run has. */
export const nearest = (run, index) => (run.test > 0 ? Math.min(index, run.test - 1) : index);
