// Model files: chosen with a button, or dropped on the page like an image.

import { el } from "../dom.js";
import { post } from "../socket.js";

/** Whether a file is a model and no image, by its name. */
export const isModel = (file) => file.name.toLowerCase().endsWith(".striate");

/** Load a model file and look into it; people are told where that cannot be. */
export async function loadModel(app, file) {
  try {
    const { run } = await (await post("/model", file)).json();
    app.set({ run: run.id });
    app.note(`${file.name} is loaded as ${run.name}`);
  } catch (error) {
    app.note(error.message, true);
  }
}

/** A button that asks for a model file. */
export function modelButton(app, words) {
  const input = el("input", {
    type: "file", accept: ".striate", class: "unseen-input", "aria-label": words,
    on: {
      change: () => {
        const [file] = input.files;
        if (file) loadModel(app, file);
        input.value = "";
      },
    },
  });
  return el("span", { class: "button model-button" }, input, el("span", { "aria-hidden": "true" }, words));
}
