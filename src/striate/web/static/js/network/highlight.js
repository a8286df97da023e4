// The notation in colour: pieces of a line, each with the layer kind that it belongs to.

const KINDS = [
  "INPUT", "CONV", "LOCAL", "RELU", "POOL", "FC", "DROPOUT", "BN", "GAP", "LRN", "LEAKY", "ELU", "GELU", "SILU", "SIGMOID",
  "TANH", "MAXOUT",
];
const NAME = /[A-Za-z]+/y;
const SETTINGS = /\[[^[\]\n]*\]?|[0-9][0-9-]*/y;
const MARK = /[^A-Za-z]/y;

/**
 * Take a line apart: [{text, kind, part}], whose texts make up the line again. `part` is "name", "settings" or "mark".
 *   pieces("FC[10] - RELU") -> FC (name, FC), [10] (settings, FC), " - " (mark), RELU (name, RELU)
 */
export function pieces(line) {
  const found = [];
  const add = (text, kind, part) => {
    const before = found.at(-1);
    if (part === "mark" && before?.part === "mark") before.text += text;
    else found.push({ text, kind, part });
    return text.length;
  };
  for (let at = 0, kind = null; at < line.length; ) {
    const name = match(NAME, line, at);
    if (name) {
      kind = kindOf(name);
      at += add(name, kind, "name");
      continue;
    }
    const settings = kind && match(SETTINGS, line, at);
    at += settings ? add(settings, kind, "settings") : add(match(MARK, line, at), null, "mark");
    kind = null;
  }
  return found;
}

function match(pattern, line, at) {
  pattern.lastIndex = at;
  return pattern.exec(line)?.[0] ?? null;
}

function kindOf(word) {
  const upper = word.toUpperCase();
  return KINDS.includes(upper) ? upper : null;
}

/** The place in the browser's text (UTF-16) of character `position` as Python counts them. */
export function place(text, position) {
  let at = 0;
  for (let count = 0; count < position && at < text.length; count++) at += text.codePointAt(at) > 0xffff ? 2 : 1;
  return at;
}
