"""What callers hand to a program, checked and brought into the form that it reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from striate.errors import ArgumentError
from striate.layers import Bn
from striate.layers.loss import Loss, mean_weight
from striate.notation.network import Network
from striate.volume import Volume


def address(array: npt.NDArray[Any]) -> int:
    """Where the array's first number lies; quicker than ``array.ctypes.data``."""
    return int(array.__array_interface__["data"][0])


def check_images(images: npt.ArrayLike, volume: Volume, most: int | None) -> npt.NDArray[Any]:
    """Images as a contiguous (N, H, W, D) array of uint8 or float32."""
    array = np.asarray(images)
    height, width, depth = volume.shape
    if array.ndim != 4 or array.shape[1:] != (height, width, depth):
        raise ArgumentError(
            f"images for INPUT{volume} have the shape (N, {height}, {width}, {depth}), not {array.shape}"
        )
    if array.dtype != np.uint8:
        if array.dtype.kind != "f":
            raise ArgumentError(f"images are uint8 (0 to 255) or float32, not {array.dtype}: convert them first")
        array = array.astype(np.float32, copy=False)
    if most is not None and not 1 <= len(array) <= most:
        raise ArgumentError(f"a training step takes 1 to {most} images (the batch), not {len(array)}")
    return np.ascontiguousarray(array)


def check_labels(labels: npt.ArrayLike, count: int, classes: int) -> npt.NDArray[Any]:
    """Labels as an (N,) array of whole numbers from 0 to classes - 1."""
    array = np.asarray(labels)
    if array.shape != (count,):
        raise ArgumentError(f"{count} images need labels of the shape ({count},), not {array.shape}")
    if array.dtype.kind not in "iu":
        raise ArgumentError(f"labels are whole numbers, not {array.dtype}: convert them first")
    low, high = (int(array.min()), int(array.max())) if count else (0, 0)
    if low < 0 or high >= classes:
        wrong = low if low < 0 else high
        raise ArgumentError(f"labels are from 0 to {classes - 1} for {classes} scores, but one is {wrong}")
    return array


@dataclass(frozen=True, eq=False)
class Truth:
    """What the images of a batch should give: their labels (N,), and for ``l2`` their targets (N, outputs).

    labels are -1 where there are targets alone. ``total`` is what the sum of the losses is divided by for their mean;
    weights (N,), where there are any, are each image's part in both.
    """

    labels: npt.NDArray[Any]
    targets: npt.NDArray[np.float32] | None
    total: float
    weights: npt.NDArray[np.float64] | None = None

    def part(self, rows: slice) -> Truth:
        """That of some of the images."""
        targets = None if self.targets is None else self.targets[rows]
        weights = None if self.weights is None else self.weights[rows]
        return Truth(self.labels[rows], targets, self.total, weights)

    @property
    def factors(self) -> npt.NDArray[np.float64] | float:
        """What each image's loss and its gradient are multiplied by for the mean."""
        return (1.0 if self.weights is None else self.weights) / self.total

    def weighted(self, loss: Loss, classes: int, weights: npt.ArrayLike | None) -> Truth:
        """With a weight for each image; ArgumentError where they are not finite, negative, or all zero."""
        if weights is None:
            return self
        array = np.asarray(weights, np.float64)
        if array.shape != self.labels.shape:
            count = len(self.labels)
            raise ArgumentError(f"{count} images need weights of the shape ({count},), not {array.shape}")
        if not (np.isfinite(array).all() and (array >= 0).all() and array.any()):
            raise ArgumentError("weights are finite numbers from 0, and not all of them 0")
        each = array if loss.class_weights is None else array * loss.weights(classes)[self.labels]
        return Truth(self.labels, self.targets, float(each.sum()), array)


def check_truth(labels: npt.ArrayLike, count: int, classes: int, loss: Loss) -> Truth:
    """Labels for a loss; with ``l2`` also real targets (N, outputs), or (N,) for one output."""
    array = np.asarray(labels)
    if loss.name != "l2":
        checked = check_labels(array, count, classes)
        return Truth(checked, None, mean_weight(loss, checked, classes))
    if array.dtype.kind != "f":
        checked = check_labels(array, count, classes)
        return Truth(checked, np.eye(classes, dtype=np.float32)[checked], count)
    if array.shape == (count,) and classes == 1:
        array = array[:, None]
    if array.shape != (count, classes):
        raise ArgumentError(
            f"{count} images need targets of the shape ({count}, {classes}), or labels ({count},) as whole numbers, "
            f"not {array.shape}"
        )
    if not np.isfinite(array).all():
        raise ArgumentError("targets are finite numbers, but one of these is not")
    return Truth(np.full(count, -1), array.astype(np.float32), count)


def check_counts(**counts: int | None) -> None:
    """Whole numbers from 1, or None, by the argument's name."""
    for name, value in counts.items():
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if value is not None and (not whole or value < 1):
            raise ArgumentError(f"{name} is a whole number from 1, not {value!r}")


def check_choice(name: str, value: str | None, known: Collection[str], otherwise: str = "") -> None:
    """One of the ``known`` texts; ``otherwise`` says what None means, where it may be."""
    if value not in known and not (otherwise and value is None):
        ways = ", ".join(known) + (f", or {otherwise}" if otherwise else "")
        raise ArgumentError(f"{name} is one of {ways}, not {value!r}")


def check_seed(seed: int) -> int:
    """What random numbers begin with: a whole number from 0."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ArgumentError(f"seed is a whole number from 0, not {seed!r}")
    return int(seed)


def check_normalised(network: Network, batch: int) -> None:
    """Refuse to train one image at a time where a BN would normalise a single number, and have nothing to learn from.

    A lone image behind larger batches, as at the end of an epoch, is no error: what it has there becomes the bias.
    """
    single = [node for node in network.nodes if isinstance(node.layer, Bn) and node.input.size == node.input.depth]
    if batch == 1 and single:
        node = single[0]
        raise ArgumentError(
            f"{node.name} normalises each slice of {node.input} over the images of a batch, and batch=1 leaves it one "
            f"number: compile with batch=2 or more, or put BN before the volume is 1x1"
        )


def check_rate(rate: float) -> float:
    """The share of its numbers that a DROPOUT drops: from 0 up to, but not including, 1."""
    if isinstance(rate, bool) or not isinstance(rate, int | float | np.integer | np.floating) or not 0 <= rate < 1:
        raise ArgumentError(f"a rate of DROPOUT is a number from 0 up to, but not including, 1, not {rate!r}")
    return float(rate)


def check_dropouts(network: Network, layer: str | None) -> list[str]:
    """The DROPOUTs that are meant: the one of this name, or all of them."""
    names = list(network.dropouts)
    if not names or layer not in (None, *names):
        wanted = "no DROPOUT" if layer is None else f"no DROPOUT {layer!r}"
        known = f"there is {', '.join(names)}" if names else "put DROPOUT into the line"
        raise ArgumentError(f"{network} has {wanted}: {known}")
    return names if layer is None else [layer]


def check_steps(steps: int) -> int:
    """How many steps there were: a whole number from 0."""
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or not 0 <= steps < 2**64:
        raise ArgumentError(f"steps is a whole number from 0, not {steps!r}")
    return int(steps)


def check_parameters(
    values: Mapping[str, npt.ArrayLike], shapes: Mapping[str, tuple[int, ...]], what: str = "the network's parameters"
) -> dict[str, npt.NDArray[np.float32]]:
    """Every parameter under its name, float32, in its shape."""
    missing, unknown = sorted(shapes.keys() - values.keys()), sorted(values.keys() - shapes.keys())
    if missing or unknown:
        parts = [f"missing {', '.join(missing)}"] * bool(missing) + [f"unknown {', '.join(unknown)}"] * bool(unknown)
        raise ArgumentError(f"{what} are {', '.join(shapes)}; {'; '.join(parts)}")
    checked = {name: np.asarray(values[name]) for name in shapes}
    for name, array in checked.items():
        if array.shape != tuple(shapes[name]) or array.dtype.kind not in "fiu":
            raise ArgumentError(f"{name} is numbers of the shape {shapes[name]}, not {array.dtype} {array.shape}")
    return {name: array.astype(np.float32) for name, array in checked.items()}
