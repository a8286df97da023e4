"""A frame: what one image makes of a run's layers at one moment, as bytes that a browser draws.

`capture` runs in the training thread and only takes numbers; `pack`, which quantises them, runs in
another. A number is sent as one byte between its layer's least and greatest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from striate.errors import ArgumentError
from striate.notation.network import Network, Node
from striate.web import wire
from striate.web.run import Run
from striate.web.trainer import Watch

BEST = 5
STRIP = 1024  # numbers of a layer of 1 x 1 that are shown
WEIGHTS = 16_384  # weights of a layer that are shown, at most

Floats = npt.NDArray[np.float32]
Numbers = dict[str, Floats]
Bytes = npt.NDArray[np.uint8]
Picks = dict[str, npt.NDArray[np.intp]]
"""Which depth slices are shown, by layer: chosen once, so that they do not change places while one watches."""


@dataclass(frozen=True)
class Raw:
    """The numbers of one frame, as they were between two steps."""

    network: Network
    classes: tuple[str, ...]
    loss: str
    step: int
    version: int
    image: npt.NDArray[Any]
    label: int
    activations: Numbers
    gradients: Numbers
    parameters: Numbers


def capture(run: Run, watch: Watch) -> Raw:
    """Take the numbers that `watch` asks for; ArgumentError where the run has none."""
    program = run.awake()
    image, label = test_image(run, watch.image)
    gradients: Numbers = {}
    if "gradients" in watch.what:
        both = program.inside(image[None], np.array([label]))
        made, gradients = both.activations, both.gradients
    else:
        made = program.activations(image[None])
    return Raw(
        network=run.network,
        classes=run.classes,
        loss=program.loss,
        step=run.steps.step if run.steps is not None else 0,
        version=run.version,
        image=image,
        label=label,
        activations={name: values[0] for name, values in made.items()},
        gradients={name: values[0] for name, values in gradients.items()},
        parameters=program.parameters() if "weights" in watch.what else {},
    )


def test_image(run: Run, index: int) -> tuple[npt.NDArray[Any], int]:
    """One test image (H, W, D) and its label; ArgumentError where the run has no such image."""
    if run.test is None:
        raise ArgumentError(f"{run.name} has no test images: it does not say what it was trained on")
    if index >= len(run.test):
        raise ArgumentError(f"{run.name} has {len(run.test):,} test images, 0 to {len(run.test) - 1:,}; not {index:,}")
    return run.test.images[index], int(run.test.labels[index])


def pack(raw: Raw, watch: Watch, picks: Picks) -> bytes:
    """The frame as a binary message."""
    sections: list[dict[str, Any]] = []
    payload = Payload()
    for node in raw.network.nodes:
        if "activations" in watch.what:
            sections.append(activation_section(raw.image, node, raw.activations[node.name], watch.most, picks, payload))
        if "gradients" in watch.what:
            sections.append(signed_section(node, raw.gradients[node.name], watch.most, picks, payload))
        if f"{node.name}.weights" in raw.parameters:
            sections.append(weight_section(node, raw.parameters[f"{node.name}.weights"], watch.most, payload))
    scores = last_scores(raw.network, raw.activations)
    header = {
        "kind": "frame",
        "run": watch.run,
        "step": raw.step,
        "image": watch.image,
        "label": raw.label,
        "scores": best(scores, raw.classes, raw.loss, BEST),
        "sections": sections,
    }
    return wire.pack(header, payload.pieces)


class Payload:
    """Bytes one after the other, and where the next piece begins."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0

    def add(self, array: Bytes) -> dict[str, int]:
        """Append an array; where it lies."""
        piece = array.tobytes()
        place = {"at": self.size, "bytes": len(piece)}
        self.pieces.append(piece)
        self.size += len(piece)
        return place


def activation_section(
    image: npt.NDArray[Any], node: Node, values: Floats, most: int, picks: Picks, payload: Payload
) -> dict[str, Any]:
    """Activations (H, W, D) of one layer, from black (the least) to white; INPUT shows the image's own pixels."""
    if node.name == "input":
        return _pixels(node, image, most, picks, payload)
    low, high = extremes(values)
    chosen = pick(node.name, values, most, picks)
    data = quantised(values[:, :, chosen].transpose(2, 0, 1), low, high)
    return _section(node, "activations", values.shape, chosen.tolist(), "maps", low, high) | payload.add(data)


def signed_section(node: Node, values: Floats, most: int, picks: Picks, payload: Payload) -> dict[str, Any]:
    """Gradients (H, W, D) of one layer, with zero in the middle."""
    high = max(map(abs, extremes(values)))
    chosen = pick(node.name, values, most, picks)
    data = quantised(values[:, :, chosen].transpose(2, 0, 1), -high, high)
    return _section(node, "gradients", values.shape, chosen.tolist(), "maps", -high, high) | payload.add(data)


def weight_section(node: Node, weights: Floats, most: int, payload: Payload) -> dict[str, Any]:
    """The first filters of a layer: in colour where they read three slices, else one map a filter and slice."""
    cube = folded(node, weights)
    filters, depth, height, width = cube.shape
    high = max(map(abs, extremes(cube)))
    area = height * width
    if depth == 3 and node.layer.kind == "CONV":
        count = min(filters, max(1, min(most, WEIGHTS // (3 * area))))
        data = quantised(cube[:count].transpose(0, 2, 3, 1), -high, high)
        slices: list[Any] = list(range(count))
        form = "rgb"
    else:
        across = min(depth, most) if area > 1 else min(depth, STRIP)
        count = min(filters, max(1, min(most, WEIGHTS // (across * area))))
        data = quantised(cube[:count, :across], -high, high)
        slices = [[filter, slice] for filter in range(count) for slice in range(across)]
        form = "maps"
    shape = (height, width, depth, filters)
    return _section(node, "weights", shape, slices, form, -high, high) | payload.add(data)


def folded(node: Node, weights: Floats) -> Floats:
    """Weights as (K, D, F, F); those of an FC in the volume (n, D, H, W) that it reads."""
    if weights.ndim == 4:
        return weights
    volume = node.input
    return weights.reshape(len(weights), volume.depth, volume.height, volume.width)


def pick(name: str, values: Floats, most: int, picks: Picks) -> npt.NDArray[np.intp]:
    """Which slices of (H, W, D) are shown: all, or those with the greatest mean size when first looked at."""
    found = picks.get(name)
    if found is None:
        height, width, depth = values.shape
        room = STRIP if height * width == 1 else most
        order = np.argsort(-np.abs(values).mean((0, 1)), kind="stable")[:room] if depth > room else np.arange(depth)
        found = picks[name] = np.sort(order)
    return found


def quantised(values: Floats, low: float, high: float) -> Bytes:
    """Bytes, so that value = low + byte/255*(high - low) within half a step; what is not finite is 0."""
    if high <= low:
        return np.zeros(values.shape, np.uint8)
    scaled = (values - np.float32(low)) * np.float32(255 / (high - low))
    scaled += np.float32(0.5)
    np.clip(scaled, 0, 255, out=scaled)
    if not np.isfinite(values).all():
        scaled[~np.isfinite(scaled)] = 0
    whole: Bytes = scaled.astype(np.uint8)
    return whole


def extremes(values: Floats) -> tuple[float, float]:
    """The least and the greatest finite value."""
    low, high = float(values.min()), float(values.max())
    if np.isfinite(low) and np.isfinite(high):
        return low, high
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def last_scores(network: Network, made: Numbers) -> npt.NDArray[np.float64]:
    """The class scores (classes,) among the activations (H, W, D) of one image."""
    scores: npt.NDArray[np.float64] = made[network.nodes[-1].name].transpose(2, 0, 1).reshape(-1).astype(np.float64)
    return scores


def best(scores: npt.NDArray[np.float64], classes: tuple[str, ...], loss: str, most: int) -> list[tuple[str, float]]:
    """The best classes, best first, with their probabilities; the SVM's scores are none and stay scores."""
    order = np.argsort(-scores, kind="stable")[:most]
    if loss == "softmax":
        powers = np.exp(scores - scores.max())
        scores = powers / powers.sum()
    return [(classes[place], float(scores[place])) for place in order]


def _pixels(node: Node, image: npt.NDArray[Any], most: int, picks: Picks, payload: Payload) -> dict[str, Any]:
    low, high = (0.0, 255.0) if image.dtype == np.uint8 else extremes(image)
    data = image if image.dtype == np.uint8 else quantised(image, low, high)
    if image.shape[2] == 3:
        section = _section(node, "activations", image.shape, [0, 1, 2], "rgb", low, high)
        return section | payload.add(data)
    chosen = pick(node.name, image.astype(np.float32), most, picks)
    section = _section(node, "activations", image.shape, chosen.tolist(), "maps", low, high)
    return section | payload.add(data[:, :, chosen].transpose(2, 0, 1))


def _section(
    node: Node, what: str, shape: tuple[int, ...], slices: list[Any], form: str, low: float, high: float
) -> dict[str, Any]:
    return {
        "layer": node.name,
        "kind": node.layer.kind,
        "what": what,
        "shape": list(shape),
        "slices": slices,
        "of": shape[3] if what == "weights" else shape[2],
        "form": form,
        "min": low,
        "max": high,
    }
