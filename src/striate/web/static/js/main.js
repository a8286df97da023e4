// The page: routes, colours, the banner, and the app object that every view gets.

import { el, fill, say, show } from "./dom.js";
import { Socket } from "./socket.js";
import { History } from "./train/history.js";

const VIEWS = {
  network: { title: "Network", load: () => import("./network/view.js") },
  train: { title: "Train", load: () => import("./train/view.js") },
  look: { title: "Look", load: () => import("./look/view.js") },
  exhibits: { title: "Exhibits", load: () => import("./exhibits/view.js") },
};
const FIRST = "network";
const RENEW = 250; // milliseconds between two times that the views hear how far the runs are

/**
 * What a view gets: `mount(root, app)` is called once, when its tab is first opened, and may return {show, hide, drop}:
 *   `drop(file)` takes a file that was dropped on the page, and returns whether it did.
 *   app.socket           ask(name, fields), askBytes(name, fields, bytes), frames(draw), on(event, listener)
 *   app.state            hello (null until it came), runs, run (the chosen run's id or null), image (the test image's
 *                        index), line, fit: the same for all views
 *   app.set({…})         changes state and tells "state" with the names of what changed
 *   app.on(event, fn)    "state", "theme", "route", and the socket's events; returns what stops it
 *   app.route            name of the view that is open; app.go(name) opens one
 *   app.history          the curves of all runs (see train/history.js)
 *   app.run              the chosen run as the server last described it, or null; app.renew(run) puts in a newer one
 *   app.note(message)    tells people something, for a few seconds
 */
class App {
  state = { hello: null, runs: [], run: null, image: 0, line: "", fit: "raise" };
  socket = new Socket();
  history = new History(this.socket);
  route = FIRST;
  #listeners = new Map();

  on(event, listener) {
    if (!["state", "theme", "route"].includes(event)) return this.socket.on(event, listener);
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(listener);
    return () => this.#listeners.get(event).delete(listener);
  }

  tell(event, value) {
    for (const listener of this.#listeners.get(event) ?? []) listener(value);
  }

  set(changes) {
    const names = Object.keys(changes).filter((name) => this.state[name] !== changes[name]);
    Object.assign(this.state, changes);
    if (names.length) this.tell("state", names);
  }

  go(name) {
    location.hash = name;
    // What was pressed is hidden with its view: the keyboard goes on at the top of the new one.
    document.querySelector("main").focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  /** The run that the views look at, as the server last described it. */
  get run() {
    return this.state.runs.find((run) => run.id === this.state.run) ?? null;
  }

  renew(run) {
    fresh.delete(run.id);
    const known = this.state.runs.some((other) => other.id === run.id);
    this.set({ runs: known ? this.state.runs.map((other) => (other.id === run.id ? run : other)) : [...this.state.runs, run] });
  }

  note(message, wrong = false) {
    Object.assign(said, { note: message, wrong });
    announce();
    clearTimeout(this.noted);
    this.noted = setTimeout(() => {
      said.note = "";
      announce();
    }, 6000);
  }
}

const app = new App();
const mounted = new Map();

const said = { note: "", wrong: false, lost: "" };

/** A note for some seconds; behind it, for as long as it is true, that the server is gone. */
function announce() {
  const node = document.querySelector("[data-banner]");
  node.classList.toggle("wrong", said.note ? said.wrong : Boolean(said.lost));
  say(node, said.note || said.lost);
}

function lostWords(words) {
  said.lost = words;
  announce();
}

/** The view `name`, loaded and mounted by its first visit; null where that failed, which then stands in its place. */
async function viewOf(name) {
  const root = document.querySelector(`[data-view="${name}"]`);
  if (!mounted.has(name)) {
    const mount = (module) => {
      fill(root);
      return module.mount(root, app);
    };
    mounted.set(name, VIEWS[name].load().then(mount));
  }
  try {
    return await mounted.get(name);
  } catch (error) {
    mounted.delete(name);
    fill(root, failure(error));
    return null;
  }
}

let failures = 0;

/** What stands where a view should be. Some browsers never ask again for a module that failed: then all begins anew. */
function failure(error) {
  console.error(error);
  failures += 1;
  const again = () => (failures > 1 ? location.reload() : open());
  const button = el("button", { type: "button", on: { click: again } }, "Try again");
  return el("div", { class: "empty", role: "alert" }, el("strong", {}, "This part could not be loaded"), button);
}

/** Open the view that the address names. */
async function open() {
  const name = location.hash.slice(1) in VIEWS ? location.hash.slice(1) : FIRST;
  const before = app.route;
  app.route = name;
  document.title = `${VIEWS[name].title} · Striate`;
  for (const link of document.querySelectorAll(".tabs a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const section of document.querySelectorAll("[data-view]")) show(section, section.dataset.view === name);
  if (before !== name && mounted.has(before)) (await viewOf(before))?.hide?.();
  const view = await viewOf(name);
  if (app.route === name) view?.show?.();
  app.tell("route", name);
}

/** Load what the other tabs need while nothing else is to be done: they then open at once, with or without the server. */
function ahead() {
  const idle = window.requestIdleCallback ?? ((call) => setTimeout(call, 1000));
  for (const { load } of Object.values(VIEWS)) idle(() => load().catch(() => null));
}

/** A file dropped where nobody takes it must not make the browser leave the page. */
function takeDrops() {
  const files = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  document.addEventListener("dragover", (event) => files(event) && event.preventDefault());
  document.addEventListener("drop", async (event) => {
    if (event.defaultPrevented || !files(event)) return;
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (!file || (await mounted.get(app.route)?.catch(() => null))?.drop?.(file)) return;
    const model = file.name.toLowerCase().endsWith(".striate");
    app.note(model ? "A model is opened under Train or Look: drop it there." : "Pictures are looked at under Look: drop them there.");
  });
}

async function greet() {
  const hello = await app.socket.ask("hello");
  const first = app.state.hello === null;
  const kept = first ? remembered() : {};
  const changes = { hello, runs: hello.runs };
  if (first) Object.assign(changes, { line: kept.line || hello.defaults.line, fit: kept.fit || hello.defaults.fit || "raise" });
  if (!hello.runs.some((run) => run.id === app.state.run)) changes.run = chosen(hello.runs, kept.run);
  app.set(changes);
}

/** Say that the server is gone; where it runs again, but with another token, only its new address helps. */
async function lost() {
  lostWords("The server does not answer. This page connects again as soon as it does.");
  const answer = await fetch(location.pathname + location.search, { cache: "no-store" }).catch(() => null);
  if (answer?.status === 403) lostWords("The server was started anew: open the address that it printed.");
}

const fresh = new Map(); // by id: runs as they were last described, which the views have not heard of yet
let renewing = 0;

/** How far the runs are comes twenty times a second, and each telling costs every view something. */
function renewed() {
  renewing = 0;
  const runs = app.state.runs.map((run) => fresh.get(run.id) ?? run);
  if (fresh.size) app.set({ runs });
  fresh.clear();
}

/** The run to look at: the one looked at before a reload, else one that runs, else the newest. */
function chosen(runs, wanted) {
  const found = runs.find((run) => run.id === wanted) ?? runs.find((run) => run.state === "running") ?? runs.at(-1);
  return found ? found.id : null;
}

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem("striate")) || {};
  } catch {
    return {};
  }
}

let kept = "";

function remember() {
  const { line, fit, run } = app.state;
  const keep = JSON.stringify({ line, fit, run });
  if (keep === kept) return;
  kept = keep;
  try {
    sessionStorage.setItem("striate", keep);
  } catch {
    // Nothing is kept where the browser keeps nothing.
  }
}

for (const input of document.querySelectorAll('[name="theme"]')) {
  input.checked = input.value === document.documentElement.dataset.themeChoice;
  input.addEventListener("change", () => dispatchEvent(new CustomEvent("theme-chosen", { detail: input.value })));
}
addEventListener("theme", () => app.tell("theme", document.documentElement.dataset.theme));
addEventListener("hashchange", open);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.querySelector("main").focus();
});
app.socket.on("open", () => {
  lostWords("");
  greet().catch((error) => app.note(error.message, true));
  if (!mounted.has(app.route)) open();
});
app.socket.on("closed", lost);
app.socket.on("runs", ({ runs }) => {
  fresh.clear();
  const gone = !runs.some((run) => run.id === app.state.run);
  app.set({ runs, ...(gone ? { run: chosen(runs) } : {}) });
});
app.socket.on("progress", ({ run_now: run }) => {
  if (!run) return;
  fresh.set(run.id, run);
  renewing ||= setTimeout(renewed, RENEW);
});
app.socket.on("note", ({ message }) => app.note(message));
app.on("state", remember);
takeDrops();
open().then(ahead);
