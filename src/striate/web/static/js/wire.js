// Binary messages, both ways: the length of a JSON header, the header, then bytes.

const FRAME = '{"kind":"frame"'; // how the header of a frame begins
const decoder = new TextDecoder();

/** {header, bytes}: a binary message taken apart; `bytes` is a view of it, not a copy. */
export function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(decoder.decode(new Uint8Array(buffer, 4, length)));
  return { header, bytes: new Uint8Array(buffer, 4 + length) };
}

/** A binary message put together. */
export function pack(header, bytes) {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const whole = new Uint8Array(4 + text.length + bytes.length);
  new DataView(whole.buffer).setUint32(0, text.length, true);
  whole.set(text, 4);
  whole.set(bytes, 4 + text.length);
  return whole;
}

/** Whether a binary message is a frame; its header is not read for that. */
export function isFrame(buffer) {
  return buffer.byteLength >= 4 + FRAME.length && decoder.decode(new Uint8Array(buffer, 4, FRAME.length)) === FRAME;
}
