// The camera: asked for by a click, read no faster than the network answers, and off when one leaves.

import { el, say, show } from "../dom.js";
import { pixelsOf } from "./ink.js";

/** The camera as {node, prepare, hide}; `give(pixels)` gets a picture whenever `ready()` says that one is wanted. */
export function camera({ give, ready }) {
  const state = { stream: null, volume: null, inverted: false, asked: 0 };
  const video = el("video", { class: "camera-video", muted: true, playsinline: true, "aria-label": "Camera" });
  video.muted = true;
  const words = el("p", { class: "camera-words" }, "The picture stays on this computer: its pixels go to Striate and nowhere else.");
  const start = el("button", { type: "button", class: "primary", on: { click: () => begin() } }, "Use the camera");
  const stop = el("button", { type: "button", hidden: true, on: { click: () => end() } }, "Stop the camera");
  const invert = el("input", { type: "checkbox", on: { change: () => (state.inverted = invert.checked) } });
  const inverting = el("label", { class: "row small" }, invert, "swap black and white (for ink on paper)");
  const node = el(
    "div", { class: "source-body camera-body" },
    el("div", { class: "camera-box" }, video, words), el("div", { class: "row" }, start, stop), inverting,
  );
  const small = el("canvas");
  const context = small.getContext("2d", { willReadFrequently: true });

  async function begin() {
    const asked = ++state.asked;
    if (!navigator.mediaDevices?.getUserMedia) {
      say(words, "This browser gives no camera to this page: open it on the computer that runs striate serve, as 127.0.0.1.");
      return;
    }
    start.disabled = true;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { width: { ideal: 640 }, height: { ideal: 480 } } });
      if (asked !== state.asked) return halt(stream); // one has left while the browser was asking
      state.stream = stream;
      stream.getVideoTracks()[0].addEventListener("ended", () => end("The camera was switched off."));
      video.srcObject = stream;
      await video.play();
      shown();
      next();
    } catch (error) {
      end(refused(error));
    } finally {
      start.disabled = false;
    }
  }

  function end(message = "") {
    state.asked += 1;
    if (state.stream) halt(state.stream);
    state.stream = video.srcObject = null;
    shown();
    if (message) say(words, message);
  }

  function shown() {
    const on = state.stream !== null;
    show(start, !on);
    show(stop, on);
    show(words, !on);
    node.classList.toggle("on", on);
  }

  function next() {
    if (!state.stream) return;
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(taken);
    else requestAnimationFrame(taken);
  }

  function taken() {
    if (!state.stream) return;
    if (ready() && video.videoWidth) give(picture());
    next();
  }

  /** The middle of the video at INPUT's size. */
  function picture() {
    const [width, height] = state.volume;
    if (small.width !== width || small.height !== height) [small.width, small.height] = [width, height];
    const scale = Math.min(video.videoWidth / width, video.videoHeight / height);
    const [wide, high] = [width * scale, height * scale];
    context.imageSmoothingQuality = "high";
    context.drawImage(video, (video.videoWidth - wide) / 2, (video.videoHeight - high) / 2, wide, high, 0, 0, width, height);
    return pixelsOf(context.getImageData(0, 0, width, height).data, state.volume, state.inverted && state.volume[2] === 1);
  }

  return {
    node,
    prepare(volume) {
      state.volume = volume;
      inverting.hidden = volume[2] !== 1;
    },
    hide: () => end(),
  };
}

function halt(stream) {
  for (const track of stream.getTracks()) track.stop();
}

function refused(error) {
  if (error.name === "NotAllowedError") return "The camera was not allowed. Allow it in the browser's address bar and try again.";
  if (error.name === "NotFoundError" || error.name === "OverconstrainedError") return "There is no camera on this computer.";
  if (error.name === "NotReadableError") return "The camera is used by another program. Close that and try again.";
  return `The camera does not start: ${error.message}`;
}
