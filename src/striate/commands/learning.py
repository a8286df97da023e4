"""What the options of `striate train` say on optimizer, loss and schedule, made and checked."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from striate.data.dataset import Dataset
from striate.errors import ArgumentError
from striate.layers.loss import Loss
from striate.optimizers import OPTIMIZERS, Optimizer
from striate.train.schedule import Schedule, schedule

L2 = 5e-4  # unless it is said, and weights do not decay otherwise


@dataclass(frozen=True)
class Learning:
    """The options; None where the optimizer's or the schedule's own default holds."""

    optimizer: str = "sgd"
    lr: float | None = None
    momentum: float | None = None
    nesterov: bool = False
    l1: float = 0.0
    l2: float | None = None
    weight_decay: float | None = None
    max_norm: float | None = None
    clip: float | None = None
    clip_value: float | None = None
    loss: str = "softmax"
    label_smoothing: float = 0.0
    class_weights: str | None = None
    schedule: str = "cosine"
    warmup: float = 0.0
    drop: float | None = None
    drop_at: str | None = None

    def make_optimizer(self) -> Optimizer:
        """The optimizer; ArgumentError for options that it does not have, or numbers that make no sense.

        >>> Learning("adamw", lr=0.002, max_norm=3).make_optimizer()
        AdamW(lr=0.002, beta1=0.9, beta2=0.999, eps=1e-08, l2=0.0, weight_decay=0.01, max_norm=3)
        """
        kind = OPTIMIZERS[self.optimizer]
        own = {each.name for each in fields(kind)}
        asked = {"lr": self.lr, "momentum": self.momentum, "weight_decay": self.weight_decay}
        asked |= {"nesterov": self.nesterov or None}
        for name, value in asked.items():
            if value is not None and name not in own:
                raise ArgumentError(f"--{name.replace('_', '-')} {_whose(name)}: with {self.optimizer}, leave it out")
        settings: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
        settings["l2"] = self.l2 if self.l2 is not None else 0.0 if self.optimizer == "adamw" else L2
        self._check_limits()
        settings |= {"max_norm": self.max_norm, "clip_norm": self.clip, "clip_value": self.clip_value}
        return kind(**settings, l1=self.l1)

    def _check_limits(self) -> None:
        """ArgumentError in the options' own names."""
        for option, limit in (("--max-norm", self.max_norm), ("--clip", self.clip), ("--clip-value", self.clip_value)):
            if limit is not None and not 0 < limit < math.inf:
                raise ArgumentError(f"{option} is a finite number above zero, not {limit:g}: leave it out for no limit")
        if self.clip is not None and self.clip_value is not None:
            raise ArgumentError("gradients are clipped by --clip or by --clip-value, not by both: leave one out")

    def check(self, epochs: int) -> None:
        """ArgumentError for all that can be found wrong without the data."""
        self.make_optimizer()
        self.make_schedule(epochs)
        Loss(self.loss, self.label_smoothing, None if self.class_weights is None else (1.0,))

    def make_loss(self, train: Dataset) -> Loss:
        """The loss; class weights may be `balanced`: each class counts as much as any other in the training images.

        >>> from striate.data.load import load
        >>> Learning(class_weights="1, 2").make_loss(load("digits").train)
        Traceback (most recent call last):
        ...
        striate.errors.ArgumentError: --class-weights: 2 numbers, but digits has 10 classes: give 10, or balanced
        """
        weights = None
        if self.class_weights == "balanced":
            counts = np.bincount(train.labels, minlength=len(train.classes))
            if not counts.all():
                empty = train.classes[int(counts.argmin())]
                raise ArgumentError(f"--class-weights: {train.name} has no image of {empty} to balance the others with")
            weights = tuple(float(weight) for weight in len(train) / (len(counts) * counts))
        elif self.class_weights is not None:
            weights = _numbers(
                "--class-weights", self.class_weights, "one for each class, such as 1,2,0.5, or balanced"
            )
            if len(weights) != len(train.classes):
                raise ArgumentError(
                    f"--class-weights: {len(weights)} numbers, but {train.name} has {len(train.classes)} classes: "
                    f"give {len(train.classes)}, or balanced"
                )
        return Loss(self.loss, self.label_smoothing, weights)

    def make_schedule(self, epochs: int) -> Schedule:
        """The schedule for so many epochs.

        >>> round(Learning(schedule="constant", warmup=2).make_schedule(20)(0.05), 3)
        0.505
        """
        if not 0 <= self.warmup < epochs:
            raise ArgumentError(
                f"--warmup: {self.warmup:g} of {epochs} epochs: give a number from 0, and below {epochs}"
            )
        at = None
        if self.drop_at is not None:
            at = _numbers("--drop-at", self.drop_at, "fractions of the training, such as 0.5,0.75")
        return schedule(self.schedule, self.warmup / epochs, at, self.drop)

    def notes(self, optimizer: Optimizer, loss: Loss) -> dict[str, Any]:
        """What the model file says of them; what is switched off is not mentioned."""
        settings = {f.name: getattr(optimizer, f.name) for f in fields(optimizer)}
        plain = {f.name for f in fields(optimizer) if f.kw_only and settings[f.name] == f.default}
        told: dict[str, Any] = {"optimizer": self.optimizer, "schedule": self.schedule}
        told |= {name: value for name, value in settings.items() if name not in plain}
        if loss.smoothing:
            told["label_smoothing"] = loss.smoothing
        if loss.class_weights is not None:
            told["class_weights"] = list(loss.class_weights)
        asked = {"warmup": self.warmup or None, "drop": self.drop, "drop_at": self.drop_at}
        return told | {name: value for name, value in asked.items() if value is not None}


def _whose(name: str) -> str:
    """Which optimizers have the option."""
    kinds = [kind for kind, made in OPTIMIZERS.items() if name in {each.name for each in fields(made)}]
    return f"is for {' and '.join(kinds)}"


def _numbers(option: str, text: str, wanted: str) -> tuple[float, ...]:
    """Numbers between commas."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ArgumentError(f"{option}: {text!r} are no numbers with commas between them: give {wanted}") from None
