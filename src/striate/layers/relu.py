"""RELU: max(0, x), thresholding at zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from striate.layers.layer import Array, Layer, Parameters
from striate.volume import Volume

__all__ = ["Relu"]


@dataclass(frozen=True)
class Relu(Layer):
    """RELU: max(0, x) at every number; the volume keeps its size.

    >>> import numpy as np
    >>> Relu().forward(np.array([-1.0, 0.0, 2.0]), {})
    array([0., 0., 2.])
    """

    kind: ClassVar[str] = "RELU"
    example: ClassVar[str] = "RELU"

    def output(self, input: Volume) -> Volume:
        """The input's volume, unchanged."""
        return input

    def connections(self, input: Volume) -> int:
        """One: each number depends on its own input alone."""
        return 1

    def flops(self, input: Volume) -> int:
        """One comparison a number."""
        return input.size

    def notation(self) -> str:
        """Canonical text: RELU."""
        return self.kind

    def forward(self, x: Array, parameters: Parameters) -> Array:
        """max(0, x)."""
        return np.maximum(x, 0.0)

    def backward(self, x: Array, parameters: Parameters, y: Array, dy: Array) -> tuple[Array, dict[str, Array]]:
        """The gradient where x > 0; nothing at x <= 0."""
        return np.where(x > 0, dy, 0.0), {}
