"""The engine against the float64 oracle on drawn networks that lean to the edges.

``STRIATE_DRAWS=1000 pytest tests/test_random_networks.py`` draws more, and
``python tests/test_random_networks.py 2000 7`` goes through 2000 draws of seed 7 and lists every failure.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, seed, settings
from hypothesis import strategies as st

import judge
from corpus import draw as draw_numbers
from striate import NotationError, compile, parse
from striate.notation import Network
from striate.plan.order import ORDERS

DEPTHS = (1, 2, 3, 7, 8, 15, 16, 17)
IMAGES = (1, 2, 3, 5, 7, 13, 16, 17, 19, 31)
MOST_WORK = 4_000_000  #: multiply-adds of an image's forward pass; a draw beyond would take seconds


@dataclass(frozen=True)
class Draw:
    """A network and how it is run."""

    network: Network
    images: int
    batch: int
    threads: int
    loss: str
    target: str
    kernels: str | None
    order: str | None
    seed: int


@st.composite
def windows(draw: st.DrawFn, side: int) -> str:
    """F, S, P and fit of a CONV or POOL: often F=W, F=W+1, S=F, S>F, or the widest padding."""
    field = draw(st.one_of(st.integers(1, 5), st.sampled_from([side, side + 1]), st.just(2), st.just(3)))
    stride = draw(st.one_of(st.integers(1, 4), st.sampled_from([field, field + 1])))
    padding = draw(st.one_of(st.just(0), st.just((field - 1) // 2), st.integers(0, field - 1)))
    return f"F={field}, S={stride}, P={padding}, fit={draw(st.sampled_from(['pad', 'crop']))}"


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """One to six layers in any order; one that does not go with those before is left out."""
    wide, high = draw(st.integers(1, 13)), draw(st.integers(1, 13))
    line, volume = f"INPUT[{wide}x{high}x{draw(st.sampled_from(DEPTHS))}]", (wide, high)
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(["CONV", "CONV", "RELU", "POOL", "POOL2", "FC"]))
        if kind == "CONV":
            kind += f"[{draw(st.sampled_from(DEPTHS))}, {draw(windows(min(volume)))}]"
        elif kind == "POOL":
            kind += f"[{draw(windows(min(volume)))}]"
        elif kind == "POOL2":
            kind = "POOL[fit=crop]"
        elif kind == "FC":
            kind += f"[{draw(st.sampled_from(DEPTHS))}]"
        try:
            network = parse(f"{line} - {kind}")
        except NotationError:
            continue
        if sum(node.layer.flops(node.input) for node in network.nodes) <= 2 * MOST_WORK:
            line, volume = f"{line} - {kind}", (network.output.width, network.output.height)
    if " - " not in line or draw(st.booleans()):
        line += f" - FC[{draw(st.sampled_from([1, 2, 3, 10, 17]))}]"
    return parse(line)


@st.composite
def draws(draw: st.DrawFn) -> Draw:
    network, images = draw(networks()), draw(st.sampled_from(IMAGES))
    return Draw(
        network,
        images,
        images + draw(st.sampled_from([0, 0, 1, 20])),
        draw(st.integers(1, 3)),
        draw(st.sampled_from(["softmax", "svm"])),
        draw(st.sampled_from(judge.ABLE)),
        draw(st.sampled_from([None, "direct", "winograd", "deep", "packed"])),
        draw(st.sampled_from([None, *ORDERS])),
        draw(st.integers(0, 9999)),
    )


def compare(drawn: Draw) -> bool:
    """Scores, loss and gradients against the oracle, and a step of SGD; False where no images were clear."""
    network = drawn.network
    start = {n: p.astype(np.float32) for n, p in draw_numbers(network, 1, drawn.seed)[0].items()}
    step = judge.step(network, start, drawn.images, drawn.loss, drawn.seed)
    if step.clearance < judge.CLEAR:
        return False
    program = compile(
        network,
        drawn.batch,
        judge.OPTIMIZER,
        drawn.loss,
        threads=drawn.threads,
        target=drawn.target,
        kernels=drawn.kernels,
        order=drawn.order,
        cache=False,
    )
    program.load(start)
    judge.check(program.scores(step.images), step.scores, "scores")
    program.plan = replace(program.plan, single=replace(program.plan.single, most=drawn.images))
    judge.check(program.scores(step.images[:3]), step.scores[:3], "scores, one by one")
    loss, gradients = program.gradients(step.images, step.labels)
    judge.check(loss, step.loss, "loss")
    judge.check_all(gradients, step.gradients, "gradient", step.floors)
    judge.check(program.train(step.images, step.labels), step.loss, "loss of the step")
    lr, l2 = judge.OPTIMIZER.lr, judge.OPTIMIZER.l2
    velocity = {n: g + (l2 * start[n] if n.endswith(".weights") else 0) for n, g in step.gradients.items()}
    judge.check_all(program.velocity(), velocity, "velocity", step.floors)
    judge.check_all(program.parameters(), {n: start[n] - lr * v for n, v in velocity.items()}, "new value")
    return True


SETTINGS = settings(
    max_examples=int(os.environ.get("STRIATE_DRAWS", "80")),
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.skipif(not judge.ABLE, reason="this processor runs no target of the engine")
@SETTINGS
@given(draws())
def test_drawn_networks(drawn: Draw) -> None:
    assume(compare(drawn))


def campaign(count: int, number: int) -> int:
    """Go through ``count`` draws of a seed, failures and all; how many failed."""
    outcomes: Counter[str] = Counter()

    def note(drawn: Draw) -> None:
        try:
            outcome = "agree" if compare(drawn) else "no clear images"
        except Exception as error:
            outcome = "FAIL"
            last = traceback.extract_tb(error.__traceback__)[-1]
            print(f"FAIL {drawn}\n     {type(error).__name__} in {last.name}: {error}", flush=True)
        outcomes[f"{outcome} on {drawn.target}"] += 1

    runs = settings(SETTINGS, max_examples=count, derandomize=False)
    seed(number)(runs(given(draws())(note)))()
    print(f"seed {number}: {sum(outcomes.values())} draws; {dict(sorted(outcomes.items()))}")
    return sum(n for outcome, n in outcomes.items() if outcome.startswith("FAIL"))


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]] or [2000]
    sys.exit(1 if campaign(arguments[0], *(arguments[1:] or [0])) else 0)
