// Sends pixels to the server and brings back what the network makes of them: one at a time, the newest first.

const APART = 66; // milliseconds between two pictures at least: 15 a second

/**
 * `shown(header, bytes, seen)` gets every answer with the picture it belongs to, `failed(error, seen)` every refusal. While
 * an answer is on its way, newer pictures replace each other, so nothing piles up on either side.
 */
export class Looker {
  #socket;
  #next = null;
  #busy = false;
  #sent = 0;
  #timer = 0;

  constructor(socket, { shown, failed }) {
    this.#socket = socket;
    this.shown = shown;
    this.failed = failed;
  }

  /** Whether a picture shown now would go out at once: a camera need not be read otherwise. */
  get idle() {
    return !this.#busy && this.#next === null && performance.now() - this.#sent >= APART;
  }

  /** Whether no picture waits or is on its way. */
  get still() {
    return !this.#busy && this.#next === null;
  }

  /** Look at `pixels` (H*W*D bytes, depth last) with the model of `run`. */
  see(run, most, pixels) {
    this.#next = { run, most, pixels };
    this.#pump();
  }

  /** Forget what has not been sent. */
  drop() {
    this.#next = null;
  }

  #pump() {
    if (this.#busy || this.#next === null) return;
    const wait = this.#sent + APART - performance.now();
    if (wait > 0) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#pump(), wait);
      return;
    }
    this.#send(this.#next);
  }

  async #send(seen) {
    this.#next = null;
    this.#busy = true;
    this.#sent = performance.now();
    let answer;
    try {
      answer = await this.#socket.askBytes("look", { run: seen.run, most: seen.most }, seen.pixels);
    } catch (error) {
      return this.failed(error, seen);
    } finally {
      this.#busy = false;
      this.#pump();
    }
    // Out of reach of that catch: what goes wrong while drawing is no answer of the server.
    return this.shown(answer.header, answer.bytes, seen);
  }
}
