// Tables of numbers: windows, filters and products, as the notes' convolution demo shows them.

import { el } from "../dom.js";

/**
 * A table of `rows` x `columns` numbers under a caption. `write(values)` fills it row by row, `mark(test, name)` gives
 * the cells for which `test(row, column)` holds a class. A cell has the width --cell, and `frame` is a box around
 * some of them: `frame.place(row, column, rows, columns)`.
 */
export class NumberTable {
  #cells;

  constructor(rows, columns, { caption, label = null, kind = "" }) {
    this.rows = rows;
    this.columns = columns;
    this.#cells = Array.from({ length: rows }, () => Array.from({ length: columns }, () => el("td")));
    this.caption = el("caption", {}, caption);
    const body = el("tbody", {}, this.#cells.map((row) => el("tr", {}, row)));
    this.table = el("table", { class: `grid-numbers ${kind}`, "aria-label": label }, this.caption, body);
    this.node = el("div", { class: "grid-box" }, this.table);
  }

  /** `values[row][column]` as `words(value, row, column)`. */
  write(values, words) {
    this.each((cell, row, column) => {
      const text = words(values[row][column], row, column);
      if (cell.textContent !== text) cell.textContent = text;
    });
  }

  /** The class `name` for the cells of which `test(row, column)` is true, and no others. */
  mark(name, test) {
    this.each((cell, row, column) => cell.classList.toggle(name, Boolean(test(row, column))));
  }

  /** A tint behind every cell, from `share(row, column)` in -1..1: blue below zero, orange above. */
  tint(share) {
    this.each((cell, row, column) => {
      const value = share(row, column);
      cell.style.setProperty("--share", `${Math.round(38 * Math.min(1, Math.abs(value)))}%`);
      cell.classList.toggle("below", value < 0);
    });
  }

  each(visit) {
    this.#cells.forEach((row, r) => row.forEach((cell, c) => visit(cell, r, c)));
  }

  /** A box that can lie around some of the cells. */
  frame(name) {
    const box = el("span", { class: `grid-frame ${name}`, "aria-hidden": "true" });
    this.node.append(box);
    return {
      box,
      place: (row, column, rows, columns) => {
        for (const [key, value] of Object.entries({ row, column, rows, columns })) box.style.setProperty(`--${key}`, value);
      },
    };
  }
}

/** Tables of one size whose numbers belong together: under the pointer, the same number stands out in all of them. */
export function linked(tables) {
  const marked = (event, on) => {
    const cell = event.target.closest("td");
    if (!cell) return;
    for (const { table } of tables) table.rows[cell.parentNode.rowIndex].cells[cell.cellIndex].classList.toggle("same", on);
  };
  for (const { table } of tables) {
    table.addEventListener("pointerover", (event) => marked(event, true));
    table.addEventListener("pointerout", (event) => marked(event, false));
  }
}
