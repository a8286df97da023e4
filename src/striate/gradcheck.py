"""Gradients checked in two ways: against the oracle's, and against finite differences of its loss.

The notes of the course on gradient checks: http://cs231n.github.io/neural-networks-3/#gradcheck. Here the checked
gradient is that of the compiled program, in float32, and the loss is that of the NumPy oracle, in float64.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from striate.errors import ArgumentError
from striate.intake import check_counts, check_seed
from striate.masks import image_seeds, kept
from striate.notation.network import Network
from striate.program import Program, compile

__all__ = ["TOLERANCE", "Check", "Checks", "gradcheck"]

TOLERANCE = 1e-4
STEPS = (1e-6, 1e-7, 1e-8)  # of finite differences, relative to the length of the parameter, at least this itself
FLOOR = 1e-4  # tensors whose gradient is shorter than this part of the longest are compared as if it were this
LEAST = 1e-12  # and where all are zero, as with one class, this is the length
NUDGE = 3e-6  # relative; images whose gradient jumps under it hang by a hair at a RELU or POOL
MOST = 1000  # images, which the oracle holds in float64 with all that it makes of them
TRIES = 8  # draws of images, the clearest of which is taken

Numbers = Mapping[str, npt.NDArray[Any]]
Arrays = dict[str, npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Check:
    """One parameter tensor with the relative errors of its gradient.

    ``analytic``: the largest difference from the oracle's gradient over the largest number there. ``numeric``: the
    difference of the slope along a direction from a central finite difference of the loss, over the larger.
    """

    name: str
    shape: tuple[int, ...]
    analytic: float
    numeric: float

    def holds(self, tolerance: float) -> bool:
        """Whether both errors are below the tolerance; no NaN is."""
        return self.analytic < tolerance and self.numeric < tolerance


@dataclass(frozen=True)
class _Batch:
    images: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]


class Checks:
    """The checks of one network, made one by one as they are iterated.

    Raises ArgumentError for wrong arguments, and for a network without parameters.
    """

    def __init__(
        self, network: Network, loss: str = "softmax", images: int = 5, seed: int = 0, threads: int | None = None
    ) -> None:
        check_counts(images=images, threads=threads)
        if images > MOST:
            raise ArgumentError(f"images is a whole number from 1 to {MOST:,}, not {images:,}")
        self.network, self.loss, self.images, self.seed = network, loss, images, check_seed(seed)
        self.program: Program = compile(network, batch=images, loss=loss, seed=seed, threads=threads)
        if not network.parameter_shapes():
            raise ArgumentError(f"{network} has no parameters, so there is no gradient to check")
        self._random = np.random.default_rng(seed)
        self._parameters = self._draw_parameters()
        self.program.load(self._parameters)
        self._kept = self._what_is_kept()

    def __iter__(self) -> Iterator[Check]:
        batch, expected = self._clearest()
        _, found = self.program.gradients(batch.images, batch.labels)
        floor = FLOOR * max(float(np.linalg.norm(gradient)) for gradient in expected.values())
        for name, gradient in expected.items():
            mine = found[name].astype(np.float64)
            yield Check(name, gradient.shape, _analytic(mine, gradient, floor),
                        self._numeric(name, batch, mine, gradient, floor))  # fmt: skip

    def _numeric(self, name: str, batch: _Batch, mine: Any, gradient: Any, floor: float) -> float:
        """The slope along a direction, half that of the gradient and half any, against (f(x + h) - f(x - h)) / 2h.

        Where a RELU or POOL turns over between the two ends, the difference is off and the gradient is not; so what
        disagrees is asked again with a shorter h, which leaves the turn outside. A wrong slope is wrong with all.
        """
        direction = _unit(_unit(gradient) + _unit(self._random.standard_normal(gradient.shape)))
        start = self._parameters[name].astype(np.float64)
        slope, error = float((mine * direction).sum()), float("inf")
        for step in (part * max(1.0, float(np.linalg.norm(start))) for part in STEPS):
            ends = [{**self._parameters, name: start + sign * step * direction} for sign in (1, -1)]
            above, below = (self._oracle(end, batch)[0] for end in ends)
            difference = (above - below) / (2 * step)
            error = min(error, abs(slope - difference) / max(abs(slope), abs(difference), floor, LEAST))
            if error < TOLERANCE / 10:
                break
        return error

    def _oracle(self, parameters: Numbers, batch: _Batch, images: Any = None) -> tuple[float, Arrays]:
        """The oracle's loss and gradients."""
        pixels = batch.images if images is None else images
        loss, gradients, _ = self.network.gradients(parameters, pixels, batch.labels, self.loss, self._kept)
        return loss, gradients

    def _clearest(self) -> tuple[_Batch, Arrays]:
        """Images at which float32 and float64 decide alike at every RELU and POOL, as far as a nudge can tell."""
        best: tuple[float, _Batch, Arrays] | None = None
        for _ in range(TRIES):
            pixels = self._random.standard_normal((self.images, *self.network.input.shape)).astype(np.float32)
            batch = _Batch(pixels, self._random.integers(0, self.network.classes, self.images))
            gradients = self._oracle(self._parameters, batch)[1]
            nudged = pixels * (1 + NUDGE * self._random.standard_normal(pixels.shape))
            moved = self._oracle(self._parameters, batch, nudged)[1]
            jump = max(_analytic(moved[name], gradients[name], 0.0) for name in gradients)
            if best is None or jump < best[0]:
                best = jump, batch, gradients
            if jump < TOLERANCE / 2:
                break
        assert best is not None
        return best[1:]

    def _draw_parameters(self) -> dict[str, npt.NDArray[np.float32]]:
        """The program's own weights, and all else moved a little, so that no bias is zero."""
        drawn = self.program.parameters()
        return {name: numbers if name.endswith(".weights") else self._moved(numbers) for name, numbers in drawn.items()}

    def _moved(self, numbers: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return (numbers + 0.1 * self._random.standard_normal(numbers.shape)).astype(np.float32)

    def _what_is_kept(self) -> Arrays:
        """What every DROPOUT keeps in the program's first step."""
        outputs = {node.name: node.output.shape for node in self.network.nodes}
        return {
            name: kept(rate, image_seeds(self.seed, 0, number, self.images), outputs[name])
            for number, (name, rate) in enumerate(self.network.dropouts.items(), 1)
        }


def gradcheck(network: Network, loss: str = "softmax", images: int = 5, seed: int = 0) -> list[Check]:
    """A check of the gradient on every parameter tensor of ``network``, with drawn weights, images and labels.

    Raises ArgumentError for wrong arguments.

    >>> from striate.notation.parse import parse
    >>> all(check.holds(TOLERANCE) for check in gradcheck(parse("INPUT[5x5x2] - CONV[3] - RELU - FC[4]")))
    True
    """
    return list(Checks(network, loss, images, seed))


def _unit(numbers: Any) -> Any:
    """Of length 1, or zero as it was."""
    length = float(np.linalg.norm(numbers))
    return numbers / length if length else numbers


def _analytic(found: Any, expected: Any, floor: float) -> float:
    """The largest difference over the largest number; a tensor all but zero is judged by the ``floor``."""
    largest = max(float(np.abs(expected).max()), floor / float(np.sqrt(expected.size)), LEAST)
    return float(np.abs(found - expected).max()) / largest
