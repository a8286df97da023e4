"""The loop: what it reports, in which order it trains, when it stops."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import islice

import numpy as np
import pytest

from striate.data.batches import batches
from striate.data.dataset import Dataset
from striate.data.split import split
from striate.errors import ArgumentError, DivergedError
from striate.optimizers import SGD
from striate.program import Program
from striate.train.loop import Report, train_epochs

Make = Callable[..., Program]


def of_kind(reports: list[Report], kind: str) -> list[Report]:
    return [report for report in reports if report.kind == kind]


def test_every_step_and_every_epoch_is_reported(program: Program, digits: Dataset) -> None:
    few = digits.take(range(70))  # 32 + 32 + 6 images
    reports = list(train_epochs(program, few, epochs=2))
    assert [(r.kind, r.epoch, r.step) for r in reports] == [
        ("step", 1, 1), ("step", 1, 2), ("step", 1, 3), ("epoch", 1, 3),
        ("step", 2, 4), ("step", 2, 5), ("step", 2, 6), ("epoch", 2, 6),
    ]  # fmt: skip
    assert {(r.epochs, r.steps) for r in reports} == {(2, 6)}
    assert [r.time for r in of_kind(reports, "step")] == pytest.approx([1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2])
    assert all(r.images_per_second > 0 for r in reports)
    assert reports[-1].seconds_left == 0 < reports[0].seconds_left


def test_an_epoch_weighs_its_steps_by_their_images(program: Program, digits: Dataset) -> None:
    reports = list(train_epochs(program, digits.take(range(70)), epochs=1))
    weights = [32, 32, 6]
    steps, (epoch,) = of_kind(reports, "step"), of_kind(reports, "epoch")
    assert epoch.loss == pytest.approx(np.average([s.loss for s in steps], weights=weights))
    assert epoch.accuracy == pytest.approx(np.average([s.accuracy for s in steps], weights=weights))


def test_it_does_what_a_loop_written_by_hand_does(make_program: Make, digits: Dataset) -> None:
    looped, by_hand = make_program(), make_program()
    losses = [r.loss for r in train_epochs(looped, digits, epochs=2, seed=5) if r.kind == "step"]
    expected = [by_hand.train(*batch) for epoch in range(2) for batch in batches(digits, 32, 5, epoch)]
    assert losses == expected
    for name, values in by_hand.parameters().items():
        assert looped.parameters()[name].tobytes() == values.tobytes()


def test_threads_do_not_change_a_bit(make_program: Make, digits: Dataset) -> None:
    ends = []
    for threads in (1, 2):
        program = make_program(threads=threads)
        list(train_epochs(program, digits, epochs=1, seed=1, schedule="cosine"))
        ends.append({name: values.tobytes() for name, values in program.parameters().items()})
    assert ends[0] == ends[1]


@pytest.mark.parametrize("loss", ["softmax", "svm"])
def test_it_learns(make_program: Make, digits: Dataset, loss: str) -> None:
    rest, held = split(digits, 0.2, seed=0)
    program = make_program(loss=loss)
    epochs = of_kind(list(train_epochs(program, rest, held, epochs=6)), "epoch")
    assert epochs[-1].loss < epochs[0].loss / 3
    assert epochs[-1].validation_accuracy is not None
    assert epochs[-1].validation_accuracy > 0.93
    assert epochs[-1].validation_loss is not None
    right = (program.scores(held.images).argmax(1) == held.labels).mean()
    assert epochs[-1].validation_accuracy == pytest.approx(right)


def test_the_cosine_falls_to_zero_and_the_rate_is_put_back(program: Program, digits: Dataset) -> None:
    reports = list(train_epochs(program, digits, epochs=2, schedule="cosine"))
    rates = [r.lr for r in of_kind(reports, "step")]
    total = len(rates)
    assert rates == pytest.approx([0.02 * (1 + math.cos(math.pi * k / total)) / 2 for k in range(total)])
    assert program.optimizer == SGD(lr=0.02, momentum=0.9, l2=1e-4)


def test_who_stops_iterating_stops_training(program: Program, digits: Dataset) -> None:
    reports = train_epochs(program, digits, epochs=3, schedule="cosine")
    list(islice(reports, 5))
    kept = program.parameters()
    reports.close()  # type: ignore[attr-defined]
    assert program.optimizer.lr == 0.02
    assert all(np.array_equal(kept[name], values) for name, values in program.parameters().items())


def test_a_loss_that_is_not_finite_ends_the_run(make_program: Make, digits: Dataset) -> None:
    program = make_program(lr=1e12)
    with pytest.raises(DivergedError) as caught:
        list(train_epochs(program, digits, epochs=5))
    message = str(caught.value)
    assert "smaller learning rate, 1e+11 instead of 1e+12" in message
    assert program.optimizer.lr == 1e12


def test_a_parameter_that_is_not_finite_ends_the_run(program: Program, digits: Dataset) -> None:
    parameters = program.parameters()
    # The last step of an epoch may leave what the next loss would only show later.
    parameters["fc1.biases"][0] = -np.inf
    with pytest.raises(DivergedError):
        program.load(parameters)
        list(train_epochs(program, digits.take(range(1, 9)), epochs=1))


def test_what_does_not_fit_is_refused_at_once(program: Program, digits: Dataset) -> None:
    wide = Dataset("wide", np.zeros((3, 8, 9, 1), np.uint8), np.zeros(3, np.int64), digits.classes)
    few = Dataset("few", digits.images[:3], np.zeros(3, np.int64), ("no", "yes"))
    for message, arguments in {
        "begin the line with INPUT[9x8x1]": (wide,),
        "end the line with FC[2]": (few,),
        "wide, whose images": (digits, wide),
        "epochs=0": (digits, None, 0),
        "'linear' is unknown": (digits, None, 1, 0, "linear"),
        "no images": (digits.take([]),),
    }.items():
        with pytest.raises(ArgumentError) as caught:
            call(program, *arguments)
        assert message in str(caught.value)


def call(program: Program, train, validation=None, epochs=1, seed=0, schedule="constant"):  # type: ignore[no-untyped-def]
    return train_epochs(program, train, validation, epochs, seed, schedule=schedule)
