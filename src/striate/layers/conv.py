"""CONV: filters slide over the input and take dot products with all of its depth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, cast

import numpy as np

from striate.errors import NotationError
from striate.layers.layer import Array, Layer, Parameters, Setting
from striate.layers.window import Window, check_window, fits_neatly, pad, unpad, windows
from striate.volume import Volume

__all__ = ["Conv"]


@dataclass(frozen=True)
class Conv(Layer):
    """CONV[K, FxF, S=.., P=..]: ``filters`` filters of ``field`` x ``field``, moved by ``stride``.

    ``padding`` zeros surround the input; left out it is (F-1)/2, which keeps the size at S=1. ``fit``
    says what happens when the filter does not fit neatly (see window). Weights are ``(K, D, F, F)``, the
    last two the rows and the columns of the filter; biases are ``(K,)``.

    Raises NotationError for settings that make no sense, such as an even F without P.

    >>> Conv(96, field=11, stride=4, padding=0).output(Volume(227, 227, 3))
    Volume(width=55, height=55, depth=96)
    """

    filters: int
    field: int = 3
    stride: int = 1
    padding: int = cast(int, None)  # resolved below: an int to everyone who reads it
    fit: str = "raise"

    kind: ClassVar[str] = "CONV"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("K", "filters", "the number of filters"),
        Setting("F", "field", "the side of a filter"),
        Setting("S", "stride", "the stride"),
        Setting("P", "padding", "the zero-padding", 0),
    )
    required: ClassVar[tuple[str, ...]] = ("K",)
    number: ClassVar[str] = "K"
    size: ClassVar[str] = "F"
    example: ClassVar[str] = "CONV[10] or CONV[12, 5x5, S=1, P=2]"

    def __post_init__(self) -> None:
        if cast(object, self.padding) is None:
            object.__setattr__(self, "padding", self._default_padding())
        super().__post_init__()
        check_window(self.kind, self.field, self.padding, self.fit)

    def _default_padding(self) -> int:
        field = self.field
        if isinstance(field, int) and field > 0 and field % 2 == 0:
            raise NotationError(
                f"F={field} is even, so the default P = (F-1)/2 = {(field - 1) / 2} is no whole number: "
                f"say P={field // 2 - 1} or P={field // 2} yourself, or use F={field - 1} or F={field + 1}"
            )
        return (field - 1) // 2 if isinstance(field, int) and field > 0 else 0

    def windows(self, input: Volume) -> tuple[Window, Window]:
        """The windows over the rows and the columns of ``input``; FitError where they do not fit."""
        return windows(input, self.field, self.stride, self.padding, self.fit)

    def output(self, input: Volume) -> Volume:
        """((W - F + 2*P)/S + 1) wide, likewise high, K deep."""
        rows, columns = self.windows(input)
        return Volume(columns.count, rows.count, self.filters)

    def settled(self, input: Volume) -> Conv:
        """This layer without a ``fit`` that changes nothing on ``input``."""
        neat = fits_neatly(input, self.field, self.stride, self.padding)
        return replace(self, fit="raise") if neat else self

    def connections(self, input: Volume) -> int:
        """F*F*D: local in space, full along the depth."""
        return self.field * self.field * input.depth

    def flops(self, input: Volume) -> int:
        """A multiply-add for each connection of each neuron; the bias begins the sum."""
        return 2 * self.connections(input) * self.output(input).size

    def notation(self) -> str:
        """Canonical text, as CONV[10] or CONV[96, 11x11, S=4, P=0]."""
        parts = [str(self.filters)]
        if self.field != 3:
            parts.append(f"{self.field}x{self.field}")
        if self.stride != 1:
            parts.append(f"S={self.stride}")
        if 2 * self.padding != self.field - 1:
            parts.append(f"P={self.padding}")
        if self.fit != "raise":
            parts.append(f"fit={self.fit}")
        return f"{self.kind}[{', '.join(parts)}]"

    def parameter_shapes(self, input: Volume) -> dict[str, tuple[int, ...]]:
        """Weights ``(K, D, F, F)`` and biases ``(K,)``, shared by all positions."""
        return {"weights": (self.filters, input.depth, self.field, self.field), "biases": (self.filters,)}

    def receptive(self, input: Volume) -> tuple[int, int, int]:
        """F by F, S apart."""
        return (self.field, self.field, self.stride)

    def forward(self, x: Array, parameters: Parameters) -> Array:
        """Dot products of every filter with the input at every position, plus the filter's bias."""
        rows, columns = self.windows(_volume(x))
        weights, padded = parameters["weights"], pad(x, rows, columns)
        y = np.zeros((len(x), rows.count, columns.count, self.filters)) + parameters["biases"]
        for r, down in enumerate(rows.taps()):
            for c, across in enumerate(columns.taps()):
                y += padded[:, down, across] @ weights[:, :, r, c].T
        return y

    def backward(self, x: Array, parameters: Parameters, y: Array, dy: Array) -> tuple[Array, dict[str, Array]]:
        """Gradients on the input, the weights and the biases."""
        rows, columns = self.windows(_volume(x))
        weights, padded = parameters["weights"], pad(x, rows, columns)
        dpadded, dweights = np.zeros_like(padded), np.zeros(weights.shape)
        for r, down in enumerate(rows.taps()):
            for c, across in enumerate(columns.taps()):
                dpadded[:, down, across] += dy @ weights[:, :, r, c]
                dweights[:, :, r, c] = np.tensordot(dy, padded[:, down, across], ((0, 1, 2), (0, 1, 2)))
        return unpad(dpadded, rows, columns), {"weights": dweights, "biases": dy.sum((0, 1, 2))}


def _volume(x: Array) -> Volume:
    """The volume of one of the images in ``x``, ``(N, H, W, D)``."""
    return Volume(x.shape[2], x.shape[1], x.shape[3])
