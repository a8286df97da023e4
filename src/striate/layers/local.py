"""LOCAL: as CONV, but every position has filters of its own: locally connected, with no parameter sharing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, cast

import numpy as np

from striate.layers.layer import Array, Parameters
from striate.layers.sides import Sides, both
from striate.layers.sliding import Filtering, volume_of
from striate.layers.window import pad, unpad
from striate.volume import Volume

__all__ = ["Local"]


@dataclass(frozen=True)
class Local(Filtering):
    """LOCAL[K, FxF, S=.., P=..]: ``filters`` filters of ``field`` at every position, ``stride`` apart.

    Field, stride, padding and ``fit`` are as those of CONV. Weights are ``(H, W, K, D, F, F)``, H and W those of the
    output and the last two the rows and the columns of a filter; biases are ``(H, W, K)``.

    Raises NotationError for settings that make no sense, such as an even F without P.

    >>> Local(2, padding=0).parameter_shapes(Volume(6, 5, 3))
    {'weights': (3, 4, 2, 3, 3, 3), 'biases': (3, 4, 2)}
    """

    filters: int
    field: Sides = 3
    stride: Sides = 1
    padding: Sides = cast("Sides", None)  # noqa: RUF009 - resolved below: never None to anyone who reads it
    fit: str = "raise"

    kind: ClassVar[str] = "LOCAL"
    example: ClassVar[str] = "LOCAL[10] or LOCAL[12, 5x5, S=1, P=2]"

    def connections(self, input: Volume) -> int:
        """F*F*D: local in space, full along the depth."""
        across, down = both(self.field)
        return across * down * input.depth

    def notation(self) -> str:
        """Canonical text, as LOCAL[10] or LOCAL[16, 9x9, S=2, P=0]."""
        return self._text(self._entries())

    def parameter_shapes(self, input: Volume) -> dict[str, tuple[int, ...]]:
        """Weights ``(H, W, K, D, F, F)`` and biases ``(H, W, K)``: every neuron has its own."""
        (across, down), output = both(self.field), self.output(input)
        places = (output.height, output.width, self.filters)
        return {"weights": (*places, input.depth, down, across), "biases": places}

    def forward(self, x: Array, parameters: Parameters) -> Array:
        """Dot products of every position's filters with what the input holds there, plus their biases."""
        rows, columns = self.windows(volume_of(x))
        weights, padded = parameters["weights"], pad(x, rows, columns)
        y = np.zeros((len(x), rows.count, columns.count, self.filters)) + parameters["biases"]
        for r, down in enumerate(rows.taps()):
            for c, across in enumerate(columns.taps()):
                y += np.einsum("nhwd,hwkd->nhwk", padded[:, down, across], weights[..., r, c])
        return y

    def backward(self, x: Array, parameters: Parameters, y: Array, dy: Array) -> tuple[Array, dict[str, Array]]:
        """Gradients on the input, the weights and the biases."""
        rows, columns = self.windows(volume_of(x))
        weights, padded = parameters["weights"], pad(x, rows, columns)
        dpadded, dweights = np.zeros_like(padded), np.zeros(weights.shape)
        for r, down in enumerate(rows.taps()):
            for c, across in enumerate(columns.taps()):
                dpadded[:, down, across] += np.einsum("nhwk,hwkd->nhwd", dy, weights[..., r, c])
                dweights[..., r, c] = np.einsum("nhwk,nhwd->hwkd", dy, padded[:, down, across])
        return unpad(dpadded, rows, columns), {"weights": dweights, "biases": dy.sum(0)}
