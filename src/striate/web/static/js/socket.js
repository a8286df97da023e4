// The one connection to the server: questions with answers, events, and frames of pictures.

import { isFrame, pack, unpack } from "./wire.js";

export const token = new URLSearchParams(location.search).get("token") || "";

/** What the server says against a request; `kind`, `reason`, `position`, `length` and `fixes` as it sent them. */
export class ServerError extends Error {
  constructor(fields) {
    super(fields.message);
    Object.assign(this, { kind: "other", reason: fields.message, fixes: [] }, fields);
  }
}

const GONE = { message: "the server does not answer: is `striate serve` still running?", kind: "gone" };

/**
 * Connects, and connects again whenever the server went away. Events: "open", "closed" (with the seconds until the
 * next try), and every event of the server by its name ("runs", "progress", "history", "note").
 */
export class Socket {
  #listeners = new Map();
  #waiting = new Map();
  #next = 0;
  #tries = 0;
  #web = null;
  #draw = null;

  constructor() {
    this.#connect();
  }

  get open() {
    return this.#web?.readyState === WebSocket.OPEN;
  }

  /** Call `listener` at every `event`; returns what stops that. */
  on(event, listener) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(listener);
    return () => this.#listeners.get(event).delete(listener);
  }

  /** Ask the server; the promise brings the result (or {header, bytes} where the answer is binary) or a ServerError. */
  ask(name, fields = {}) {
    return this.#request((id) => JSON.stringify({ id, do: name, ...fields }));
  }

  /** Ask with bytes behind the question. */
  askBytes(name, fields, bytes) {
    return this.#request((id) => pack({ id, do: name, ...fields }, bytes));
  }

  /** `draw(buffer)` gets every frame as it came; once its promise is kept, the server is told to go on. */
  frames(draw) {
    this.#draw = draw;
  }

  #request(message) {
    if (!this.open) return Promise.reject(new ServerError(GONE));
    const id = ++this.#next;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#web.send(message(id));
    });
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const web = new WebSocket(`${scheme}://${location.host}/ws?token=${encodeURIComponent(token)}`);
    web.binaryType = "arraybuffer";
    web.addEventListener("open", () => {
      this.#tries = 0;
      this.#tell("open");
    });
    web.addEventListener("message", (event) => this.#heard(event.data));
    web.addEventListener("close", () => this.#lost());
    this.#web = web;
  }

  #lost() {
    for (const { reject } of this.#waiting.values()) reject(new ServerError(GONE));
    this.#waiting.clear();
    const wait = Math.min(5, 0.5 * 2 ** this.#tries++);
    this.#tell("closed", wait);
    setTimeout(() => this.#connect(), 1000 * wait);
  }

  #heard(data) {
    if (typeof data !== "string") return isFrame(data) ? this.#frame(data) : this.#bytes(unpack(data));
    const message = JSON.parse(data);
    if (message.re !== undefined) this.#answered(message.re, message.error, message.result);
    else if (message.event) this.#tell(message.event, message);
    return undefined;
  }

  #bytes(message) {
    if (message.header.re !== undefined) this.#answered(message.header.re, null, message);
  }

  async #frame(data) {
    const web = this.#web;
    try {
      await this.#draw?.(data);
    } finally {
      if (web === this.#web && this.open) web.send('{"do":"ack"}');
    }
  }

  #answered(id, error, result) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (!waiting) return;
    if (error) waiting.reject(new ServerError(error));
    else waiting.resolve(result);
  }

  #tell(event, value) {
    for (const listener of this.#listeners.get(event) ?? []) listener(value);
  }
}

/** POST `body` to the server; brings the Response, or a ServerError with what it said. */
export async function post(path, body) {
  let response;
  try {
    response = await fetch(path, { method: "POST", body, headers: { "X-Striate-Token": token } });
  } catch {
    throw new ServerError(GONE);
  }
  if (response.ok) return response;
  const text = await response.text();
  try {
    throw new ServerError(JSON.parse(text).error);
  } catch (error) {
    throw error instanceof ServerError ? error : new ServerError({ message: text || `the server said ${response.status}` });
  }
}
