"""`striate plan --explain` and `striate profile`: what the engine runs, and how long it takes."""

from __future__ import annotations

import json

from command_line import TINY, VGG, Run

from striate.emit.estimate import estimate
from striate.native.host import choose_target
from striate.notation import parse
from striate.plan.plan import plan


def test_explain_prints_the_plan(run: Run) -> None:
    said = run("plan", VGG, "--explain", "--batch", 128).stdout
    made = plan(parse(VGG), choose_target(), 128, "softmax")
    assert said.startswith(f"{made}\n\npredicted")
    assert "conv2: forward winograd" in said and "direct: " in said and "arena: " in said
    rows = said.split("bytes  call\n")[1].splitlines()
    assert "in all" in rows.pop() and len(rows) == len(made.train)
    for row, call in zip(rows, made.train, strict=True):
        microseconds, flops, size, name = row.split()[:4]
        expected = estimate(made, call)
        assert name == f"{call.family}({call.buffers[0]})" and float(microseconds.replace(",", "")) >= 0
        assert (flops, size) == (f"{expected.flops:,}", f"{expected.bytes:,}")


def test_profile_times_every_call(run: Run) -> None:
    found = json.loads(run("profile", TINY, "--batch", 32, "--json").stdout)
    made = plan(parse(TINY), choose_target(), 32, "softmax")
    assert [call["call"].split("(")[0] for call in found["calls"]] == [call.family for call in made.train]
    assert abs(sum(call["share"] for call in found["calls"]) - 1) < 1e-9
    conv = found["calls"][0]
    # Both are the same seconds: operations done, and those of the plain definition.
    flops = parse(TINY).nodes[1].layer.flops(parse(TINY).input) * made.target.lanes
    assert round(conv["effective_gflops"] * 1e9 * conv["microseconds"] / 1e6) == flops
    assert found["peak_gflops"] > 0 and all(call["microseconds"] > 0 for call in found["calls"])


def test_profile_in_a_pipe(run: Run) -> None:
    said = run("profile", TINY, "--batch", 32).stdout
    assert "peak is" in said and "softmax_loss(fc1.y)" in said and "images/s a thread" in said
    assert max(map(len, said.splitlines())) <= 100


def test_profile_of_what_does_not_fit_says_what_would(run: Run) -> None:
    said = run("profile", "INPUT[1000x1000x3] - CONV[64] - FC[10]", "--batch", 1_000_000, status=2).stderr
    assert "striate: a batch of 1,000,000 needs " in said and " are free: " in said
