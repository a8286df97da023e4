"""One step at a time is the training loop, whoever stops it where, and whatever changes on the way."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import numpy as np
import pytest

from striate.data.dataset import Dataset
from striate.data.split import split
from striate.errors import ArgumentError, DivergedError
from striate.optimizers import SGD
from striate.program import Program
from striate.train import steps as module
from striate.train.evaluate import evaluate
from striate.train.loop import train_epochs
from striate.train.steps import Position, Steps

Make = Callable[..., Program]


def same(one: Program, other: Program) -> bool:
    rows = zip((one.parameters(), one.velocity()), (other.parameters(), other.velocity()), strict=True)
    return all((first[name] == second[name]).all() for first, second in rows for name in first)


def finish(steps: Steps) -> None:
    while not steps.over:
        steps.advance()
        if steps.epoch_over:
            steps.close_epoch()


@pytest.mark.parametrize("stop", [1, 7, 45, 46, 80])
def test_steps_go_on_exactly_from_any_position(make_program: Make, digits: Dataset, stop: int) -> None:
    train, held = split(digits, 0.2, 0)
    whole = make_program()
    reports = list(train_epochs(whole, train, held, epochs=2, seed=5, schedule="cosine"))
    first = make_program()
    before = Steps(first, train, held, 2, 5, "cosine")
    told = []
    for _ in range(stop):
        told.append(before.advance())
        if before.epoch_over:
            told.append(before.close_epoch())
    second = make_program()
    second.load(first.parameters())
    second.load_velocity(first.velocity())
    after = Steps(second, train, held, 2, 5, "cosine", before.position)
    while not after.over:
        told.append(after.advance())
        if after.epoch_over:
            told.append(after.close_epoch())
    assert same(second, whole)
    plain = [(r.kind, r.epoch, r.step, r.steps, r.loss, r.accuracy, r.lr, r.validation_loss) for r in told]
    assert plain == [(r.kind, r.epoch, r.step, r.steps, r.loss, r.accuracy, r.lr, r.validation_loss) for r in reports]


def test_time_and_schedule_go_from_nothing_to_all(make_program: Make, digits: Dataset) -> None:
    steps = Steps(make_program(), digits, None, 2, 0, "cosine")
    assert (steps.time, steps.done, steps.steps) == (0, 0, 2 * ceil(len(digits) / 32))
    finish(steps)
    assert (steps.time, steps.done, steps.step) == (2, 1, steps.steps)


def test_another_batch_keeps_what_was_learned_and_the_schedule(make_program: Make, digits: Dataset) -> None:
    import striate

    small = make_program()
    steps = Steps(small, digits, None, 3, 1, "cosine")
    for _ in range(20):
        steps.advance()
    done, seen = steps.done, steps.seen
    large = striate.compile(small.network, batch=128, threads=1, preprocessing=small.preprocessing)
    steps.change_program(large)
    assert same(small, large) and steps.seen == seen and steps.done == pytest.approx(done)
    report = steps.advance()
    assert report.lr == pytest.approx(small.optimizer.lr, rel=0.01)
    assert steps.seen == seen + 128
    rates = [report.lr]
    while not steps.over:
        rates.append(steps.advance().lr)
        if steps.epoch_over:
            steps.close_epoch()
    assert steps.step == steps.steps and steps.done == 1
    assert rates == sorted(rates, reverse=True) and rates[-1] < 0.01 * rates[0]


@pytest.mark.parametrize("batch", [8, 100])
def test_another_batch_from_a_position_is_a_change_of_batch(make_program: Make, digits: Dataset, batch: int) -> None:
    import striate

    small = make_program()
    awake = Steps(small, digits, None, 2, 1, "cosine")
    for _ in range(20):
        awake.advance()
    at = awake.position
    made = [striate.compile(small.network, batch, small.optimizer, threads=1) for _ in range(2)]
    awake.change_program(made[0])
    made[1].load(small.parameters())
    made[1].load_velocity(small.velocity())
    asleep = Steps(made[1], digits, None, 2, 1, "cosine", at)
    assert asleep.position == awake.position and asleep.position.batch == batch
    told = []
    for steps in (asleep, awake):
        steps.base = SGD(0.02, 0.9)
        told.append([])
        while not steps.over:
            report = steps.advance()
            told[-1].append((report.step, report.steps, report.lr, report.loss))
            if steps.epoch_over:
                steps.close_epoch()
        assert steps.step == steps.steps and steps.done == 1
    assert told[0] == told[1]
    rates = [lr for _, _, lr, _ in told[0]]
    assert rates == sorted(rates, reverse=True)


def test_an_epoch_may_be_closed_in_parts(make_program: Make, digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE", 50)
    train, held = split(digits, 0.2, 0)
    reports = []
    for parts in (False, True):
        steps = Steps(make_program(), train, held, 1, 5)
        while not steps.epoch_over:
            steps.advance()
        if parts:
            for _ in range(len(held) // 50 - 1):
                assert steps.close_some() is None and steps.epoch_over
            # Another position may be taken in the middle, and validation begins anew.
            again = Steps(steps.program, train, held, 1, 5, position=steps.position)
            assert again.epoch_over and again.close_epoch().validation_loss == reports[0][0]
            report = steps.close_some()
            assert report is not None and steps.over
        else:
            report = steps.close_epoch()
        judged = evaluate(steps.program, held)
        assert (report.validation_loss, report.validation_accuracy) == (judged.loss, judged.accuracy)
        reports.append((report.validation_loss, report.loss, report.accuracy))
    assert reports[0] == reports[1]


def test_the_order_of_images_is_kept_when_the_batch_changes(make_program: Make, digits: Dataset) -> None:
    """No image is met twice in an epoch, and none is left out."""
    import striate

    met: list[int] = []
    numbered = Dataset("numbered", digits.images.copy(), digits.labels, digits.classes)
    numbered.images[:, 0, 0, 0] = np.arange(len(digits)) % 256
    numbered.images[:, 0, 1, 0] = np.arange(len(digits)) // 256

    class Noting:
        def __init__(self, program: Program) -> None:
            self.__dict__["program"] = program

        def train(self, images: np.ndarray, labels: np.ndarray) -> float:  # type: ignore[type-arg]
            met.extend((images[:, 0, 0, 0] + 256 * images[:, 0, 1, 0].astype(int)).tolist())
            return self.program.train(images, labels)  # type: ignore[attr-defined, no-any-return]

        def __getattr__(self, name: str) -> object:
            return getattr(self.__dict__["program"], name)

    first = make_program()
    steps = Steps(Noting(first), numbered, None, 1, 4)  # type: ignore[arg-type]
    for _ in range(11):
        steps.advance()
    other = striate.compile(first.network, batch=50, threads=1)
    steps.change_program(Noting(other))  # type: ignore[arg-type]
    finish(steps)
    assert sorted(met) == list(range(len(digits)))


def test_the_optimiser_may_change_between_two_steps(make_program: Make, digits: Dataset) -> None:
    steps = Steps(make_program(), digits)
    steps.advance()
    kept = steps.program.parameters()
    steps.base = SGD(lr=0.0, momentum=0.0, l2=0.0)
    assert steps.advance().lr == 0
    assert all((values == kept[name]).all() for name, values in steps.program.parameters().items())


def test_what_cannot_be_trained_is_refused(make_program: Make, digits: Dataset) -> None:
    with pytest.raises(ArgumentError, match="at least 1"):
        Steps(make_program(), digits, epochs=0)
    with pytest.raises(ArgumentError, match="no images"):
        Steps(make_program(), digits.take([]))
    with pytest.raises(DivergedError, match="smaller learning rate"):
        finish(Steps(make_program(lr=1e6), digits, epochs=3))


def test_a_position_is_plain_numbers(make_program: Make, digits: Dataset) -> None:
    steps = Steps(make_program(), digits)
    steps.advance()
    at = steps.position
    assert at == Position(1, 32, at.correct, at.summed, 1, ceil(len(digits) / 32), 0, 0.0, 32)
