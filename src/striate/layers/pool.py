"""POOL: one number for each window, in each depth slice on its own: the largest, the average, or the l2 norm."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import numpy as np

from striate.errors import NotationError
from striate.layers.layer import Array, Parameters, Setting
from striate.layers.sides import Lengths, Sides, both, sides_text
from striate.layers.sliding import Sliding, volume_of
from striate.layers.window import pad, unpad
from striate.volume import Volume

__all__ = ["KINDS", "Pool"]

KINDS = ("max", "average", "l2")  #: what POOL makes of a window


@dataclass(frozen=True)
class Pool(Sliding):
    """POOL[FxF, S=.., P=.., of]: max pooling; ``field`` 2, ``stride`` 2 and no ``padding`` if left out.

    Each is one number or two, along the width and the height. ``of``: ``max``; ``average``, the sum divided by F*F; or
    ``l2``, the root of the sum of squares, whose gradient is 0 where all of the window is. Padding adds zeros that take
    part like any other number: an average is of F*F numbers at the border too. Raises NotationError for settings that
    make no sense, such as P >= F.

    >>> Pool().output(Volume(32, 32, 12))
    Volume(width=16, height=16, depth=12)
    >>> import numpy as np
    >>> x = np.array([3.0, 4.0, 0.0, 0.0]).reshape(1, 2, 2, 1)
    >>> [Pool(of=of).forward(x, {}).item() for of in KINDS]
    [4.0, 1.75, 5.0]
    """

    field: Sides = 2
    stride: Sides = 2
    padding: Sides = 0
    fit: str = "raise"
    of: str = "max"

    kind: ClassVar[str] = "POOL"
    settings: ClassVar[tuple[Setting, ...]] = (
        Lengths("F", "field", "the side of the window"),
        Lengths("S", "stride", "the stride"),
        Lengths("P", "padding", "the zero-padding", 0),
    )
    number: ClassVar[str] = "F"
    size: ClassVar[str] = "F"
    words: ClassVar[tuple[str, ...]] = KINDS
    word: ClassVar[str] = "of"
    example: ClassVar[str] = "POOL or POOL[3x3, S=2]"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.of not in KINDS:
            raise NotationError(f"{self.kind} takes one of {', '.join(KINDS)}, not {self.of!r}")

    def output(self, input: Volume) -> Volume:
        """((W - F + 2*P)/S + 1) wide, likewise high, and as deep as the input."""
        rows, columns = self.windows(input)
        return Volume(columns.count, rows.count, input.depth)

    def connections(self, input: Volume) -> int:
        """F*F: each depth slice is pooled on its own."""
        across, down = both(self.field)
        return across * down

    def flops(self, input: Volume) -> int:
        """For each output F*F - 1 comparisons; F*F - 1 additions and a product; or F*F multiply-adds and a root."""
        connections = self.connections(input)
        each = {"max": connections - 1, "average": connections, "l2": 2 * connections + 1}
        return each[self.of] * self.output(input).size

    def notation(self) -> str:
        """Canonical text, as POOL, POOL[average] or POOL[3x3, S=2, l2]: S always stands beside a size, to be plain."""
        word = [] if self.of == "max" else [self.of]
        if self == Pool(of=self.of):
            return f"{self.kind}[{self.of}]" if word else self.kind
        entries = ["x".join(map(str, both(self.field))), f"S={sides_text(self.stride)}"]
        if self.padding:
            entries.append(f"P={sides_text(self.padding)}")
        return self._text(entries, word)

    def forward(self, x: Array, parameters: Parameters) -> Array:
        """The maximum of each window, its average, or its l2 norm."""
        taps = self._taps(x)
        if self.of == "average":
            return np.asarray(taps.mean(0))
        return np.asarray(np.sqrt((taps * taps).sum(0)) if self.of == "l2" else taps.max(0))

    def backward(self, x: Array, parameters: Parameters, y: Array, dy: Array) -> tuple[Array, dict[str, Array]]:
        """The gradient goes to the first maximum of each window, in row-major order; to all alike; or as x / y does."""
        rows, columns = self.windows(volume_of(x))
        taps = self._taps(x)
        if self.of == "average":
            shares = np.full_like(taps, 1 / len(taps))
        elif self.of == "l2":
            norm = np.sqrt((taps * taps).sum(0))
            shares = taps / np.where(norm > 0, norm, 1.0)
        else:
            shares = (taps.argmax(0) == np.arange(len(taps)).reshape(-1, 1, 1, 1, 1)).astype(np.float64)
        dpadded = np.zeros_like(pad(x, rows, columns))
        for share, (down, across) in zip(shares, product(rows.taps(), columns.taps()), strict=True):
            dpadded[:, down, across] += share * dy
        return unpad(dpadded, rows, columns), {}

    def _taps(self, x: Array) -> Array:
        """``(F*F, N, H, W, D)``: what every window holds, in row-major order."""
        rows, columns = self.windows(volume_of(x))
        padded = pad(x, rows, columns)
        return np.stack([padded[:, down, across] for down in rows.taps() for across in columns.taps()])
