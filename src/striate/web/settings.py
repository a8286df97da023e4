"""The settings of a run: what they may be, and which of them may change while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from striate.optimizers import SGD

VALIDATION = 0.1  # of the training images, held out as in `striate train`


@dataclass(frozen=True, slots=True)
class Settings:
    """How a run trains; `dropout` is the rate of every DROPOUT layer, None for those of the line.

    >>> Settings().changed({"lr": 0.1}).optimizer
    SGD(lr=0.1, momentum=0.9, l2=0.0005)
    """

    epochs: int = 20
    batch: int = 32
    lr: float = 0.01
    momentum: float = 0.9
    l2: float = 5e-4
    dropout: float | None = None
    schedule: str = "cosine"
    loss: str = "softmax"
    seed: int = 0

    @property
    def optimizer(self) -> SGD:
        """The optimiser before the schedule."""
        return SGD(lr=self.lr, momentum=self.momentum, l2=self.l2)

    def changed(self, values: Mapping[str, Any]) -> Settings:
        """These settings with some of them replaced."""
        return replace(self, **values)

    def to_json(self) -> dict[str, Any]:
        """Plain values by name."""
        return asdict(self)
