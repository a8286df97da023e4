"""DROPOUT in the engine: what it keeps, bit by bit and on the whole; its rates; its place among seeds and steps."""

from __future__ import annotations

import doctest
import importlib
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import judge
from judge import EACH_TARGET
from kept import kept, seeds
from lives import NETS, data, digest
from striate import SGD, ArgumentError, Program, compile, parse
from striate.masks import image_seeds, levels
from striate.native import build
from striate.plan.order import ORDERS

LINE = NETS["dropout"]
BEHIND_INPUT = "INPUT[7x5x3] - DROPOUT[0.3] - FC[4]"


def make(line: str = LINE, batch: int = 40, **settings: Any) -> Program:
    return compile(parse(line), batch, SGD(0.05, 0.9, 1e-3), **{"threads": 2, **settings})


def volume(program: Program, images: int) -> npt.NDArray[np.float32]:
    """What a program that goes layer by layer has left in the volume of INPUT: (N, H, W, D)."""
    buffer, memory = program.plan.buffers["input.y"], program._memory
    assert buffer.scope == "group" and not buffer.shape.halo
    whole = memory._arena[buffer.offset :][: buffer.stride * program.plan.groups].view(np.float32)
    depth, height, width = (axis.size for axis in buffer.shape.axes)
    lanes = whole.reshape(program.plan.groups, depth, height, width, -1)
    return lanes.transpose(0, 4, 2, 3, 1).reshape(-1, height, width, depth)[:images]


# ---- which numbers are kept
@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1, 2**32, 2**70 + 5])
@pytest.mark.parametrize("step", [0, 1, 2**32 - 1, 2**40 + 3])
def test_seeds_are_as_defined(seed: int, step: int) -> None:
    for number in (1, 2, 300):
        assert np.array_equal(image_seeds(seed, step, number, 70), seeds(seed, step, number, 70))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("target", EACH_TARGET)
def test_every_target_keeps_the_same_numbers(target: str, threads: int) -> None:
    """Those that the definition says, in every step, whatever the lanes are; the others grow by 1 / (1 - p)."""
    program = make(BEHIND_INPUT, order="layer by layer", target=target, threads=threads, seed=5)
    images = np.full((37, 5, 7, 3), 3, np.float32)
    for step, count in enumerate((37, 1, 20)):
        program.train(images[:count], np.zeros(count, int))
        expected = kept(program.network, count, step, seed=5)["dropout1"]
        assert np.array_equal(volume(program, count), (expected * np.float32(3 * levels(0.3)[1])).astype(np.float32))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("target", EACH_TARGET)
def test_gradients_with_other_rates_and_seeds(target: str, order: str) -> None:
    """Against the oracle of the line that has these rates, later than in the first step."""
    program = make(target=target, order=order, seed=2**33 + 1)
    images, labels = data(LINE, 40)
    program.set_dropout(0.7)
    program.set_dropout(0.05, "dropout2")
    program.steps = 2**35
    line = LINE.replace("DROPOUT[0.2]", "DROPOUT[0.7]").replace("RELU - DROPOUT", "RELU - DROPOUT[0.05]")
    network = parse(line.replace("FC[7] - DROPOUT", "FC[7] - DROPOUT[0.7]"))
    assert network.dropouts == program.dropout
    some = kept(network, 40, 2**35, 2**33 + 1)
    mean, gradients, _ = network.gradients(program.parameters(), images, labels, kept=some)
    found_mean, found = program.gradients(images, labels)
    judge.check(found_mean, mean, "loss")
    judge.check_all(found, gradients, "gradient")


def test_gradients_are_slopes_of_the_loss() -> None:
    """What is kept stays the same from one look to the next, so differences of the loss mean something."""
    program, (images, labels) = make(), data(LINE, 40)
    images *= 0.1
    loss, gradients = program.gradients(images, labels)
    assert program.gradients(images, labels)[0] == loss
    start, random = program.parameters(), np.random.default_rng(1)
    name = "fc2.weights"  # nothing decides behind it, so the loss is smooth
    direction = random.standard_normal(start[name].shape).astype(np.float32)
    ends = []
    for way in (0.01, -0.01):
        program.load({**start, name: start[name] + way * direction})
        ends.append(program.gradients(images, labels)[0])
    slope = float((gradients[name] * direction).sum())
    assert (ends[0] - ends[1]) / 0.02 == pytest.approx(slope, rel=2e-3) and abs(slope) > 0.01


# ---- on the whole
def drawn(images: int, step: int, seed: int = 0) -> list[npt.NDArray[np.float64]]:
    """Two DROPOUTs' numbers of many images."""
    network = parse("INPUT[16x16x4] - DROPOUT[0.3] - RELU - DROPOUT[0.3] - FC[2]")
    return list(kept(network, images, step, seed).values())


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.3, 0.5, 0.9, 0.999])
def test_as_many_are_kept_as_the_rate_says(rate: float) -> None:
    network = parse("INPUT[32x32x16] - DROPOUT - FC[2]")
    found = kept(network, 16, rates={"dropout1": rate})["dropout1"]
    bound = 5 * np.sqrt(rate * (1 - rate) / found.size)
    assert abs(found.mean() - (1 - rate)) <= bound
    threshold, scale = levels(rate)
    assert (1 - threshold / 2**24) * scale == pytest.approx(1, abs=1e-15)


def test_nothing_has_to_do_with_anything_else() -> None:
    """Other images, layers, steps, seeds and neighbours: correlations as of independent numbers, 5 sigma at most."""
    first, second = drawn(40, 0)
    others = [second, *drawn(40, 1), *drawn(40, 2), *drawn(40, 0, seed=1), *drawn(40, 0, seed=2**32)]

    def unrelated(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> None:
        r = np.corrcoef(a.ravel(), b.ravel())[0, 1]
        assert abs(r) < 5 / np.sqrt(a.size)

    for a, b in combinations([first, *others], 2):
        unrelated(a, b)
    for image, following in pairwise(first):
        unrelated(image, following)
    for axis in range(4):
        for by in (1, 2, 3):
            unrelated(first, np.roll(first, by, axis))
    whole = first.sum((1, 2, 3))
    assert whole.std() == pytest.approx(np.sqrt(0.21 * 1024), rel=0.4)
    places = first.sum(0)
    assert places.std() == pytest.approx(np.sqrt(0.21 * 40), rel=0.1)


# ---- rates
def test_the_line_says_the_rates() -> None:
    assert make().dropout == parse(LINE).dropouts == {"dropout1": 0.2, "dropout2": 0.5, "dropout3": 0.5}


def test_rates_change_without_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    program, (images, labels) = make(), data(LINE, 40)
    monkeypatch.setattr(build, "build", None)
    before = program.gradients(images, labels)[0]
    program.set_dropout(0.0)
    assert program.dropout == dict.fromkeys(("dropout1", "dropout2", "dropout3"), 0.0)
    without = program.gradients(images, labels)[0]
    program.set_dropout(0.2, "dropout1")
    program.set_dropout(0.5, "dropout2")
    program.set_dropout(0.5, "dropout3")
    assert program.gradients(images, labels)[0] == before != without
    program.dropout["dropout1"] = 0.9  # a copy
    assert program.dropout["dropout1"] == 0.2


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("target", EACH_TARGET)
def test_rate_zero_is_no_dropout_to_the_bit(target: str, order: str) -> None:
    """Where the planner finds the same units, so that sums are in the same order."""
    line = "INPUT[8x6x3] - DROPOUT - CONV[5] - RELU - POOL - DROPOUT - FC[7] - RELU - DROPOUT - FC[4]"
    plain = make(line.replace(" - DROPOUT", ""), target=target, order=order)
    program, (images, labels) = make(line, target=target, order=order), data(line, 40)
    program.set_dropout(0)
    images[0, 0, 0] = [np.float32(-0.0), 1e-40, -1e-40]
    for _ in range(3):
        assert program.train(images, labels) == plain.train(images, labels)
    assert digest(program) == digest(plain)


@pytest.mark.parametrize("target", EACH_TARGET)
def test_scores_know_of_no_dropout(target: str) -> None:
    """Not by their bits, for one image and for many; not by their calls; and no volume is made for it."""
    line = "INPUT[7x6x3] - DROPOUT - CONV[5] - RELU - DROPOUT - CONV[3] - FC[7] - RELU - DROPOUT - FC[4] - DROPOUT"
    program, plain = (make(text, target=target) for text in (line, line.replace(" - DROPOUT", "")))
    images, _ = data(line, 40)
    for count in (1, 40):
        assert np.array_equal(program.scores(images[:count]), plain.scores(images[:count]))
    assert program.plan.scores == plain.plan.scores and str(program.plan.single) == str(plain.plan.single)
    names = {name.split(".")[1] for name in program.plan.buffers if name.startswith("dropout")}
    assert names == {"seeds", "rate"}


@pytest.mark.parametrize("rate", [-0.1, 1, 1.0, 2, float("nan"), float("inf"), "0.5", None, True, [0.5]])
def test_rates_that_are_none(rate: Any) -> None:
    program = make()
    with pytest.raises(ArgumentError, match="a rate of DROPOUT is a number from 0 up to, but not including, 1, not"):
        program.set_dropout(rate)
    assert program.dropout == program.network.dropouts


def test_layers_that_are_none() -> None:
    with pytest.raises(ArgumentError, match="has no DROPOUT 'dropout4': there is dropout1, dropout2, dropout3"):
        make().set_dropout(0.1, "dropout4")
    for layer in (None, "dropout1"):
        with pytest.raises(ArgumentError, match=r"FC\[2\] has no DROPOUT.*: put DROPOUT into the line"):
            make("INPUT[2x2x1] - FC[2]").set_dropout(0.1, layer)


@pytest.mark.parametrize("rate", [1 - 2**-53, 1 - 2**-20, 2**-30])
def test_rates_close_to_the_ends(rate: float) -> None:
    program, (images, labels) = make(BEHIND_INPUT), data(BEHIND_INPUT, 20)
    program.set_dropout(rate)
    assert np.isfinite(program.train(images, labels)) and program.dropout == {"dropout1": rate}


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_what_is_no_number_may_be_dropped(poison: float) -> None:
    """A dropped number is zero, whatever it was; one that is kept stays what it is."""
    program = make(BEHIND_INPUT, order="layer by layer")
    images = np.full((20, 5, 7, 3), poison, np.float32)
    program.train(images, np.zeros(20, int))
    expected = np.where(kept(program.network, 20)["dropout1"] > 0, np.float32(poison), np.float32(0))
    assert np.array_equal(volume(program, 20), expected, equal_nan=True)


# ---- seeds and steps
def test_steps_are_counted() -> None:
    program, (images, labels) = make(), data(LINE, 20)
    assert program.steps == 0
    first = program.gradients(images, labels)
    assert program.steps == 0 and program.train(images, labels) == first[0] and program.steps == 1
    start = program.parameters()
    again = program.gradients(images, labels)[0]
    program.steps = 7
    assert program.gradients(images, labels)[0] != again
    program.steps = 1
    assert program.gradients(images, labels)[0] == again
    with pytest.raises(ArgumentError):
        program.train(images[:, 1:], labels)
    program.scores(images)
    assert program.steps == 1
    program.load(start)
    assert program.steps == 1
    program.initialize(0)
    assert program.steps == 0 and program.gradients(images, labels)[0] == first[0]


@pytest.mark.parametrize("steps", [-1, 1.5, "3", None, True, 2**64])
def test_steps_that_are_none(steps: Any) -> None:
    program = make()
    with pytest.raises(ArgumentError, match="steps is a whole number from 0"):
        program.steps = steps
    assert program.steps == 0


def test_a_run_goes_on_where_it_stopped() -> None:
    images, labels = data(LINE, 120)
    parts = [slice(0, 40), slice(40, 80), slice(80, 113), slice(3, 43)]
    whole, first = make(seed=9), make(seed=9)
    for part in parts:
        whole.train(images[part], labels[part])
    for part in parts[:2]:
        first.train(images[part], labels[part])
    second = make(seed=9, threads=1)
    second.load(first.parameters())
    second.load_velocity(first.velocity())
    second.steps = first.steps
    for part in parts[2:]:
        second.train(images[part], labels[part])
    assert digest(second) == digest(whole) and second.steps == whole.steps == 4


def test_other_seeds_keep_other_numbers() -> None:
    images, labels = data(LINE, 40)
    a, b = make(seed=1), make(seed=2)
    b.load(a.parameters())
    assert a.gradients(images, labels)[0] != b.gradients(images, labels)[0]
    b.initialize(1)
    assert b.seed == 1 and a.gradients(images, labels)[0] == b.gradients(images, labels)[0]


def test_no_parameters_at_all() -> None:
    """INPUT and DROPOUT alone, and nothing that learns: scores, a loss, and no gradient."""
    for line in ("INPUT[2x1x2] - DROPOUT", "INPUT[2x1x2] - DROPOUT - RELU - DROPOUT[0.1]"):
        for order in ORDERS:
            program = make(line, order=order)
            images = np.random.default_rng(3).standard_normal((20, 1, 2, 2)).astype(np.float32)
            labels = np.arange(20) % 4
            expected = program.network.forward({}, images)
            judge.check(program.scores(images), expected, "scores")
            judge.check(program.scores(images[:1]), expected[:1], "scores of one")
            mean, gradients, _ = program.network.gradients({}, images, labels, kept=kept(program.network, 20))
            judge.check(program.train(images, labels), mean, "loss")
            assert gradients == {} == program.parameters()


@pytest.mark.parametrize("name", ["striate.masks", "striate.program"])
def test_the_examples_in_the_docstrings(name: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert failed == 0 and tried > 0
