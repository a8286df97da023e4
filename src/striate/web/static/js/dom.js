// Elements, text and numbers: the few words in which the views are written.

/**
 * A new element. Properties: `class`, `on` ({event: listener}), `data` ({name: value}), `style` ({property: value},
 * set through the CSSOM as the page's policy wants); true and false switch attributes, the rest are attributes.
 * Children are nodes, texts, or arrays of them; null and false are left out.
 *   el("button", {class: "primary", type: "button", on: {click: start}}, "Start")
 */
export function el(tag, properties = {}, ...children) {
  return dress(document.createElement(tag), properties, children);
}

/** The same in the SVG namespace. */
export function svg(tag, properties = {}, ...children) {
  return dress(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
}

function dress(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.setAttribute("class", value);
    else if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "style") for (const [key, item] of Object.entries(value)) node.style.setProperty(key, item);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Replace what is inside `node`. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Write a text, but only where it differs: unchanged text costs no layout. */
export function say(node, text) {
  const words = String(text);
  if (node.textContent !== words) node.textContent = words;
}

/** Show or hide, only where it differs. */
export function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

let last = 0;
/** An id that no other element has, for labels and descriptions. */
export function fresh(stem = "id") {
  last += 1;
  return `${stem}-${last}`;
}

/** A label above a control: `field("Batch", input, "images a step")`. */
export function field(label, control, hint = null) {
  control.id ||= fresh("field");
  return el("div", { class: "field" }, el("label", { for: control.id }, label), control, hint && el("span", { class: "hint" }, hint));
}

/** Radio buttons that look like one control; `choices` are [value, words]. Calls `chosen(value)`. */
export function segments(legend, choices, value, chosen) {
  const name = fresh("segments");
  const labels = choices.map(([key, words]) =>
    el(
      "label",
      {},
      el("input", { type: "radio", name, value: key, checked: key === value, on: { change: () => chosen(key) } }),
      el("span", {}, words),
    ),
  );
  return el("fieldset", { class: "segments" }, el("legend", { class: "unseen" }, legend), labels);
}

/** `listener`, but only once nothing has called it for `wait` milliseconds. */
export function debounce(listener, wait) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => listener(...values), wait);
  };
}

/** "-1.5" -> "−1.5": the minus sign of mathematics. */
export const minus = (words) => String(words).replaceAll("-", "−");

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 12345 -> "12,345" */
export const count = (value) => whole.format(value);

/** 12345678 -> "12.3 M" */
export function short(value) {
  if (Math.abs(value) >= 1e15) return value.toExponential(2).replace("+", "");
  for (const [size, name] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e4, "k"]]) {
    if (Math.abs(value) >= size) return `${(value / (name === "k" ? 1e3 : size)).toPrecision(3)} ${name}`;
  }
  return count(value);
}

/** 123456 -> "121 KiB" */
export function bytes(value) {
  for (const [size, name] of [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]]) {
    if (value >= size) return `${value / size >= 99.5 ? count(value / size) : (value / size).toPrecision(2)} ${name}`;
  }
  return `${count(value)} B`;
}

/** 0.1234 -> "12.3 %" */
export const percent = (value) => (Number.isFinite(value) ? `${(100 * value).toFixed(1)} %` : "–");

/** A number of any size in few characters: 0.001234 -> "0.00123", 12.3456 -> "12.35" */
export function figure(value) {
  return value === null || value === undefined || !Number.isFinite(value) ? "–" : minus(few(value));
}

function few(value) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1000) return short(Math.round(value));
  if (size >= 1) return value.toFixed(size >= 100 ? 1 : 2);
  if (size >= 0.0001) return value.toFixed(Math.min(6, 2 - Math.floor(Math.log10(size))));
  return value.toExponential(1);
}

/** 75.2 s -> "1:15" */
export function clock(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  const all = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(all / 60) % 60;
  const hours = Math.floor(all / 3600);
  const rest = String(all % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** [32, 32, 3] -> "32x32x3" */
export const size = (volume) => volume.join("x");
