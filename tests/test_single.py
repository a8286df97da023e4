"""Few images, one at a time: the oracle's scores on every target, the same bits for any threads, fresh weights."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import judge
from judge import EACH_TARGET, LINES
from striate import Preprocessing, Program, compile, parse
from striate.native import build

LINE = "INPUT[9x8x3] - CONV[21] - RELU - POOL[2x2, S=2, fit=crop] - CONV[7, S=2, fit=crop] - RELU - FC[11]"
ORDERS = [
    LINE,
    "INPUT[7x7x2] - RELU - POOL[3x3, S=2] - FC[9] - RELU - FC[4] - RELU",
    "INPUT[4x6x3] - FC[40] - CONV[33, 1x1] - POOL[1x1, S=1] - RELU - CONV[5]",
    "INPUT[9x11x5] - RELU - CONV[37] - RELU - POOL[2x2, S=2, fit=crop] - CONV[18, 5x5] - RELU - FC[3]",
]


def images(line: str, count: int = 3, seed: int = 0) -> npt.NDArray[np.float32]:
    shape = parse(line).input.shape
    return np.random.default_rng(seed).standard_normal((count, *shape)).astype(np.float32)


def always(program: Program, together: bool = False) -> Program:
    """The program, so that it takes any number of images one by one; with all its threads if ``together``."""
    single = program.plan.single
    cycles = 10**9 if together else single.cycles
    program.plan = replace(program.plan, single=replace(single, most=10**9, cycles=cycles))
    return program


@pytest.mark.parametrize("kernels", [None, "direct", "winograd"])
@pytest.mark.parametrize("target", EACH_TARGET)
@pytest.mark.parametrize("name", LINES)
def test_every_net(name: str, target: str, kernels: str | None) -> None:
    known = judge.named(name, "softmax")
    program, step = always(judge.program(known, target, kernels=kernels), True), known.steps[0]
    for count in (1, 2, 3):
        found = program.scores(step.images[:count])
        assert found.shape == (min(count, len(step.images)), program.classes) and found.dtype == np.float32
        judge.check(found, step.scores[:count], "scores")


@pytest.mark.parametrize("target", EACH_TARGET)
@pytest.mark.parametrize("line", ORDERS)
def test_any_number_of_threads(line: str, target: str) -> None:
    def scores(threads: int) -> bytes:
        program = always(compile(parse(line), 4, threads=threads, target=target), True)
        return b"".join(program.scores(images(line, count)).tobytes() for count in (1, 5))

    alone = scores(1)
    assert all(scores(threads) == alone for threads in (2, 3, 8))


@pytest.mark.parametrize("line", ORDERS)
def test_an_image_has_the_same_scores_beside_any_other(line: str) -> None:
    program, some = always(compile(parse(line), 4, threads=2)), images(line, 7)
    together = program.scores(some)
    assert all(np.array_equal(program.scores(some[i : i + 1])[0], together[i]) for i in range(7))


@pytest.mark.parametrize("target", EACH_TARGET)
def test_weights_are_those_of_now(target: str) -> None:
    """After a step, after new parameters, and after a look at gradients that leaves them."""
    program = always(compile(parse(LINE), 4, threads=2, target=target))
    some, labels = images(LINE), np.array([1, 2, 3])

    def check() -> bytes:
        found = program.scores(some)
        judge.check(found, program.network.forward(program.parameters(), some), "scores")
        return found.tobytes()

    seen = [check()]
    program.train(some, labels)
    seen.append(check())
    program.gradients(some, labels)
    assert check() == seen[-1]
    program.load({name: p * 2 for name, p in program.parameters().items()})
    seen.append(check())
    program.initialize(5)
    seen.append(check())
    assert len(set(seen)) == 4


@pytest.mark.parametrize("line", [*ORDERS, "INPUT[5x3x7] - CONV[3] - FC[2]"])
@pytest.mark.parametrize("target", EACH_TARGET)
def test_bytes_and_floats_in_turn(target: str, line: str) -> None:
    network = parse(line)
    depth = network.input.depth
    mean, std = np.linspace(0.1, 0.6, depth), np.linspace(0.3, 1.2, depth)
    program = compile(network, 40, preprocessing=Preprocessing(tuple(mean), tuple(std)), target=target)
    plain = np.random.default_rng(1).integers(0, 256, (30, *network.input.shape), np.uint8)
    expected = network.forward(program.parameters(), (plain / 255 - mean) / std)
    for given in (plain, plain / np.float32(255), plain):
        judge.check(program.scores(given[:1]), expected[:1], "scores of one")
        judge.check(program.scores(given), expected, "scores of many")
    program.preprocessing = Preprocessing()
    judge.check(program.scores(plain[:1]), network.forward(program.parameters(), plain[:1] / 255), "unscaled")


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("poison", [np.nan, np.inf])
@pytest.mark.parametrize("line", ORDERS)
def test_what_is_no_number_stays_none(line: str, poison: float) -> None:
    """Every score that is no number among many images is none for one."""
    some = images(line, 40)
    some[:, 2, 3, 1] = poison
    few, many = always(compile(parse(line), 4)), compile(parse(line), 4)
    one, others = few.scores(some[:1]), many.scores(some)[:1]
    assert np.array_equal(np.isnan(one), np.isnan(others))
    assert np.isnan(one).any()


def test_the_plan_says_how_many_are_few() -> None:
    program = compile(parse(LINES["tinyvgg"]), 4)
    most = program.plan.single.most
    assert 1 <= most < program.plan.target.lanes
    assert "scores, one image at a time" in str(program.plan) and "one thread" in str(program.plan.single)
    assert "all threads" in str(compile(parse(LINES["vgg32"]), 4).plan.single)


def test_only_few_images_compile_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path))
    monkeypatch.setattr(build, "_LOADED", {})
    program, some = compile(parse(LINE), 4), images(LINE, 40)
    program.train(some[:4], np.zeros(4, int))
    program.scores(some)
    assert len(list(tmp_path.rglob("*.o"))) == 1
    program.scores(some[:1])
    program.scores(some[:1])
    assert len(list(tmp_path.rglob("*.o"))) == 2


def test_several_python_threads_with_one_program() -> None:
    program, some = compile(parse(LINE), 4, threads=2), images(LINE, 40)
    one, many, wrong = program.scores(some[:1]), program.scores(some), []

    def work(count: int) -> None:
        for _ in range(30):
            if not np.array_equal(program.scores(some[:count]), one if count == 1 else many):
                wrong.append(count)

    together = [threading.Thread(target=work, args=(count,)) for count in (1, 40, 1, 40)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert not wrong
