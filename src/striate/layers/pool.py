"""POOL: the largest number of each window, in each depth slice on its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from striate.layers.layer import Array, Layer, Parameters, Setting
from striate.layers.sides import Lengths, Sides, both, sides_text, simple
from striate.layers.window import Window, check_window, fits_neatly, pad, unpad, windows
from striate.volume import Volume

__all__ = ["Pool"]


@dataclass(frozen=True)
class Pool(Layer):
    """POOL[FxF, S=.., P=..]: max pooling; ``field`` 2, ``stride`` 2 and no ``padding`` if left out.

    Each is one number or two, along the width and the height.
    Padding adds zeros that take part in the maximum like any other number.
    Raises NotationError for settings that make no sense, such as P >= F.

    >>> Pool().output(Volume(32, 32, 12))
    Volume(width=16, height=16, depth=12)
    """

    field: Sides = 2
    stride: Sides = 2
    padding: Sides = 0
    fit: str = "raise"

    kind: ClassVar[str] = "POOL"
    settings: ClassVar[tuple[Setting, ...]] = (
        Lengths("F", "field", "the side of the window"),
        Lengths("S", "stride", "the stride"),
        Lengths("P", "padding", "the zero-padding", 0),
    )
    number: ClassVar[str] = "F"
    size: ClassVar[str] = "F"
    example: ClassVar[str] = "POOL or POOL[3x3, S=2]"

    def __post_init__(self) -> None:
        for name in ("field", "stride", "padding"):
            object.__setattr__(self, name, simple(getattr(self, name)))
        super().__post_init__()
        check_window(self.kind, self.field, self.padding, self.fit)

    def windows(self, input: Volume) -> tuple[Window, Window]:
        """The windows over the rows and the columns of ``input``; FitError where they do not fit."""
        return windows(input, self.field, self.stride, self.padding, self.fit)

    def output(self, input: Volume) -> Volume:
        """((W - F + 2*P)/S + 1) wide, likewise high, and as deep as the input."""
        rows, columns = self.windows(input)
        return Volume(columns.count, rows.count, input.depth)

    def settled(self, input: Volume) -> Pool:
        """This layer without a ``fit`` that changes nothing on ``input``."""
        neat = fits_neatly(input, self.field, self.stride, self.padding)
        return replace(self, fit="raise") if neat else self

    def connections(self, input: Volume) -> int:
        """F*F: each depth slice is pooled on its own."""
        across, down = both(self.field)
        return across * down

    def flops(self, input: Volume) -> int:
        """F*F - 1 comparisons for each output."""
        return (self.connections(input) - 1) * self.output(input).size

    def notation(self) -> str:
        """Canonical text, as POOL or POOL[3x3, S=2]: S always stands beside a size, to be plain."""
        if self == Pool():
            return self.kind
        parts = ["x".join(map(str, both(self.field))), f"S={sides_text(self.stride)}"]
        if self.padding:
            parts.append(f"P={sides_text(self.padding)}")
        if self.fit != "raise":
            parts.append(f"fit={self.fit}")
        return f"{self.kind}[{', '.join(parts)}]"

    def receptive(self, input: Volume) -> tuple[int, int, int, int]:
        """F by F, S apart."""
        return (*both(self.field), *both(self.stride))

    def forward(self, x: Array, parameters: Parameters) -> Array:
        """The maximum of each window."""
        y: Array = self._taps(x).max(0)
        return y

    def backward(self, x: Array, parameters: Parameters, y: Array, dy: Array) -> tuple[Array, dict[str, Array]]:
        """The gradient goes to the first maximum of each window, in row-major order."""
        rows, columns = self.windows(Volume(x.shape[2], x.shape[1], x.shape[3]))
        winner = self._taps(x).argmax(0)
        dpadded = np.zeros_like(pad(x, rows, columns))
        for r, down in enumerate(rows.taps()):
            for c, across in enumerate(columns.taps()):
                dpadded[:, down, across] += np.where(winner == r * columns.field + c, dy, 0.0)
        return unpad(dpadded, rows, columns), {}

    def _taps(self, x: Array) -> Array:
        """``(F*F, N, H, W, D)``: what every window holds, in row-major order."""
        rows, columns = self.windows(Volume(x.shape[2], x.shape[1], x.shape[3]))
        padded = pad(x, rows, columns)
        return np.stack([padded[:, down, across] for down in rows.taps() for across in columns.taps()])
