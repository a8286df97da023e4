"""BN: batch normalization, every depth slice brought to a mean and a spread that are learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from striate.layers.layer import Array, Layer, Parameters, Real, Setting
from striate.volume import Volume

__all__ = ["Bn"]

_OVER = (0, 1, 2)  # a depth slice of the whole batch: images, rows, columns


@dataclass(frozen=True)
class Bn(Layer):
    """BN[eps=.., momentum=..]: y = (x - mean) / sqrt(variance + eps) * weight + bias, for each depth slice.

    Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
    ICML 2015. In training, mean and variance are those of the slice over the batch: all images, rows and columns; and
    each step moves the running ones, the layer's state: running = (1 - momentum) * running + momentum * batch, where
    the variance of the batch is the unbiased one, divided by one less than its numbers (a batch of a single number
    has none, and leaves the state as it is). Scores are made with the running ones. There is no mode to be set:
    ``forward`` and ``backward`` use ``mean`` and ``variance`` where the parameters hold them, and else those of x.

    Weights and biases are ``(D,)``, one for each slice, and so is the state. L2 leaves these weights alone.

    >>> import numpy as np
    >>> plain = {"weights": np.ones(1), "biases": np.zeros(1)}
    >>> x = np.array([1.0, 2.0, 3.0]).reshape(3, 1, 1, 1)
    >>> Bn().forward(x, plain).ravel().round(3)
    array([-1.225,  0.   ,  1.225])
    >>> state = {"mean": np.zeros(1), "variance": np.ones(1)}
    >>> Bn(momentum=0.5).next_state(x, state)
    {'mean': array([1.]), 'variance': array([1.])}
    >>> Bn().forward(x, plain | state).ravel().round(3)
    array([1., 2., 3.])
    """

    eps: float = 1e-5
    momentum: float = 0.1

    kind: ClassVar[str] = "BN"
    settings: ClassVar[tuple[Setting, ...]] = (
        Real("eps", "eps", "what keeps the variance from being zero", low=1e-12, high=1, usual="0.00001"),
        Real("momentum", "momentum", "the share of a new batch in the running statistics", high=1, usual="0.1"),
    )
    example: ClassVar[str] = "BN or BN[eps=0.001, momentum=0.01]"

    def output(self, input: Volume) -> Volume:
        """The input's volume, unchanged."""
        return input

    def connections(self, input: Volume) -> int:
        """One: in scores, each number depends on its own input alone."""
        return 1

    def flops(self, input: Volume) -> int:
        """A multiply-add for each number: that is what scores do."""
        return 2 * input.size

    def notation(self) -> str:
        """Canonical text, as BN or BN[eps=0.001]: every digit that a number needs, and no exponent."""
        own, plain = (self.eps, self.momentum), (Bn.eps, Bn.momentum)
        said = [
            f"{setting.letter}={np.format_float_positional(value, trim='-')}"
            for setting, value, usual in zip(self.settings, own, plain, strict=True)
            if value != usual
        ]
        return f"{self.kind}[{', '.join(said)}]" if said else self.kind

    def parameter_shapes(self, input: Volume) -> dict[str, tuple[int, ...]]:
        """Weights and biases ``(D,)``, the spread and the mean that every slice shall have."""
        return {"weights": (input.depth,), "biases": (input.depth,)}

    def state_shapes(self, input: Volume) -> dict[str, tuple[int, ...]]:
        """The running mean and variance ``(D,)``."""
        return {"mean": (input.depth,), "variance": (input.depth,)}

    def next_state(self, x: Array, parameters: Parameters) -> dict[str, Array]:
        """The running mean and variance after a training step on ``x``."""
        mean, variance = (np.asarray(parameters[name], np.float64) for name in ("mean", "variance"))
        numbers = x[..., 0].size
        if numbers < 2:
            return {"mean": mean, "variance": variance}
        m = self.momentum
        return {
            "mean": (1 - m) * mean + m * x.mean(_OVER),
            "variance": (1 - m) * variance + m * x.var(_OVER) * numbers / (numbers - 1),
        }

    def forward(self, x: Array, parameters: Parameters) -> Array:
        """Normalised by the running statistics if they are there, else by those of ``x``; then scaled and shifted."""
        normal, _ = self._normal(x, parameters)
        y: Array = normal * parameters["weights"] + parameters["biases"]
        return y

    def backward(self, x: Array, parameters: Parameters, y: Array, dy: Array) -> tuple[Array, dict[str, Array]]:
        """Gradients on the input, the weights and the biases; through the statistics, where they are those of ``x``."""
        normal, inverse = self._normal(x, parameters)
        sums = {"weights": (dy * normal).sum(_OVER), "biases": dy.sum(_OVER)}
        if "mean" not in parameters:
            numbers = x[..., 0].size
            dy = dy - (sums["biases"] + normal * sums["weights"]) / numbers
        return dy * parameters["weights"] * inverse, sums

    def _normal(self, x: Array, parameters: Parameters) -> tuple[Array, Array]:
        """``(x normalised, 1 / sqrt(variance + eps))``."""
        there = "mean" in parameters
        mean, variance = (parameters["mean"], parameters["variance"]) if there else (x.mean(_OVER), x.var(_OVER))
        inverse: Array = 1 / np.sqrt(variance + self.eps)
        normal: Array = (x - mean) * inverse
        return normal, inverse
