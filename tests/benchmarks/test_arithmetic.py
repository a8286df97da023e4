"""What the benchmarks reckon with: turns, ratios, summaries; no figure of a machine."""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.errors import compared, relative, summary
from benchmarks.layers import summary as summary_of_layers
from benchmarks.nets import usual_batch
from benchmarks.options import names, numbers
from benchmarks.pairs import apart, paired, rounded
from benchmarks.report import write_json
from benchmarks.turns import Contender, best, in_turn, median_seconds, race, ratio


def test_a_ratio_is_the_median_over_the_rounds() -> None:
    assert ratio([4.0, 9.0, 100.0], [2.0, 3.0, 10.0]) == 3.0  # of 2, 3 and 10
    with pytest.raises(ValueError):
        ratio([1.0], [1.0, 2.0])


def test_the_best_peer_leaves_the_lowest_ratio() -> None:
    ratios = {"striate": 1.0, "slow": 5.0, "fast": 1.5, "half": 0.7}
    assert best(ratios, ["slow", "fast", "absent"]) == ("fast", 1.5)
    assert best(ratios, ["slow", "fast", "half"]) == ("half", 0.7)
    assert best(ratios, ["absent"]) is None


def test_a_call_is_timed_at_least_once() -> None:
    seen: list[int] = []
    assert median_seconds(lambda: seen.append(1), 0.0) < 1
    assert seen == [1]


def test_turns_within_a_process_leave_out_the_first_round() -> None:
    order: list[str] = []
    times = in_turn({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 3, 0.0)
    assert order == ["a", "b"] * 4
    assert {name: len(taken) for name, taken in times.items()} == {"a": 3, "b": 3}


def make(seconds: float) -> dict[str, Any]:
    """What a contender of these tests can do."""
    return {"sleep": lambda: time.sleep(seconds), "work": lambda: math.sqrt(seconds)}


def test_contenders_race_in_processes_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    contender = Contender(make)
    try:
        assert contender.make(0.01) == "" and contender.calls == ("sleep", "work")
        entries = {"sleep": (contender, "sleep"), "other": (contender, "no such call")}
        times = race(entries, 2, 0.0)
        assert list(times) == ["sleep"] and min(times["sleep"]) >= 0.01 and len(times["sleep"]) == 2
        assert "other failed: KeyError" in capsys.readouterr().out
        assert "ValueError" in contender.make(-1.0)  # neither sleeps nor has a root
    finally:
        contender.end()
    assert contender.make(1.0) == "its process ended"


def test_each_net_has_its_usual_batch() -> None:
    assert [usual_batch(net, None) for net in ("seed", "vgg64", "alexnet")] == [128, 64, 16]
    assert usual_batch("alexnet", 32) == 32


def test_lists_of_names_and_numbers() -> None:
    assert names("a, b,", ("a", "b", "c"), "nets") == ["a", "b"]
    assert numbers("1,2,16") == [1, 2, 16]
    with pytest.raises(SystemExit, match="--nets: 'd' is none of a, b"):
        names("d", ("a", "b"), "nets")


def test_errors_are_relative_to_the_size_of_the_true_numbers() -> None:
    true = np.array([3.0, -4.0, 0.0, 5.0])  # root mean square: sqrt(12.5)
    largest, rms = relative(np.array([3.0, -4.0, 1.0, 5.0], np.float32), true)
    assert largest == pytest.approx(1 / 12.5**0.5)
    assert rms == pytest.approx(0.5 / 12.5**0.5)


def test_errors_are_compared_with_the_direct_kernels_of_the_same_direction() -> None:
    def row(direction: str, kernel: str, error: float, taken: bool) -> dict[str, Any]:
        return {
            "conv": "CONV", "direction": direction, "kernel": kernel, "largest": error, "rms": error, "taken": taken
        }  # fmt: skip

    weights = [row("weights", "deep", 60.0, False), row("weights", "direct", 5.0, True)]
    rows = compared([*weights, row("data", "direct", 2.0, False), row("data", "winograd", 8.0, True)])
    assert [(r["direction"], r["kernel"], r["largest_ratio"]) for r in rows] == [
        ("data", "direct", 1.0), ("data", "winograd", 4.0), ("weights", "deep", 12.0), ("weights", "direct", 1.0)
    ]  # fmt: skip
    said = summary(rows)
    assert said[0] == "RATIO taken largest error: 4.00, at most 10: CONV, data, winograd"
    assert said[2] == "RATIO all largest error: 12.00, MORE THAN 10: CONV, weights, deep"


def test_layers_are_summed_up_by_direction_and_in_all() -> None:
    rows = [
        {way: {"ratio": value} for way, value in zip(("forward", "data", "weights"), values, strict=True)}
        for values in ((2.0, 3.0, 4.0), (1.0, 5.0, 0.5), (6.0, 7.0, 8.0))
    ]
    assert summary_of_layers(rows) == [
        "RATIO forward: least 1.00, median 2.00, of 3",
        "RATIO data: least 3.00, median 5.00, of 3",
        "RATIO weights: least 0.50, median 4.00, of 3",
        "RATIO all: least 0.50, median 4.00, of 9",
    ]


def test_bfloat16_rounds_to_the_nearest_and_ties_to_even() -> None:
    step = 2.0**-7  # between bfloat16 numbers from 1 on
    given = np.array([1.0, 1 + step / 2, 1 + 3 * step / 2, 1 + 0.51 * step, -3.0], np.float32)
    np.testing.assert_array_equal(rounded(given), np.array([1.0, 1.0, 1 + 2 * step, 1 + step, -3.0], np.float32))


def test_pairs_come_apart_as_they_were() -> None:
    low, high = np.array([[1.5], [-2.0]], np.float32), np.array([[0.25]], np.float32)
    np.testing.assert_array_equal(apart(paired(low, high)).ravel(), [1.5, 0.25, -2.0, 0.0])


def test_figures_go_to_a_file_with_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    write_json(argparse.Namespace(json=str(path), out=tmp_path, rounds=2), [{"net": "seed", "seconds": 0.5}])
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept["rows"] == [{"net": "seed", "seconds": 0.5}]
    assert kept["settings"] == {"json": str(path), "out": str(tmp_path), "rounds": 2}
    assert kept["machine"]
