/** Small random whole numbers that depend on the seed and on nothing else. */

/** A function that gives whole numbers from `least` to `most`. Source: mulberry32, Tommy Ettinger, public domain. */
export function integers(seed) {
  let state = seed >>> 0;
  return (least, most) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return least + (((mixed ^ (mixed >>> 14)) >>> 0) % (most - least + 1));
  };
}
