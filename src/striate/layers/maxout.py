"""MAXOUT: the largest of every few neighbouring depth slices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from striate.errors import FitError
from striate.layers.layer import Array, Layer, Parameters, Setting
from striate.volume import Volume

__all__ = ["Maxout"]


@dataclass(frozen=True)
class Maxout(Layer):
    """MAXOUT[k]: output slice d is the maximum of the input's slices k*d to k*d + k - 1, number by number.

    Behind a CONV or FC of k*n filters or neurons these are n units that each take the largest of k linear functions.
    Source: Goodfellow et al., "Maxout networks", ICML 2013; the notes, "Commonly used activation functions".

    >>> Maxout().output(Volume(8, 8, 12))
    Volume(width=8, height=8, depth=6)
    """

    pieces: int = 2

    kind: ClassVar[str] = "MAXOUT"
    settings: ClassVar[tuple[Setting, ...]] = (Setting("k", "pieces", "the number of slices that become one", 2),)
    number: ClassVar[str] = "k"
    example: ClassVar[str] = "MAXOUT or MAXOUT[3]"

    def output(self, input: Volume) -> Volume:
        """D/k deep; FitError where that is no whole number."""
        if input.depth % self.pieces:
            raise FitError(_misfit(input.depth, self.pieces))
        return Volume(input.width, input.height, input.depth // self.pieces)

    def connections(self, input: Volume) -> int:
        """k: a number of every slice that becomes one."""
        return self.pieces

    def flops(self, input: Volume) -> int:
        """k - 1 comparisons for each output."""
        return (self.pieces - 1) * (input.size // self.pieces)

    def notation(self) -> str:
        """Canonical text, as MAXOUT or MAXOUT[3]."""
        return self.kind if self == Maxout() else f"{self.kind}[{self.pieces}]"

    def forward(self, x: Array, parameters: Parameters) -> Array:
        """The maximum of every k neighbouring slices.

        >>> Maxout(3).forward(np.array([1.0, 5.0, 2.0, -1.0, -3.0, -2.0]).reshape(1, 1, 1, 6), {}).ravel()
        array([ 5., -1.])
        """
        return np.asarray(self._together(x).max(-1), np.float64)

    def backward(self, x: Array, parameters: Parameters, y: Array, dy: Array) -> tuple[Array, dict[str, Array]]:
        """The gradient goes to the first of the largest."""
        together = self._together(x)
        won = together.argmax(-1)[..., None] == np.arange(self.pieces)
        return np.where(won, dy[..., None], 0.0).reshape(x.shape), {}

    def _together(self, x: Array) -> Array:
        """``(N, H, W, D/k, k)``: the slices that become one."""
        return x.reshape(*x.shape[:3], x.shape[3] // self.pieces, self.pieces)


def _misfit(depth: int, pieces: int) -> str:
    """The arithmetic, and the nearest k and D that fit.

    >>> _misfit(9, 2)
    'D/k = 9/2 = 4.5 is no whole number: try k=3, or D=8 or D=10'
    """
    divisors = [k for k in range(2, depth + 1) if depth % k == 0]
    near = [max((k for k in divisors if k < pieces), default=0), min((k for k in divisors if k > pieces), default=0)]
    ways = [" or ".join(f"k={k}" for k in near if k)] if any(near) else []
    below = depth - depth % pieces
    ways.append(" or ".join(f"D={d}" for d in (below, below + pieces) if d))
    digits = len(str(depth // pieces)) + 3
    quotient = np.format_float_positional(depth / pieces, digits, fractional=False, trim="-")
    return f"D/k = {depth}/{pieces} = {quotient} is no whole number: try {', or '.join(ways)}"
