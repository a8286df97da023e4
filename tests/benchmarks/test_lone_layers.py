"""One CONV by itself: what is timed computes what it says, however many threads share it."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.single import DIRECTIONS, Bench, Single, truth

LINES = [
    "INPUT[9x7x5] - CONV[6]",
    "INPUT[8x8x17] - CONV[18]",
    "INPUT[9x9x3] - CONV[5, 5x5]",
    "INPUT[7x7x20] - CONV[33, 1x1, S=2]",
    "INPUT[12x12x4] - CONV[3, 7x7, S=2]",
]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("kernels", ["direct", "winograd", "deep"])
@pytest.mark.parametrize("line", LINES)
def test_a_call_alone_computes_its_direction(line: str, kernels: str, threads: int) -> None:
    single = Single.read(line)
    made = single.plan(batch=1, kernels=kernels)
    bench = Bench(made, threads)
    for direction, expected in truth(single, bench).items():
        for _ in range(2):  # nothing is left of the first
            bench.run(direction)
        off = np.abs(bench.result(direction) - expected).max() / np.abs(expected).max()
        assert off < 1e-4, f"{direction}: relative error {off:.3g}"


def test_flops_are_those_of_the_plain_definition() -> None:
    single = Single.read("INPUT[12x10x3] - CONV[5, S=2, P=0]")
    assert single.flops(16) == 2 * 5 * 3 * 9 * (4 * 5) * 16


def test_several_groups_of_images() -> None:
    bench = Bench(Single.read("INPUT[6x6x3] - CONV[4]").plan(batch=40), 2)
    for direction in DIRECTIONS:
        bench.run(direction)
        assert np.isfinite(bench.result(direction)).all()


@pytest.mark.parametrize("line", ["INPUT[6x6x3]", "INPUT[6x6x3] - RELU", "INPUT[6x6x3] - CONV[4] - RELU"])
def test_nothing_but_one_conv_is_taken(line: str) -> None:
    with pytest.raises(ValueError):
        Single.read(line)
