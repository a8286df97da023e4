// Model files: chosen with a button, or dropped on the page like an image.

import { el } from "../dom.js";
import { post } from "../socket.js";
import { aboutFile } from "./files.js";

/** Whether a file is a model and no image, by its name. */
export const isModel = (file) => file.name.toLowerCase().endsWith(".striate");

/**
 * Load a model file and choose its run; brings the run, or null where that cannot be. `said(message, wrong)` tells
 * people how it went, and an empty message that it has begun anew; without it, the page's banner does.
 */
export async function loadModel(app, file, said = (message, wrong) => message && app.note(message, wrong)) {
  said("", false);
  try {
    const { run } = await (await post("/model", file)).json();
    app.renew(run); // the server's own list may come later, and a run that is not in the list cannot be chosen
    app.set({ run: run.id });
    said(`${file.name} is loaded as ${run.name}`, false);
    return run;
  } catch (error) {
    said(aboutFile(error.message, file.name), true);
    return null;
  }
}

/** A button that asks for a model file and loads it; `said` as in loadModel. */
export function modelButton(app, words, said) {
  const input = el("input", {
    type: "file", accept: ".striate", class: "unseen-input", "aria-label": words,
    on: {
      change: () => {
        const [file] = input.files;
        if (file) loadModel(app, file, said);
        input.value = "";
      },
    },
  });
  return el("span", { class: "button model-button" }, input, el("span", { "aria-hidden": "true" }, words));
}
