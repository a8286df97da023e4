"""How gradients move the parameters: SGD with momentum and L2 regularisation."""

from __future__ import annotations

import math
from dataclasses import dataclass

from striate.errors import ArgumentError


@dataclass(frozen=True)
class SGD:
    """v = momentum*v + g + l2*w, then w = w - lr*v: PyTorch's formula.

    ``l2`` acts on weights and not on biases, as in the notes. With momentum 0 and l2 0 it is plain gradient
    descent. Raises ArgumentError for numbers that are negative, not finite, or a momentum of 1 and more.

    >>> SGD(lr=0.01, momentum=0.9)
    SGD(lr=0.01, momentum=0.9, l2=0.0)
    """

    lr: float = 0.01
    momentum: float = 0.9
    l2: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("lr", self.lr), ("momentum", self.momentum), ("l2", self.l2)):
            if not math.isfinite(value) or value < 0:
                raise ArgumentError(f"{name} is a finite number, zero or more, not {value}: try SGD(lr=0.01)")
        if self.momentum >= 1:
            raise ArgumentError(f"momentum is below 1 (past steps must fade), not {self.momentum}: try 0.9")
