// Where pictures come from: test images, files, the pad, the camera. One of them is open at a time.

import { el, segments, show } from "../dom.js";
import { camera } from "./camera.js";
import { dropped, imageFiles } from "./files.js";
import { manner } from "./ink.js";
import { isModel, loadModel } from "./models.js";
import { testImages } from "./images.js";
import { drawingPad } from "./pad.js";

const NAMES = [["tests", "Test"], ["file", "File"], ["draw", "Draw"], ["camera", "Camera"]];

/**
 * The sources as {node, take(file), use(run), learned, leave, show, hide}. `give(pixels)` gets every picture, at the size of the run's INPUT;
 * `ready()` says whether another one from the camera is wanted.
 */
export function sources(root, app, { give, ready, empty }) {
  const state = { name: "tests", run: null, manner: { dark: false, share: 20 / 28 }, shown: false };
  const tests = testImages({
    socket: app.socket,
    give: (pixels, index) => {
      app.set({ image: index });
      if (state.name === "tests") give(pixels);
    },
    sampled: (images, count, volume) => (state.manner = manner(images, count, volume)),
  });
  const file = imageFiles({
    give: (pixels) => state.name === "file" && give(pixels), limits: () => app.state.hello?.limits, opened: () => turn("file", false),
  });
  const pad = drawingPad(() => state.name === "draw" && state.run && drawn());
  const lens = camera({ give, ready });
  const all = { tests, file, draw: pad, camera: lens };
  const tabs = segments("Where the picture comes from", NAMES, state.name, (name) => turn(name));
  const node = el("div", { class: "sources" }, tabs, el("div", { class: "source-room" }, Object.values(all).map((source) => source.node)));

  let waiting = false;
  /** At most one rendering an animation frame, however many points a pen brings. */
  function drawn() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (state.name !== "draw" || !state.run) return;
      give(pad.render(state.run.volume, state.manner));
    });
  }

  function turn(name, again = true) {
    if (state.name === "camera" && name !== "camera") lens.hide();
    state.name = name;
    tabs.querySelector(`input[value="${name}"]`).checked = true;
    for (const [key, source] of Object.entries(all)) show(source.node, key === name);
    if (again) refresh();
  }

  /** Bring the open source's picture for the run in use. */
  function refresh() {
    if (!state.run || !state.shown) return;
    const { volume } = state.run;
    for (const source of [file, pad, lens]) source.prepare(volume);
    if (state.name === "tests") tests.open(state.run, app.state.image);
    else if (state.name === "file") file.again();
    else if (state.name === "draw") drawn();
    else empty();
  }

  /** A file that was dropped or pasted: a model, or an image. */
  function take(each) {
    if (isModel(each)) loadModel(app, each);
    else if (state.run) file.take(each);
    else app.note("There is no network yet that could look at it: train one, or load a model.", true);
  }

  dropped(root, () => app.route === "look", take);
  turn("tests");
  return {
    node,
    take,
    use(run) {
      state.run = run;
      refresh();
    },
    /** The run has learned: what it takes the test images for may be another thing now. */
    learned() {
      if (state.name === "tests") tests.renew();
    },
    /** There is no run any more. */
    leave() {
      state.run = null;
      lens.hide();
    },
    show() {
      state.shown = true;
      refresh();
    },
    hide() {
      state.shown = false;
      lens.hide();
    },
  };
}
