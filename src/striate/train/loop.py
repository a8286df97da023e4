"""The training loop: a generator of reports on every step and every epoch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil, isfinite
from typing import TYPE_CHECKING, Literal

import numpy as np

from striate.data.batches import batches
from striate.data.dataset import Dataset
from striate.errors import ArgumentError, DivergedError
from striate.train.evaluate import Evaluation, evaluate
from striate.train.match import check_match
from striate.train.schedule import Schedule
from striate.train.schedule import schedule as schedule_of

if TYPE_CHECKING:
    from striate.program import Program


@dataclass(frozen=True, slots=True)
class Report:
    """Where training stands after one step (kind "step") or at the end of an epoch (kind "epoch").

    `loss` and `accuracy` (0..1) are those of the training images: of this step's batch before its
    update, or the mean over the whole epoch. Epochs and steps count from 1; `steps` is the number
    of all steps. `images_per_second` is the mean since the start, without validation.
    `lr` is the learning rate of the last step. Validation figures come with epochs only.
    """

    kind: Literal["step", "epoch"]
    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    accuracy: float
    lr: float
    images_per_second: float
    seconds_left: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None

    @property
    def time(self) -> float:
        """Return the time of training in epochs: 2.5 in the middle of the third."""
        return self.step * self.epochs / self.steps


def train_epochs(
    program: Program,
    train: Dataset,
    validation: Dataset | None = None,
    epochs: int = 1,
    seed: int = 0,
    *,
    schedule: str = "constant",
) -> Iterator[Report]:
    """Train `program` on `train` and yield a Report after every step and every epoch.

    The order of the images is drawn from (seed, epoch); the last batch of an epoch may be short.
    `schedule` ("constant" or "cosine") changes the learning rate of `program.optimizer`, which is put
    back at the end. Who stops iterating stops training.

    Raises ArgumentError at once where the data does not fit the network, and DivergedError as soon
    as the loss or a parameter is not finite.

    >>> from striate.data.load import load
    >>> from striate.notation.parse import parse
    >>> from striate.program import compile
    >>> program = compile(parse("INPUT[8x8x1] - FC[10]"), batch=64)
    >>> reports = list(train_epochs(program, load("digits").train, epochs=2))
    >>> [report.step for report in reports if report.kind == "epoch"]
    [29, 58]
    """
    if epochs < 1:
        raise ArgumentError(f"epochs={epochs}: train for at least 1")
    if len(train) == 0:
        raise ArgumentError(f"{train.name} has no images to train on")
    for part in (train, validation):
        if part is not None:
            check_match(program.network, part)
    run = _Run(program, train, validation, epochs, seed, schedule_of(schedule))
    return run.reports()


class _Run:
    """One training run: its clock, its tally of the epoch, and the steps themselves."""

    def __init__(
        self,
        program: Program,
        train: Dataset,
        validation: Dataset | None,
        epochs: int,
        seed: int,
        schedule: Schedule,
    ) -> None:
        self.program, self.train, self.validation = program, train, validation
        self.epochs, self.seed, self.schedule = epochs, seed, schedule
        self.base = program.optimizer
        self.steps = epochs * ceil(len(train) / program.batch)
        self.step = self.images = 0
        self.began = time.perf_counter()
        self.validating = 0.0

    def reports(self) -> Iterator[Report]:
        try:
            for epoch in range(1, self.epochs + 1):
                yield from self.run_epoch(epoch)
        finally:
            self.program.optimizer = self.base

    def run_epoch(self, epoch: int) -> Iterator[Report]:
        seen, correct, summed = 0, 0, 0.0
        # Epochs count from 1 for people and from 0 for the generator of the order.
        for images, labels in batches(self.train, self.program.batch, self.seed, epoch - 1):
            self.program.optimizer = replace(self.base, lr=self.base.lr * self.schedule(self.step / self.steps))
            value = self.program.train(images, labels)
            self.step += 1
            self.images += len(labels)
            self.check_loss(value, epoch)
            seen += len(labels)
            correct += self.program.correct
            summed += value * len(labels)
            yield self.report("step", epoch, value, self.program.correct / len(labels))
        check_finite(self.program, f"after epoch {epoch}")
        yield self.report("epoch", epoch, summed / seen, correct / seen, self.validate())

    def validate(self) -> Evaluation | None:
        if self.validation is None:
            return None
        start = time.perf_counter()
        result = evaluate(self.program, self.validation)
        self.validating += time.perf_counter() - start
        return result

    def report(
        self,
        kind: Literal["step", "epoch"],
        epoch: int,
        loss: float,
        accuracy: float,
        judged: Evaluation | None = None,
    ) -> Report:
        spent = time.perf_counter() - self.began
        return Report(
            kind=kind,
            epoch=epoch,
            epochs=self.epochs,
            step=self.step,
            steps=self.steps,
            loss=loss,
            accuracy=accuracy,
            lr=self.program.optimizer.lr,
            images_per_second=self.images / max(spent - self.validating, 1e-9),
            seconds_left=spent / self.step * (self.steps - self.step),
            validation_loss=judged.loss if judged else None,
            validation_accuracy=judged.accuracy if judged else None,
        )

    def check_loss(self, value: float, epoch: int) -> None:
        if not isfinite(value):
            raise DivergedError(
                f"the loss is {value} at step {self.step:,} of {self.steps:,} (epoch {epoch}): {_advice(self.base.lr)}"
            )


def check_finite(program: Program, when: str) -> None:
    """Raise DivergedError where a parameter of the program is no finite number."""
    for name, values in program.parameters().items():
        if not np.isfinite(values).all():
            raise DivergedError(f"{name} is not finite {when}: {_advice(program.optimizer.lr)}")


def _advice(lr: float) -> str:
    return f"the steps are too large. Try a smaller learning rate, {lr / 10:g} instead of {lr:g}"
