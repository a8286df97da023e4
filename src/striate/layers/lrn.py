"""LRN: local response normalization, each number by those of neighbouring depth slices at its position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from striate.layers.layer import Array, Layer, Parameters, Real, Setting
from striate.volume import Volume

__all__ = ["Lrn"]


@dataclass(frozen=True)
class Lrn(Layer):
    """LRN[n, alpha=.., beta=.., k=..]: y = x / (k + alpha/n * sum)^beta, the sum of the squares of n depth slices.

    The window of slice d goes from d - floor((n-1)/2) to d + ceil((n-1)/2), as far as there are slices. Source: ONNX,
    operator LRN, whose alpha is divided by n; after Krizhevsky, Sutskever and Hinton, "ImageNet Classification with
    Deep Convolutional Neural Networks", NIPS 2012, where it is not. The least k keeps 1/k^beta within float32.

    >>> import numpy as np
    >>> Lrn(2, alpha=2, beta=1, k=1).forward(np.array([[[[1.0, 2.0]]]]), {})
    array([[[[0.16666667, 0.4       ]]]])
    """

    slices: int = 5
    alpha: float = 0.0001
    beta: float = 0.75
    k: float = 1

    kind: ClassVar[str] = "LRN"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("n", "slices", "the number of depth slices that are summed over"),
        Real("alpha", "alpha", "the weight of their mean square", low=0, usual="0.0001"),
        Real("beta", "beta", "the exponent", low=0, high=10, usual="0.75"),
        Real("k", "k", "what is added to the mean square", low=0.001, usual="1"),
    )
    number: ClassVar[str] = "n"
    example: ClassVar[str] = "LRN or LRN[5, alpha=0.0001, beta=0.75, k=1]"

    def reach(self, depth: int) -> tuple[int, int]:
        """How many slices before and after its own a number's window holds, no more than ``depth`` has.

        >>> Lrn(5).reach(96), Lrn(4).reach(96), Lrn(5).reach(2)
        ((2, 2), (1, 2), (1, 1))
        """
        return min((self.slices - 1) // 2, depth - 1), min(self.slices // 2, depth - 1)

    def output(self, input: Volume) -> Volume:
        """The input's volume, unchanged."""
        return input

    def connections(self, input: Volume) -> int:
        """n: as many slices as the window holds, or all there are."""
        before, after = self.reach(input.depth)
        return min(before + 1 + after, input.depth)

    def flops(self, input: Volume) -> int:
        """For each number, n multiply-adds, one more with alpha and k, a power and a product."""
        return (2 * self.connections(input) + 4) * input.size

    def notation(self) -> str:
        """Canonical text, as LRN or LRN[3, alpha=0.0005, k=2]: what stands at its default is left out."""
        usual = Lrn()
        parts = [str(self.slices)] if self.slices != usual.slices else []
        for name in ("alpha", "beta", "k"):
            if getattr(self, name) != getattr(usual, name):
                parts.append(f"{name}={np.format_float_positional(getattr(self, name), trim='-')}")
        return f"{self.kind}[{', '.join(parts)}]" if parts else self.kind

    def forward(self, x: Array, parameters: Parameters) -> Array:
        """x / (k + alpha/n * the sum of squares)^beta."""
        return np.asarray(x / self._base(x) ** self.beta)

    def backward(self, x: Array, parameters: Parameters, y: Array, dy: Array) -> tuple[Array, dict[str, Array]]:
        """dy / base^beta - 2*alpha*beta/n * x * the sum of dy*y/base over all windows that hold the number."""
        base = self._base(x)
        before, after = self.reach(x.shape[3])
        pulled = self._summed(dy * y / base, after, before)
        return np.asarray(dy / base**self.beta - 2 * self.alpha * self.beta / self.slices * x * pulled), {}

    def _base(self, x: Array) -> Array:
        return self.k + self.alpha / self.slices * self._summed(x * x, *self.reach(x.shape[3]))

    @staticmethod
    def _summed(numbers: Array, before: int, after: int) -> Array:
        """For each depth slice the sum over those from ``before`` ahead of it to ``after`` behind it."""
        depth = numbers.shape[3]
        slices = [numbers[..., max(0, d - before) : d + after + 1].sum(3) for d in range(depth)]
        return np.stack(slices, 3)
