"""DROPOUT: in training each number is left out at random, so that no neuron relies on another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from striate.layers.layer import Array, Layer, Parameters, Setting, Share
from striate.volume import Volume

__all__ = ["Dropout"]


@dataclass(frozen=True)
class Dropout(Layer):
    """DROPOUT[p]: in training each number is dropped, set to zero, with probability ``rate``, and the others grow.

    Inverted dropout (Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR
    15, 2014, scaled in training): y = x * kept / (1 - p), where ``kept`` is 1 with probability 1 - p and else 0. So
    the mean of y is x, and scores are made without any change. Which numbers are kept is no matter of the layer:
    ``forward`` and ``backward`` take them as the parameter ``kept``, shaped as x, and without it keep all unscaled.

    >>> import numpy as np
    >>> Dropout(0.75).forward(np.array([1.0, 2.0, 3.0]), {"kept": np.array([1, 0, 1])})
    array([ 4.,  0., 12.])
    >>> Dropout(0.75).forward(np.array([1.0, 2.0, 3.0]), {})
    array([1., 2., 3.])
    """

    rate: float = 0.5

    kind: ClassVar[str] = "DROPOUT"
    settings: ClassVar[tuple[Setting, ...]] = (Share("p", "rate", "the share of the numbers that are dropped"),)
    number: ClassVar[str] = "p"
    example: ClassVar[str] = "DROPOUT or DROPOUT[0.3]"

    def output(self, input: Volume) -> Volume:
        """The input's volume, unchanged."""
        return input

    def connections(self, input: Volume) -> int:
        """One: each number depends on its own input alone."""
        return 1

    def flops(self, input: Volume) -> int:
        """None: scores are made without it."""
        return 0

    def notation(self) -> str:
        """Canonical text, as DROPOUT or DROPOUT[0.3]: every digit that the rate needs, and no exponent."""
        if self == Dropout():
            return self.kind
        return f"{self.kind}[{np.format_float_positional(self.rate, trim='-')}]"

    def forward(self, x: Array, parameters: Parameters) -> Array:
        """x * kept / (1 - p); x itself where nothing is said of ``kept``."""
        return x * self._factors(parameters)

    def backward(self, x: Array, parameters: Parameters, y: Array, dy: Array) -> tuple[Array, dict[str, Array]]:
        """The gradient takes the same way: dy * kept / (1 - p)."""
        return dy * self._factors(parameters), {}

    def _factors(self, parameters: Parameters) -> Array:
        if "kept" not in parameters:
            return np.ones(())
        return np.asarray(parameters["kept"], np.float64) / (1 - self.rate)
