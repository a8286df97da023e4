"""A frame: what one image makes of a run's layers at one moment, as bytes that a browser draws.

The `Camera` works in the training thread and only takes numbers; `pack`, which quantises them, runs in
another. A number is sent as one byte between its layer's least and greatest.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from striate.errors import ArgumentError
from striate.notation.network import Network, Node
from striate.train.guess import best
from striate.web import wire
from striate.web.run import Run
from striate.web.trainer import Watch

BEST = 5
EVERY = 4  # so many frames of a run that trains, one has gradients and weights
REMEMBERED = 32  # watches whose frames are counted
STRIP = 1024  # numbers of a layer of 1 x 1 that are shown
TINY = 1e-30  # a span that is as good as none: its inverse is beyond float32
WEIGHTS = 16_384  # weights of a layer that are shown, at most

Floats = npt.NDArray[np.float32]
Numbers = dict[str, Floats]
Bytes = npt.NDArray[np.uint8]
Picks = dict[str, npt.NDArray[np.intp]]
"""Which depth slices are shown, by layer: chosen once, so that they do not change places while one watches."""


@dataclass(frozen=True)
class Raw:
    """The numbers of one frame, as they were between two steps: gradients (H, W, D) by layer, where they were taken,
    and parameters by name."""

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


class Camera:
    """Takes the numbers of frames, in the training thread.

    Going back through a network costs several times what going forward does, and weights change little from one
    frame to the next. So while a run trains, both are in every EVERY-th frame, and those between bring activations.
    """

    def __init__(self) -> None:
        self._left: OrderedDict[Watch, int] = OrderedDict()  # frames until the next whole one

    def __call__(self, run: Run, watch: Watch) -> Raw:
        """What `watch` asks for; ArgumentError where the run has no such thing."""
        program = run.awake()
        image, label = test_image(run, watch.image)
        gradients: Numbers = {}
        parameters: Numbers = {}
        if not self._whole(run, watch):
            made = program.activations(image[None])
        else:
            parameters = program.parameters() if "weights" in watch.what else {}
            if "gradients" in watch.what:
                both = program.inside(image[None], np.array([label]))
                made, gradients = both.activations, {name: values[0] for name, values in both.gradients.items()}
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
            gradients=gradients,
            parameters=parameters,
        )

    def _whole(self, run: Run, watch: Watch) -> bool:
        """Whether the next frame brings everything: always, where the run stands still."""
        left = self._left.pop(watch, 0) if run.state == "running" else 0
        self._left[watch] = (left or EVERY) - 1
        while len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
        return left == 0


def test_image(run: Run, index: int) -> tuple[npt.NDArray[Any], int]:
    """One test image (H, W, D) and its label; ArgumentError where the run has no such image."""
    if run.test is None:
        raise ArgumentError(f"{run.name} has no test images: {run.untested}")
    if index >= len(run.test):
        raise ArgumentError(f"{run.name} has {len(run.test):,} test images, 0 to {len(run.test) - 1:,}; not {index:,}")
    return run.test.images[index], int(run.test.labels[index])


def pack(raw: Raw, watch: Watch, picks: Picks) -> bytes:
    """The frame as a binary message; `picks` are the slices that frames of this watch show."""
    sections: list[dict[str, Any]] = []
    payload = Payload()
    for node in raw.network.nodes:
        found = []
        if "activations" in watch.what:
            found.append(activation_section(raw.image, node, raw.activations[node.name], watch.most, picks))
        if node.name in raw.gradients:
            found.append(signed_section(node, raw.gradients[node.name], watch.most, picks))
        if f"{node.name}.weights" in raw.parameters:
            found.append(weight_section(node, raw.parameters[f"{node.name}.weights"], watch.most))
        sections += [section | payload.add(data) for section, data in found]
    scores = last_scores(raw.network, raw.activations)
    header = {
        "kind": "frame",
        "run": watch.run,
        "step": raw.step,
        "image": watch.image,
        "label": raw.label,
        "scores": named(scores, raw.classes, raw.loss, BEST),
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
    image: npt.NDArray[Any], node: Node, values: Floats, most: int, picks: Picks
) -> tuple[dict[str, Any], Bytes]:
    """Activations (H, W, D) of one layer, from black (the least) to white; INPUT shows the image's own pixels."""
    if node.name == "input":
        return _pixels(node, image, most, picks)
    low, high = extremes(values)
    chosen = pick(node.name, values, most, picks)
    data = quantised(values[:, :, chosen].transpose(2, 0, 1), low, high)
    return _section(node, "activations", values.shape, chosen.tolist(), "maps", low, high), data


def signed_section(node: Node, values: Floats, most: int, picks: Picks) -> tuple[dict[str, Any], Bytes]:
    """Gradients (H, W, D) of one layer, with zero in the middle."""
    high = max(map(abs, extremes(values)))
    chosen = pick(node.name, values, most, picks)
    data = quantised(values[:, :, chosen].transpose(2, 0, 1), -high, high)
    return _section(node, "gradients", values.shape, chosen.tolist(), "maps", -high, high), data


def weight_section(node: Node, weights: Floats, most: int) -> tuple[dict[str, Any], Bytes]:
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
    return _section(node, "weights", shape, slices, form, -high, high), data


def folded(node: Node, weights: Floats) -> Floats:
    """Weights as (K, D, F, F); those of an FC in the volume (n, D, H, W) that it reads, a LOCAL's place by place."""
    if weights.ndim > 2:
        return weights.reshape(-1, *weights.shape[-3:])
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
    if high - low < TINY:
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


def named(scores: npt.NDArray[np.float64], classes: tuple[str, ...], loss: str, most: int) -> list[tuple[str, float]]:
    """The best classes, best first, with their probabilities; the SVM's scores are none and stay scores."""
    guesses = best(scores, classes, loss, most)
    return [(each.name, each.score if each.probability is None else each.probability) for each in guesses]


def in_bytes(image: npt.NDArray[Any]) -> tuple[Bytes, float, float]:
    """Pixels as bytes, and what 0 and 255 stand for; float images are stretched between their extremes."""
    if image.dtype == np.uint8:
        return image, 0.0, 255.0
    low, high = extremes(image)
    return quantised(image, low, high), low, high


def _pixels(node: Node, image: npt.NDArray[Any], most: int, picks: Picks) -> tuple[dict[str, Any], Bytes]:
    data, low, high = in_bytes(image)
    if image.shape[2] == 3:
        return _section(node, "activations", image.shape, [0, 1, 2], "rgb", low, high), data
    chosen = pick(node.name, image.astype(np.float32), most, picks)
    section = _section(node, "activations", image.shape, chosen.tolist(), "maps", low, high)
    return section, data[:, :, chosen].transpose(2, 0, 1)


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
