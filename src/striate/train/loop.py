"""The training loop: a generator of reports on every step and every epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from striate.data.dataset import Dataset
from striate.train.schedule import Schedule
from striate.train.steps import Report, Steps, check_finite

if TYPE_CHECKING:
    from striate.program import Program

__all__ = ["Report", "check_finite", "train_epochs"]


def train_epochs(
    program: Program,
    train: Dataset,
    validation: Dataset | None = None,
    epochs: int = 1,
    seed: int = 0,
    *,
    schedule: str | Schedule = "constant",
) -> Iterator[Report]:
    """Train `program` on `train` and yield a Report after every step and every epoch.

    The order of the images is drawn from (seed, epoch); the last batch of an epoch may be short.
    `schedule`, a name in SCHEDULES or what `train.schedule.schedule` makes, changes the learning rate of
    `program.optimizer`, which is put back at the end. Who stops iterating stops training.

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
    return _reports(Steps(program, train, validation, epochs, seed, schedule))


def _reports(steps: Steps) -> Iterator[Report]:
    try:
        while not steps.over:
            yield steps.advance()
            if steps.epoch_over:
                yield steps.close_epoch()
    finally:
        steps.program.optimizer = steps.base
