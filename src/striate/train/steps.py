"""Training one step at a time: whoever holds the steps decides when the next one is taken."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import ceil, isfinite
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from striate.data.batches import batches
from striate.data.dataset import Dataset, Images, Labels
from striate.errors import ArgumentError, DivergedError
from striate.train.evaluate import Evaluation, judge
from striate.train.match import check_match
from striate.train.schedule import Schedule
from striate.train.schedule import schedule as schedule_of

if TYPE_CHECKING:
    from striate.program import Program

PIECE = 256  # validation images that are scored at a time


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


@dataclass(frozen=True, slots=True)
class Position:
    """Where training stands between two steps, in plain numbers: enough to go on exactly.

    The epoch (from 1) in which `seen` images have been met, `correct` of them recognised, with a
    `summed` loss; the steps done and those there will be with that `batch`. Where the batch changed, after
    `marked` steps, the fraction `share` of the schedule was behind.
    """

    epoch: int = 1
    seen: int = 0
    correct: int = 0
    summed: float = 0.0
    step: int = 0
    steps: int = 0
    marked: int = 0
    share: float = 0.0
    batch: int = 0


class Steps:
    """A program on its way through its training images.

    `base` is the optimiser before the schedule; it may be replaced between two steps. The order of
    the images is drawn from (seed, epoch); the last batch of an epoch may be short. With a `position`
    that was taken with another batch, it goes on as after `change_program`.

    Raises ArgumentError at once where the data does not fit the network.

    >>> from striate.data.load import load
    >>> from striate.notation.parse import parse
    >>> from striate.program import compile
    >>> program = compile(parse("INPUT[8x8x1] - FC[10]"), batch=64)
    >>> steps = Steps(program, load("digits").train, epochs=2)
    >>> steps.advance().step, steps.steps, steps.epoch_over
    (1, 58, False)
    """

    def __init__(
        self,
        program: Program,
        train: Dataset,
        validation: Dataset | None = None,
        epochs: int = 1,
        seed: int = 0,
        schedule: str | Schedule = "constant",
        position: Position | None = None,
    ) -> None:
        _check(program, train, validation, epochs)
        self.program, self.train, self.validation = program, train, validation
        self.epochs, self.seed = epochs, seed
        self.schedule = schedule_of(schedule) if isinstance(schedule, str) else schedule
        self.base = program.optimizer
        self.images = 0
        self.began = time.perf_counter()
        self.validating = 0.0
        self._order: Iterator[tuple[Images, Labels]] | None = None
        self._scores: list[npt.NDArray[np.float32]] = []  # of the validation images, as far as they are scored
        if position is not None:
            if position.seen > len(train):
                raise ArgumentError(f"{train.name} has {len(train):,} images, not the {position.seen:,} already seen")
            program.steps = position.step  # what DROPOUT keeps is drawn from it
        self._take(position or Position(steps=epochs * ceil(len(train) / program.batch), batch=program.batch))
        if self.batch != program.batch:
            self._count_anew()

    def _take(self, at: Position) -> None:
        self.epoch, self.seen, self.correct, self.summed = at.epoch, at.seen, at.correct, at.summed
        self.step, self.steps, self.marked, self.share = at.step, at.steps, at.marked, at.share
        self.batch, self._first = at.batch, at.step

    def _count_anew(self) -> None:
        """Count the steps there will be with the program's batch; the schedule goes on from where it is."""
        self.marked, self.share = self.step, self.done
        self.batch = self.program.batch
        per_epoch = ceil(len(self.train) / self.batch)
        here = ceil((len(self.train) - self.seen) / self.batch)
        self.steps = self.step + here + (self.epochs - self.epoch) * per_epoch

    @property
    def position(self) -> Position:
        """Where training stands; `Steps` made with it goes on from there."""
        return Position(**{name: getattr(self, name) for name in asdict(Position())})

    @property
    def done(self) -> float:
        """The fraction (0..1) of the schedule that is behind."""
        left = self.steps - self.marked
        return min(1.0, self.share + (self.step - self.marked) / left * (1 - self.share)) if left > 0 else 1.0

    @property
    def time(self) -> float:
        """The time of training in epochs: 2.5 in the middle of the third."""
        return self.epoch - 1 + self.seen / len(self.train)

    @property
    def epoch_over(self) -> bool:
        """Whether the epoch has no image left, so that `close_epoch` comes next."""
        return self.seen == len(self.train)

    @property
    def over(self) -> bool:
        """Whether the last epoch is closed."""
        return self.epoch > self.epochs

    def advance(self) -> Report:
        """Take one step; DivergedError where the loss is not finite."""
        if self._order is None:
            # Epochs count from 1 for people and from 0 for the generator of the order.
            self._order = batches(self.train, self.program.batch, self.seed, self.epoch - 1, self.seen)
        images, labels = next(self._order)
        self.program.optimizer = self.base.at(self.base.lr * self.schedule(self.done))
        value = self.program.train(images, labels)
        count = len(labels)
        self.step += 1
        self.images += count
        self._check_loss(value)
        self.seen += count
        self.correct += self.program.correct
        self.summed += value * count
        return self._report("step", value, self.program.correct / count)

    def close_epoch(self) -> Report:
        """Validate and go on to the next epoch; DivergedError where a parameter is not finite."""
        while (report := self.close_some()) is None:
            pass
        return report

    def close_some(self) -> Report | None:
        """A part of `close_epoch`: it validates on PIECE images or some more, and the last part gives the report."""
        if not self._scores:
            check_finite(self.program, f"after epoch {self.epoch}")
        if not self._score_some():
            return None
        report = self._report("epoch", self.summed / self.seen, self.correct / self.seen, self._judge())
        self.epoch, self.seen, self.correct, self.summed, self._order = self.epoch + 1, 0, 0, 0.0, None
        return report

    def change_program(self, program: Program) -> None:
        """Go on with another program of the same network, such as one for another batch.

        It takes over parameters, BN's running statistics, the optimizer's state and the rates of DROPOUT; the schedule
        goes on from where it is.
        """
        program.load(self.program.parameters())
        program.load_optimizer_state(self.program.optimizer_state())
        program.optimizer, program.steps = self.base, self.program.steps
        for name, rate in self.program.dropout.items():
            program.set_dropout(rate, name)
        self.program, self._order, self._scores = program, None, []
        self._count_anew()

    def _score_some(self) -> bool:
        """Score some of the validation images; whether all are."""
        if self.validation is None:
            return True
        start = time.perf_counter()
        count = len(self.validation)
        # No piece is so small that its images' scores would be rounded otherwise than those of all together.
        pieces, done = max(1, count // PIECE), len(self._scores)
        images = self.validation.images[count * done // pieces : count * (done + 1) // pieces]
        self._scores.append(self.program.scores(images))
        self.validating += time.perf_counter() - start
        return done + 1 == pieces

    def _judge(self) -> Evaluation | None:
        if self.validation is None:
            return None
        scores, self._scores = np.concatenate(self._scores), []
        return judge(scores, self.validation.labels, self.validation.classes, self.program.loss)

    def _report(
        self, kind: Literal["step", "epoch"], loss: float, accuracy: float, judged: Evaluation | None = None
    ) -> Report:
        spent = time.perf_counter() - self.began
        return Report(
            kind=kind,
            epoch=self.epoch,
            epochs=self.epochs,
            step=self.step,
            steps=self.steps,
            loss=loss,
            accuracy=accuracy,
            lr=self.program.optimizer.lr,
            images_per_second=self.images / max(spent - self.validating, 1e-9),
            seconds_left=spent / max(1, self.step - self._first) * (self.steps - self.step),
            validation_loss=judged.loss if judged else None,
            validation_accuracy=judged.accuracy if judged else None,
        )

    def _check_loss(self, value: float) -> None:
        if not isfinite(value):
            where = f"step {self.step:,} of {self.steps:,} (epoch {self.epoch})"
            raise DivergedError(f"the loss is {value} at {where}: {_advice(self.base.lr)}")


def check_finite(program: Program, when: str) -> None:
    """Raise DivergedError where a parameter of the program is no finite number."""
    for name, values in program.parameters().items():
        if not np.isfinite(values).all():
            raise DivergedError(f"{name} is not finite {when}: {_advice(program.optimizer.lr)}")


def _check(program: Program, train: Dataset, validation: Dataset | None, epochs: int) -> None:
    if epochs < 1:
        raise ArgumentError(f"epochs={epochs}: train for at least 1")
    if len(train) == 0:
        raise ArgumentError(f"{train.name} has no images to train on")
    for part in (train, validation):
        if part is not None:
            check_match(program.network, part)


def _advice(lr: float) -> str:
    return f"the steps are too large. Try a smaller learning rate, {lr / 10:g} instead of {lr:g}"
