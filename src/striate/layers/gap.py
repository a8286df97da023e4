"""GAP: global average pooling, each depth slice as one number, the mean of all its positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from striate.layers.layer import Array, Layer, Parameters
from striate.layers.window import Window, window
from striate.volume import Volume

__all__ = ["Gap"]


@dataclass(frozen=True)
class Gap(Layer):
    """GAP: the mean of every depth slice; the volume becomes 1x1xD.

    Source: Lin, Chen and Yan, "Network In Network", ICLR 2014. It is POOL[average] with one window as wide and as high
    as its input.

    >>> import numpy as np
    >>> Gap().output(Volume(7, 5, 12))
    Volume(width=1, height=1, depth=12)
    >>> Gap().forward(np.array([[[[1.0], [2.0], [6.0]]]]), {}).item()
    3.0
    """

    kind: ClassVar[str] = "GAP"
    example: ClassVar[str] = "GAP"

    def windows(self, input: Volume) -> tuple[Window, Window]:
        """The one window, over the rows and over the columns of ``input``."""
        return window(input.height, input.height, 1, 0), window(input.width, input.width, 1, 0)

    def output(self, input: Volume) -> Volume:
        """1x1, and as deep as the input."""
        return Volume(1, 1, input.depth)

    def connections(self, input: Volume) -> int:
        """W*H: each depth slice is averaged on its own."""
        return input.width * input.height

    def flops(self, input: Volume) -> int:
        """W*H - 1 additions and a multiplication for each depth slice."""
        return input.size

    def notation(self) -> str:
        """Canonical text: GAP."""
        return self.kind

    def receptive(self, input: Volume) -> tuple[int, int, int, int]:
        """All of the input."""
        return (input.width, input.height, 1, 1)

    def forward(self, x: Array, parameters: Parameters) -> Array:
        """The mean of each depth slice."""
        return np.asarray(x.mean((1, 2), keepdims=True))

    def backward(self, x: Array, parameters: Parameters, y: Array, dy: Array) -> tuple[Array, dict[str, Array]]:
        """Every position gets the same share of its slice's gradient."""
        return np.broadcast_to(dy / (x.shape[1] * x.shape[2]), x.shape).copy(), {}
