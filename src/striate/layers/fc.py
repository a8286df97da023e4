"""FC: every neuron is connected to all the numbers of the previous volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from striate.layers.layer import Array, Layer, Parameters, Setting
from striate.volume import Volume

__all__ = ["Fc"]


@dataclass(frozen=True)
class Fc(Layer):
    """FC[n]: ``outputs`` neurons, each connected to the whole input volume; makes [1x1xn].

    Weights are ``(n, D*H*W)``, the inputs in D, H, W order; biases are ``(n,)``, if it is ``biased``: a
    network's FC is not where BN alone reads its results.

    >>> Fc(1).parameter_shapes(Volume(32, 32, 3))
    {'weights': (1, 3072), 'biases': (1,)}
    """

    outputs: int
    biased: bool = True

    kind: ClassVar[str] = "FC"
    settings: ClassVar[tuple[Setting, ...]] = (Setting("n", "outputs", "the number of neurons"),)
    required: ClassVar[tuple[str, ...]] = ("n",)
    number: ClassVar[str] = "n"
    example: ClassVar[str] = "FC[10]"

    def output(self, input: Volume) -> Volume:
        """One number a neuron, arranged along the depth: [1x1xn]."""
        return Volume(1, 1, self.outputs)

    def connections(self, input: Volume) -> int:
        """All of them: W*H*D."""
        return input.size

    def flops(self, input: Volume) -> int:
        """A multiply-add for each weight; the bias begins the sum."""
        return 2 * input.size * self.outputs

    def notation(self) -> str:
        """Canonical text, as FC[10]."""
        return f"{self.kind}[{self.outputs}]"

    def parameter_shapes(self, input: Volume) -> dict[str, tuple[int, ...]]:
        """Weights ``(n, D*H*W)`` and, if ``biased``, biases ``(n,)``."""
        weights: dict[str, tuple[int, ...]] = {"weights": (self.outputs, input.size)}
        return {**weights, "biases": (self.outputs,)} if self.biased else weights

    def receptive(self, input: Volume) -> tuple[int, int, int, int]:
        """The whole input; there is but one position."""
        return (input.width, input.height, 1, 1)

    def forward(self, x: Array, parameters: Parameters) -> Array:
        """The dot product of each neuron's weights with the input, plus its bias: ``(N, 1, 1, n)``."""
        y: Array = _flat(x) @ parameters["weights"].T + parameters.get("biases", 0)
        return y.reshape(len(x), 1, 1, self.outputs)

    def backward(self, x: Array, parameters: Parameters, y: Array, dy: Array) -> tuple[Array, dict[str, Array]]:
        """Gradients on the input, the weights and the biases."""
        images, height, width, depth = x.shape
        flat_dy = dy.reshape(images, self.outputs)
        dx = (flat_dy @ parameters["weights"]).reshape(images, depth, height, width)
        found = {"weights": flat_dy.T @ _flat(x), "biases": flat_dy.sum(0)}
        return dx.transpose(0, 2, 3, 1), found if self.biased else {"weights": found["weights"]}


def _flat(x: Array) -> Array:
    """``(N, H, W, D)`` as ``(N, D*H*W)``, in D, H, W order."""
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2)).reshape(len(x), -1)
