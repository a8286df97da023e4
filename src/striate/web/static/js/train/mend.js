// Small changes to a network: what a data set wants of it, and DROPOUT before the scores. All work on the text that the
// server gives back, which writes every layer as NAME[settings], however the line was typed.

const INPUT = /INPUT\[[^\]]*\]/;
const FULL = /FC\[[^\]]*\]/g;

/** `network` with INPUT of `volume`, [W, H, D]. */
const withInput = (network, volume) => network.replace(INPUT, `INPUT[${volume.join("x")}]`);

/** `line` whose last layer makes `classes` scores: the last FC is changed, or one is added. */
function withClasses(line, classes) {
  const full = [...line.matchAll(FULL)].at(-1);
  const ends = full && /^[\s\]]*$/.test(line.slice(full.index + full[0].length));
  if (!ends) return `${line} - FC[${classes}]`;
  return `${line.slice(0, full.index)}FC[${classes}]${line.slice(full.index + full[0].length)}`;
}

/** `line` with a DROPOUT layer before its last FC, or null where there is no FC. */
export function withDropout(line, rate = 0.5) {
  const full = [...line.matchAll(FULL)].at(-1);
  return full ? `${line.slice(0, full.index)}DROPOUT[${rate}] - ${line.slice(full.index)}` : null;
}

/** What stands between a network's plan and a data set: [{words, label, line}], empty where they match. */
export function mismatches(plan, data) {
  const line = plan.network;
  const found = [];
  const input = plan.layers[0].output;
  const [width, height, depth] = plan.layers.at(-1).output;
  const scores = width * height * depth;
  if (input.join() !== data.volume.join()) {
    const mended = withInput(line, data.volume);
    found.push({ words: `${data.name} has images of ${data.volume.join("x")}, and the line reads ${input.join("x")}.`, label: `INPUT[${data.volume.join("x")}]`, line: mended });
  }
  if (scores !== data.classes.length) {
    const mended = withClasses(line, data.classes.length);
    found.push({ words: `${data.name} has ${data.classes.length} classes, and the line makes ${scores} scores.`, label: `FC[${data.classes.length}]`, line: mended });
  }
  return found;
}
