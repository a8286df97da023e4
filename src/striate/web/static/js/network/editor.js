// The line of notation: a real textarea, with its text in colour and carets under what is wrong behind it.

import { el, fill } from "../dom.js";
import { pieces, place } from "./highlight.js";

const MOST_CARETS = 400;

/** A textarea with a layer of coloured text behind it. `typed(line)` is called at every change by hand. */
export class Editor {
  #fault = null;

  constructor({ id, describedBy, typed }) {
    this.layer = el("pre", { class: "editor-ink", "aria-hidden": "true" });
    this.area = el("textarea", {
      id, class: "editor-area", spellcheck: "false", autocomplete: "off", autocapitalize: "off", autocorrect: "off",
      rows: "1", wrap: "soft", "aria-describedby": describedBy,
      on: { input: () => { this.#fault = null; this.#paint(); typed(this.area.value); } },
    });
    this.root = el("div", { class: "editor" }, this.layer, this.area);
  }

  get line() {
    return this.area.value;
  }

  set line(text) {
    if (this.area.value !== text) this.area.value = text;
    this.#fault = null;
    this.#paint();
  }

  /** Put carets under `length` characters from `position`, counted as Python does; null takes them away. */
  fault(error) {
    this.#fault = null;
    if (error && Number.isInteger(error.position)) {
      const from = place(this.line, error.position);
      const to = Math.max(from + 1, place(this.line, error.position + (error.length || 1)));
      this.#fault = [from, Math.min(to, from + MOST_CARETS)];
    }
    this.area.setAttribute("aria-invalid", String(Boolean(error)));
    this.#paint();
  }

  /** Move the cursor to what is wrong. */
  reach() {
    if (!this.#fault) return;
    this.area.focus();
    this.area.setSelectionRange(...this.#fault);
  }

  #paint() {
    const text = `${this.line} `; // a last cell for a caret behind the end, which also keeps an empty last line open
    const [from, to] = this.#fault ?? [text.length, text.length];
    const nodes = [];
    let at = 0;
    for (const piece of [...pieces(this.line), { text: " ", kind: null, part: "mark" }]) {
      nodes.push(...this.#piece(piece, at, from, to));
      at += piece.text.length;
    }
    fill(this.layer, nodes);
  }

  #piece({ text, kind, part }, at, from, to) {
    const name = `ink-${part}${kind ? ` kind-${kind}` : ""}`;
    const cuts = [0, from - at, to - at, text.length].map((cut) => Math.max(0, Math.min(text.length, cut)));
    const [before, wrong, after] = [0, 1, 2].map((i) => text.slice(cuts[i], cuts[i + 1]));
    const carets = [...wrong].map((letter) => (letter === "\n" ? letter : el("span", { class: "caret" }, letter)));
    return [
      before && el("span", { class: name }, before),
      wrong && el("span", { class: name }, carets),
      after && el("span", { class: name }, after),
    ].filter(Boolean);
  }
}
