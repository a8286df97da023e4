// The test images of the chosen model, a page of them at a time, each with what the network takes it for.

import { count, el, fill, say } from "../dom.js";
import { drawImage } from "../draw/maps.js";

const PAGE = 20;

/**
 * Test images as {node, open(run, index), renew}. `renew` asks anew what the network takes them for, as when it has learned.
 * `give(pixels, index)` gets the chosen one, `sampled(images, count, volume)` a page.
 */
export function testImages({ socket, give, sampled }) {
  const state = { run: null, first: 0, page: null, chosen: 0, turn: 0 };
  const grid = el("div", { class: "thumbs", role: "group", "aria-label": "Test images; arrow keys move" });
  const words = el("p", { class: "small pale thumbs-words", "aria-live": "polite" });
  const [back, on] = [["‹", "Earlier test images", -1], ["›", "Later test images", 1]].map(([sign, label, step]) =>
    el("button", { type: "button", class: "tiny", "aria-label": label, on: { click: () => turned(step) } }, sign),
  );
  const node = el("div", { class: "source-body images-body" }, grid, el("div", { class: "row thumbs-bar" }, back, words, on));

  grid.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 5, ArrowUp: -5 }[event.key];
    if (!step || !state.page) return;
    event.preventDefault();
    const at = state.chosen - state.first + step;
    if (at >= 0 && at < state.page.header.guesses.length) choose(state.first + at, true);
  });

  /** Show the page with the test image `index` of `run`, and give that image. */
  async function open(run, index) {
    if (state.run === run.id && state.page && index === state.chosen) {
      renew();
      return choose(index);
    }
    state.run = run.id;
    state.volume = run.volume;
    state.classes = run.classes;
    return fetched(PAGE * Math.floor(index / PAGE), index);
  }

  async function fetched(first, index) {
    const turn = ++state.turn;
    try {
      const page = await socket.ask("guesses", { run: state.run, first, count: PAGE });
      if (turn !== state.turn) return;
      if (page.header.guesses.length === 0) return turned(-1);
      Object.assign(state, { first, page });
      fill(grid, page.header.guesses.map(thumb));
      page.header.guesses.forEach(judged);
      if (page.header.volume[2] === 1) sampled(page.bytes, page.header.guesses.length, page.header.volume);
      choose(Math.min(index, first + page.header.guesses.length - 1));
    } catch (error) {
      if (turn !== state.turn) return;
      state.page = null;
      fill(grid);
      say(words, `${error.message}. Drop an image, draw, or use the camera.`);
    }
  }

  async function renew() {
    const { page, turn, run, first } = state;
    if (!page) return;
    try {
      const { header } = await socket.ask("guesses", { run, first, count: PAGE });
      if (turn === state.turn && page === state.page) header.guesses.forEach(judged);
    } catch {
      // The marks stay as they are: that there are no answers is said where a picture is chosen.
    }
  }

  function turned(step) {
    if (state.page) fetched(Math.max(0, state.first + step * PAGE), Math.max(0, state.first + step * PAGE));
  }

  function thumb(_, i) {
    const { volume } = state.page.header;
    const canvas = el("canvas", { class: "pixels" });
    drawImage(canvas, volume, state.page.bytes, i * volume[0] * volume[1] * volume[2]);
    return el("button", { type: "button", on: { click: () => choose(state.first + i) } }, canvas);
  }

  /** Mark the picture `i` of the page with what the network takes it for. */
  function judged(guess, i) {
    const label = named(guess.label);
    const taken = guess.right ? "recognised" : `taken for ${guess.best[0][0]}`;
    const button = grid.children[i];
    button.className = `thumb ${guess.right ? "right" : "wrong"}`;
    button.title = `${label}, ${taken}`;
    button.setAttribute("aria-label", `test image ${count(state.first + i)}: ${label}, ${taken}`);
  }

  const named = (label) => (typeof label === "number" ? state.classes[label] : label);

  function choose(index, focus = false) {
    const at = index - state.first;
    const { volume, guesses } = state.page.header;
    state.chosen = index;
    [...grid.children].forEach((button, i) => {
      button.setAttribute("aria-pressed", i === at);
      button.tabIndex = i === at ? 0 : -1;
    });
    if (focus) grid.children[at].focus();
    say(words, `${count(index)}: ${named(guesses[at].label)}`);
    const size = volume[0] * volume[1] * volume[2];
    give(state.page.bytes.slice(at * size, (at + 1) * size), index);
  }

  return { node, open, renew };
}
