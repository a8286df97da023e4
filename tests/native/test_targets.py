"""Which target runs: the best by itself, any by its name; and how it leaves the processor."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import judge
from judge import EACH_TARGET
from striate import ArgumentError, compile, parse
from striate.native import host
from striate.native.team import usable_processors
from striate.plan.target import TARGETS

NETWORK = parse("INPUT[4x4x1] - CONV[2] - RELU - FC[2]")


@pytest.mark.parametrize("target", EACH_TARGET)
def test_a_target_by_its_name(target: str) -> None:
    program = compile(NETWORK, 8, target=target)
    assert program.plan.target == TARGETS[target] and target in repr(program)
    assert program.scores(np.zeros((3, 4, 4, 1), np.float32)).shape == (3, 2)


@pytest.mark.skipif(not judge.ABLE, reason="this processor runs no target of the engine")
def test_the_best_by_itself() -> None:
    assert compile(NETWORK, 8).plan.target.name == judge.ABLE[0]


def test_the_best_comes_first() -> None:
    here = [TARGETS[name].lanes for name in judge.FAMILY]
    assert here == sorted(here, reverse=True)


def test_an_unknown_target() -> None:
    with pytest.raises(ArgumentError, match="target is one of avx512, avx2, sse2, neon, not 'cuda'"):
        compile(NETWORK, target="cuda")


def test_a_target_of_another_machine() -> None:
    other = next(name for name, target in TARGETS.items() if name not in judge.FAMILY)
    with pytest.raises(
        ArgumentError, match=f"this processor cannot run target {other}; it runs {', '.join(judge.ABLE)}"
    ):
        compile(NETWORK, target=other)


@pytest.mark.skipif("sse2" not in judge.FAMILY, reason="the features here are those of x86 processors")
@pytest.mark.parametrize(
    ("features", "best"),
    [
        ({"sse2"}, "sse2"),
        ({"sse2", "avx", "avx2"}, "sse2"),
        ({"sse2", "avx2", "fma"}, "avx2"),
        ({"sse2", "avx2", "fma", "avx512f"}, "avx2"),
        ({"sse2", "avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl"}, "avx512"),
    ],
)
def test_a_processor_with_less(features: set[str], best: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "_features", lambda: frozenset(features))
    assert host.choose_target().name == best
    if best != "avx512":
        with pytest.raises(ArgumentError, match=f"this processor cannot run target avx512; it runs {best}"):
            host.choose_target("avx512")


def test_a_processor_that_runs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "_machine", lambda: "abacus")
    with pytest.raises(ArgumentError, match=r"no target for this processor \(abacus\); there are avx512"):
        host.choose_target()


# ---- denormal numbers
def denormals_live() -> bool:
    """Whether this thread's processor still computes with numbers below the normal ones."""
    tiny = np.full(64, 1e-40, np.float32)
    return bool((tiny * np.float32(1) != 0).all() and (np.full(64, 1e-38, np.float32) * np.float32(0.01) != 0).all())


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("target", EACH_TARGET)
def test_denormals_are_left_as_they_were(target: str, threads: int) -> None:
    program = compile(NETWORK, 64, threads=threads, target=target)
    images = np.random.default_rng(0).random((64, 4, 4, 1), np.float32)
    seen = [denormals_live()]

    def use() -> None:
        program.train(images, np.zeros(64, int))
        seen.append(denormals_live())
        program.scores(images)
        seen.append(denormals_live())
        program.train((images * 255).astype(np.uint8), np.zeros(64, int))
        program.scores((images * 255).astype(np.uint8))
        seen.append(denormals_live())

    use()
    elsewhere = threading.Thread(target=use)
    elsewhere.start()
    elsewhere.join()
    assert seen == [True] * 7


@pytest.mark.parametrize("target", [p for p in EACH_TARGET if p.values[0] in ("avx512", "avx2", "sse2")])
def test_inside_denormals_count_as_zero(target: str) -> None:
    program = compile(parse("INPUT[1x1x1] - FC[1]"), 4, target=target)
    program.load({"fc1.weights": [[1e38]], "fc1.biases": [0.0]})
    assert program.scores(np.full((2, 1, 1, 1), 1e-40, np.float32)).tolist() == [[0.0], [0.0]]
    assert program.scores(np.full((2, 1, 1, 1), 1e-36, np.float32))[0, 0] == pytest.approx(100)


def test_there_is_a_processor_to_use() -> None:
    assert usable_processors() >= 1
