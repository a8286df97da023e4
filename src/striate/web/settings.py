"""The settings of a run: what they may be, and which of them may change while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from striate.optimizers import OPTIMIZERS, SGD, AdamW, Optimizer

VALIDATION = 0.1  # of the training images, held out as in `striate train`
NESTEROV = "nesterov"  # SGD's other formula has a name of its own here
RATES = {
    "sgd": 0.01, NESTEROV: 0.01, "adagrad": 0.01, "adadelta": 1.0, "rmsprop": 0.001, "adam": 0.001, "adamw": 0.001
}  # fmt: skip
"""The optimizers that the page offers, and a learning rate that suits each."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a run trains; `dropout` is the rate of every DROPOUT layer, None for those of the line.

    `momentum` is SGD's alone. AdamW takes `l2` for what its weights decay by.

    >>> Settings().changed({"lr": 0.1}).rule
    SGD(lr=0.1, momentum=0.9, l2=0.0005)
    """

    epochs: int = 20
    batch: int = 32
    optimizer: str = "sgd"
    lr: float = 0.01
    momentum: float = 0.9
    l2: float = 5e-4
    dropout: float | None = None
    schedule: str = "cosine"
    loss: str = "softmax"
    seed: int = 0

    @property
    def rule(self) -> Optimizer:
        """The optimizer before the schedule."""
        if self.optimizer in ("sgd", NESTEROV):
            return SGD(self.lr, self.momentum, self.l2, nesterov=self.optimizer == NESTEROV)
        kind = OPTIMIZERS[self.optimizer]
        if issubclass(kind, AdamW):
            return kind(lr=self.lr, weight_decay=self.l2)
        return kind(lr=self.lr, l2=self.l2)  # type: ignore[call-arg]

    def changed(self, values: Mapping[str, Any]) -> Settings:
        """These settings with some of them replaced."""
        return replace(self, **values)

    def to_json(self) -> dict[str, Any]:
        """Plain values by name."""
        return asdict(self)

    def to_notes(self) -> dict[str, Any]:
        """What a model file says of them: what the optimizer does not have is not mentioned.

        >>> Settings(optimizer="adam").to_notes()
        {'batch': 32, 'schedule': 'cosine', 'seed': 0, 'optimizer': 'adam', 'lr': 0.01, 'l2': 0.0005}
        """
        notes: dict[str, Any] = {name: getattr(self, name) for name in ("batch", "schedule", "seed")}
        rule = self.rule
        notes["optimizer"] = type(rule).__name__.lower()
        for name in ("nesterov", "lr", "momentum", "l2", "weight_decay"):
            value = getattr(rule, name, None)
            if value is not None and (value or name != "nesterov"):
                notes[name] = value
        return notes
