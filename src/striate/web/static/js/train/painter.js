// The page's side of the worker that draws frames (see paint.js).

import { channels, colour, inks } from "../draw/maps.js";
import { pixel } from "../draw/tiles.js";

/** Whether this browser lets a worker draw. */
export const able = () => "transferControlToOffscreen" in HTMLCanvasElement.prototype;

/** Draws frames on canvases that are handed over once; `told(header, ranges)` is called a few times a second. */
export class Painter {
  #worker = new Worker(new URL("./paint.js", import.meta.url), { type: "module" });
  #drawn = []; // what waits until a frame is drawn, in order

  constructor(told) {
    this.#worker.onmessage = ({ data }) => {
      if (data.do === "drawn") this.#drawn.shift()?.();
      else told(data.header, data.ranges);
    };
    this.#colour();
    addEventListener("theme", () => this.#colour());
  }

  #colour() {
    const line = pixel(...channels(colour("line")));
    this.#worker.postMessage({ do: "colour", inks: { ...inks(), line } });
  }

  /** Draw on these from now on: {key, canvas, parts: [{name, shape, options, x}]}, with the options of Tiles. */
  lay(canvases) {
    const given = canvases.map(({ key, canvas, parts }) => ({ key, canvas: canvas.transferControlToOffscreen(), parts }));
    this.#worker.postMessage({ do: "lay", canvases: given }, given.map((one) => one.canvas));
  }

  /** Only what is on the screen is drawn: the canvases with these keys. */
  see(keys) {
    this.#worker.postMessage({ do: "see", keys });
  }

  /** Frames of other runs than this one are not drawn. */
  look(run) {
    this.#worker.postMessage({ do: "look", run });
  }

  /** Draw a frame; the promise is kept once it is drawn. */
  frame(buffer) {
    return new Promise((resolve) => {
      this.#drawn.push(resolve);
      this.#worker.postMessage({ do: "frame", buffer }, [buffer]);
    });
  }
}
