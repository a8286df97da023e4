// Canvases that a worker draws on: which there are, which are on the screen, and the numbers beside their maps.

/** What `Columns` and `List` share. They `add` their canvases and then `lay` them all. */
export class Canvases {
  #canvases = new Map(); // by key: {canvas, what, parts, seen}
  #ranges = new Map(); // by the name of a part

  /** `moved()` is called when others are seen. */
  constructor(painter, moved) {
    this.painter = painter;
    this.moved = moved;
    this.observer = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: "40px" });
  }

  /** One canvas with `parts` of {name, shape, options, x, range}, `width` by `height` pixels of `unit` CSS pixels. */
  add(canvas, key, what, parts, { width, height, unit }) {
    canvas.width = width;
    canvas.height = height;
    canvas.style.width = `${width * unit}px`;
    canvas.style.height = `${height * unit}px`;
    canvas.dataset.key = key;
    this.#canvases.set(key, { canvas, what, parts, seen: false });
    for (const { name, range } of parts) this.#ranges.set(name, range);
    this.observer.observe(canvas);
  }

  /** Hand all canvases over to the worker. */
  lay() {
    const plain = ({ name, shape, options, x }) => ({ name, shape, options, x });
    this.painter.lay([...this.#canvases].map(([key, { canvas, parts }]) => ({ key, canvas, parts: parts.map(plain) })));
  }

  /** Which of activations, gradients and weights are on the screen. */
  get visible() {
    return [...new Set([...this.#canvases.values()].filter((one) => one.seen).map((one) => one.what))];
  }

  #seen(entries) {
    for (const entry of entries) this.#canvases.get(entry.target.dataset.key).seen = entry.isIntersecting;
    this.painter.see([...this.#canvases].filter(([, one]) => one.seen).map(([key]) => key));
    this.moved();
  }

  /** Write the numbers beside the maps. */
  say(ranges) {
    for (const range of ranges) this.#ranges.get(range.name)?.say(range);
  }

  close() {
    this.observer.disconnect();
  }
}
