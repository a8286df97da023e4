"""Epoch after epoch over a set of examples."""

from __future__ import annotations

from math import ceil, isfinite
from typing import TYPE_CHECKING

import numpy as np

from striate.data.batches import shuffled
from striate.errors import DivergedError
from striate.estimator.examples import Examples
from striate.layers.loss import loss as loss_of
from striate.train.schedule import Schedule

if TYPE_CHECKING:
    from striate.program import Program


class Lessons:
    """A program on its way through its examples; the order is drawn from (seed, epoch)."""

    def __init__(
        self, program: Program, examples: Examples, held: Examples | None, seed: int, schedule: Schedule, epochs: int
    ) -> None:  # fmt: skip
        self.program, self.examples, self.held = program, examples, held
        self.seed, self.schedule, self.epoch = seed, schedule, 0
        self._base, self._step = program.optimizer, 0
        self._steps = epochs * ceil(len(examples) / program.batch)

    def teach(self) -> dict[str, float]:
        """One epoch; what came of it, by name. Raises DivergedError as soon as the loss is not finite."""
        examples, program = self.examples, self.program
        order = shuffled(len(examples), self.seed, self.epoch)
        total = 0.0
        try:
            for first in range(0, len(order), program.batch):
                batch = examples.take(order[first : first + program.batch])
                rate = self._base.lr * self.schedule(min(1.0, self._step / self._steps))
                program.optimizer = self._base.at(rate)
                value = program.train(batch.images, batch.targets, batch.weights)
                if not isfinite(value):
                    raise DivergedError(
                        f"the loss is {value} in epoch {self.epoch + 1}: the steps are too large. "
                        f"Try learning_rate={self._base.lr / 10:g} instead of {self._base.lr:g}"
                    )
                total += value * float(batch.weights.sum())
                self._step += 1
        finally:
            program.optimizer = self._base
        self.epoch += 1
        row = {"epoch": float(self.epoch), "loss": total / float(examples.weights.sum())}
        return row | (self._validate(self.held) if self.held is not None else {})

    def _validate(self, held: Examples) -> dict[str, float]:
        """The loss on what is held back, and a score: the accuracy, or R² of real outputs."""
        scores, weights = self.program.scores(held.images), held.weights
        losses, _ = loss_of(self.program.loss, scores, held.targets)
        mean = float(np.average(losses, weights=weights))
        if held.targets.ndim == 1:
            score = float(np.average(scores.argmax(1) == held.targets, weights=weights))
        else:
            spread = np.average(((held.targets - np.average(held.targets, 0, weights)) ** 2).sum(1), weights=weights)
            score = 1 - mean / float(spread) if spread else -mean
        return {"validation_loss": mean, "validation_score": score}
