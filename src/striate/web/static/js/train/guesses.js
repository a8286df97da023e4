// Test images with their three best guesses, asked for again and again while a run learns.

import { drawImage } from "../draw/maps.js";
import { count, el, figure, fill, minus, percent, say } from "../dom.js";
import { shows } from "./run.js";

const PAGE = 12;
const WAIT = 1000; // milliseconds between two questions while a run goes on
const BEST = 3;

const whole = (share) => `${Math.round(100 * share)} %`;
/** A run that has gone wild makes scores that are no numbers: those guess nothing. */
const sound = (guess) => guess.best.every(([, value]) => Number.isFinite(value));

/** A page of test images; `choose(index)` is called with one that was clicked. */
export class Guesses {
  #first = 0;
  #cards = [];
  #told = "";
  #of = undefined;
  #asking = false;
  #timer = 0;
  visible = false;
  open = false;

  constructor(app, choose) {
    this.app = app;
    this.choose = choose;
    this.summary = el("p", { class: "small pale guesses-summary" }, " ");
    this.grid = el("ul", { class: "guesses", on: { keydown: (event) => this.#key(event) } });
    this.back = el("button", { type: "button", class: "tiny", on: { click: () => this.#page(-PAGE) } }, "‹ Earlier");
    this.on = el("button", { type: "button", class: "tiny", on: { click: () => this.#page(PAGE) } }, "Later ›");
    this.root = el(
      "section", { class: "panel guesses-panel", "aria-label": "Test images" },
      el("div", { class: "panel-head" }, el("h2", {}, "Test images and their three best guesses"), this.summary, el("div", { class: "row" }, this.back, this.on)),
      this.grid,
    );
    new IntersectionObserver(([entry]) => {
      this.visible = entry.isIntersecting;
      if (this.visible) this.tick();
    }).observe(this.root);
    this.#build();
  }

  #build() {
    this.#cards = Array.from({ length: PAGE }, (_, i) => this.#card(i));
    fill(this.grid, this.#cards.map((card) => card.root));
    this.#rove(0, false);
    this.#pages();
  }

  /** One of the cards can be reached with Tab; arrows lead from it to the others. */
  #rove(place, focus = true) {
    for (const [i, card] of this.#cards.entries()) card.button.tabIndex = i === place ? 0 : -1;
    if (focus) this.#cards[place].button.focus();
  }

  #key(event) {
    const at = this.#cards.findIndex((card) => card.button === event.target);
    const row = this.#cards.filter((card) => card.root.offsetTop === this.#cards[0].root.offsetTop).length;
    const last = this.#cards.findLastIndex((card) => !card.root.hidden);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - row, ArrowDown: at + row, Home: 0, End: last }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    if (to >= 0 && to <= last) this.#rove(to);
  }

  /** The ways to other pages; the focus does not stay on one that ends here. */
  #pages() {
    const focused = document.activeElement;
    this.back.disabled = this.#first === 0;
    this.on.disabled = !this.app.run || this.#first + PAGE >= (this.app.run.test || Infinity);
    if (focused === this.back && this.back.disabled) this.on.focus();
    if (focused === this.on && this.on.disabled) this.back.focus();
  }

  #card(place) {
    const card = { canvas: el("canvas", { class: "pixels", width: "32", height: "32", "aria-hidden": "true" }), shown: "" };
    card.mark = el("b", { class: "mark-word" });
    card.label = el("span", { class: "guess-label" }, "–");
    card.rows = Array.from({ length: BEST }, () => {
      const row = { name: el("span", { class: "guess-name" }), value: el("span", { class: "guess-value" }), bar: el("i", { class: "guess-bar" }) };
      row.root = el("span", { class: "guess-row" }, row.bar, row.name, row.value);
      return row;
    });
    card.button = el(
      "button", { type: "button", class: "guess", disabled: true, on: { click: () => (this.#rove(place, false), this.choose(this.#first + place)) } },
      el("span", { class: "guess-image" }, card.canvas),
      el("span", { class: "guess-words" }, el("span", { class: "guess-head" }, card.mark, card.label), card.rows.map((row) => row.root)),
    );
    card.root = el("li", {}, card.button);
    return card;
  }

  #page(by) {
    const most = this.app.run?.test ?? 0;
    this.#first = Math.max(0, Math.min(this.#first + by, Math.max(0, most - 1 - ((most - 1) % PAGE))));
    this.#told = "";
    this.#rove(0, false);
    this.#pages();
    this.tick();
  }

  /** Forget what another run guessed. */
  #blank(run) {
    this.#of = run?.id;
    this.#first = 0;
    this.#told = "";
    this.#pages();
    const model = run && run.state !== "compiling" && !shows(run);
    say(this.summary, run?.state === "failed" ? `${run.name} failed: it guesses nothing.` : model ? `${run.name} came without test images: show it some under Look.` : run ? "…" : "They come with the first run.");
    for (const card of this.#cards) {
      card.root.hidden = false;
      card.button.disabled = true;
      card.shown = "";
      card.canvas.getContext("2d").clearRect(0, 0, card.canvas.width, card.canvas.height);
      say(card.mark, "");
      say(card.label, "–");
      for (const row of card.rows) {
        say(row.name, "");
        say(row.value, "");
        row.bar.style.transform = "scaleX(0)";
      }
    }
  }

  /** Ask, where there is something new to see: another run, page, or step. */
  async tick() {
    clearTimeout(this.#timer);
    const { run } = this.app;
    if (!this.open) return;
    if (run?.id !== this.#of) this.#blank(run);
    this.#timer = setTimeout(() => this.tick(), WAIT);
    if (!run || !this.visible || this.#asking || document.hidden) return;
    const key = `${run.id} ${this.#first} ${run.time} ${run.step} ${run.test}`;
    if (key === this.#told || !shows(run)) return;
    this.#asking = true;
    const first = this.#first;
    try {
      const { header, bytes } = await this.app.socket.ask("guesses", { run: run.id, first, count: run.test > 0 ? Math.min(PAGE, run.test - first) : PAGE });
      if (run.id !== this.#of || first !== this.#first) return; // another run or page was chosen meanwhile
      this.#told = key;
      this.#draw(run, header, bytes);
    } catch (error) {
      if (error.kind !== "gone") say(this.summary, error.message);
    } finally {
      this.#asking = false;
    }
  }

  #draw(run, header, bytes) {
    const [width, height, depth] = header.volume;
    const { guesses } = header;
    this.#pages();
    for (const [i, card] of this.#cards.entries()) {
      const guess = guesses[i];
      card.root.hidden = !guess;
      if (guess) this.#one(card, run, guess, `${run.id} ${run.data} ${header.first + i}`, { header, bytes, at: i * width * height * depth });
    }
    const right = guesses.filter((guess) => guess.right && sound(guess)).length;
    const words = guesses.every(sound) ? `${right} of ${guesses.length} right` : "the scores are no numbers";
    say(this.summary, `${words} · images ${count(header.first)} to ${count(header.first + guesses.length - 1)} of ${count(run.test ?? 0)}`);
  }

  #one(card, run, guess, key, { header, bytes, at }) {
    if (card.shown !== key) drawImage(card.canvas, header.volume, bytes, at);
    card.shown = key;
    card.button.disabled = false;
    const probable = (run.settings?.loss ?? "softmax") === "softmax";
    const name = String(run.classes[guess.label] ?? guess.label);
    const right = guess.right && sound(guess);
    const best = sound(guess) ? guess.best : [];
    say(card.mark, right ? "✓" : "✗");
    card.mark.className = `mark-word ${right ? "good" : "bad"}`;
    say(card.label, name);
    for (const [j, row] of card.rows.entries()) {
      const [guessed, value] = best[j] ?? ["", NaN];
      say(row.name, guessed);
      say(row.value, guessed === "" ? "" : probable ? whole(value) : minus(value.toFixed(1)));
      row.bar.style.transform = `scaleX(${probable && value > 0 ? Math.min(1, value) : 0})`;
      row.root.classList.toggle("is-label", String(guessed) === name);
    }
    const told = best.map(([guessed, value]) => `${guessed} ${probable ? percent(value) : figure(value)}`).join(", ") || "none";
    card.button.setAttribute("aria-label", `Test image ${header.first + this.#cards.indexOf(card)}, ${name}: ${right ? "right" : "wrong"}. Guesses: ${told}`);
  }
}
