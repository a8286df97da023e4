// Image files: dropped, chosen or pasted; decoded and brought to INPUT's size by the server.

import { bytes, el, say } from "../dom.js";
import { post } from "../socket.js";

/** What the server says against "the file" or "the image", with the file's name, and without what a library said. */
export function aboutFile(message, name) {
  return message
    .replace(/^the (?:file|image)(?=:)/, () => name)
    .replace(/(damaged one|cut short) \(.*\)/, "$1")
    .replace(/: replace or remove it$/, ": choose another");
}

/** Files as {node, take(file), prepare, again}; `give(pixels)` gets every image, `limits()` says what the server takes. */
export function imageFiles({ give, limits, opened }) {
  const state = { file: null, volume: null, turn: 0 };
  const input = el("input", { type: "file", accept: "image/*", class: "unseen-input", id: "look-file", on: { change: () => input.files[0] && take(input.files[0]) } });
  const words = el("p", { class: "file-words", role: "status" });
  const node = el(
    "div", { class: "source-body file-body" },
    el(
      "label", { class: "drop", for: "look-file" }, input,
      el("span", { class: "drop-sign", "aria-hidden": "true" }, "⤓"),
      el("strong", {}, "Choose an image"), el("span", { class: "pale small" }, "or drop or paste one anywhere on this page"),
    ),
    words,
  );

  async function take(file) {
    opened();
    const turn = ++state.turn;
    const most = limits()?.image_bytes;
    input.value = "";
    if (most && file.size > most) {
      return tell(`${file.name} has ${bytes(file.size)}; at most ${bytes(most)} are read. Make it smaller.`, true);
    }
    state.file = file;
    return fetched(file, turn);
  }

  async function fetched(file, turn) {
    const [width, height, depth] = state.volume;
    tell(`reading ${file.name} …`);
    try {
      const response = await post(`/image?width=${width}&height=${height}&depth=${depth}`, file);
      const pixels = new Uint8Array(await response.arrayBuffer());
      if (turn !== state.turn) return; // a newer file has come
      tell(file.name);
      give(pixels);
    } catch (error) {
      if (turn !== state.turn) return;
      state.file = null;
      tell(aboutFile(error.message, file.name), true);
    }
  }

  function tell(message, wrong = false) {
    words.classList.toggle("bad", wrong);
    say(words, message);
  }

  return {
    node,
    take,
    prepare(volume) {
      state.volume = volume;
    },
    /** Give the last file once more, at the size that is wanted now. */
    again() {
      if (state.file) fetched(state.file, ++state.turn);
    },
  };
}

/** Files that are dropped anywhere on `root`, or pasted while `active()`, go to `take`. */
export function dropped(root, active, take) {
  let depth = 0; // dragenter comes for every element that is entered
  const over = (on) => root.classList.toggle("dropping", on);
  root.addEventListener("dragenter", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    depth += 1;
    over(true);
    event.preventDefault();
  });
  root.addEventListener("dragover", (event) => event.preventDefault());
  root.addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) over(false);
  });
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    over(false);
    const file = event.dataTransfer.files[0];
    if (file) take(file);
  });
  document.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find((each) => each.type.startsWith("image/"));
    if (file && active()) take(file);
  });
}
