"""The engine against the float64 oracle, and PyTorch where it is installed, on drawn networks that lean to the edges.

``STRIATE_DRAWS=1000 pytest tests/test_random_networks.py`` draws more, and
``python tests/test_random_networks.py 2000 7`` goes through 2000 draws of seed 7 and lists every failure;
``… 2000 7 500 600`` goes through a piece of them.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import traceback
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from importlib.util import find_spec

import pytest
from hypothesis import HealthCheck, assume, given, seed, settings
from hypothesis import strategies as st

import emulated
import judge
from striate import NotationError, parse
from striate.notation import Network
from striate.plan.order import ORDERS
from striate.plan.plan import KERNELS
from ways import items, layers_for

DEPTHS = (1, 2, 3, 7, 8, 15, 16, 17)
KINDS = (
    "CONV", "CONV", "CONV", "LOCAL", "RELU", "POOL", "POOL", "POOL2", "FC", "DROPOUT", "BN", "LRN", "GAP",
    "FUNCTION", "FUNCTION", "MAXOUT", "WAYS", "WAYS",
)  # fmt: skip
IMAGES = (1, 2, 3, 5, 7, 13, 16, 17, 19, 31)
FUNCTIONS = ("LEAKY", "LEAKY[0.3]", "LEAKY[0]", "ELU", "ELU[0.5]", "ELU[3]", "GELU", "SILU", "SIGMOID", "TANH")
MOST_WORK = 4_000_000  #: multiply-adds of an image's forward pass; a draw beyond would take seconds
RUN_AWAY = 30  #: a loss beyond, and what is rounded on the way to it, grows from step to step


@dataclass(frozen=True)
class Draw:
    """A network and how it is run; ``large``: as networks with large volumes are."""

    network: Network
    images: int
    batch: int
    threads: int
    loss: str
    target: str
    kernels: str | None
    order: str | None
    large: bool
    seed: int


@st.composite
def windows(draw: st.DrawFn, side: int) -> str:
    """F, S, P and fit of a CONV or POOL: often F=W, F=W+1, S=F, S>F, or the widest padding."""
    field = draw(st.one_of(st.integers(1, 5), st.sampled_from([side, side + 1]), st.just(2), st.just(3)))
    stride = draw(st.one_of(st.integers(1, 4), st.sampled_from([field, field + 1])))
    padding = draw(st.one_of(st.just(0), st.just((field - 1) // 2), st.integers(0, field - 1)))
    return f"F={field}, S={stride}, P={padding}, fit={draw(st.sampled_from(['pad', 'crop']))}"


@st.composite
def windows_apart(draw: st.DrawFn) -> str:
    """The same with sides that differ."""
    fields, strides = (draw(st.tuples(st.integers(1, 4), st.integers(1, 4))) for _ in range(2))
    paddings = [draw(st.integers(0, field - 1)) for field in fields]
    sides = ("x".join(map(str, pair)) for pair in (fields, strides, paddings))
    return "F={}, S={}, P={}, fit={}".format(*sides, draw(st.sampled_from(["pad", "crop"])))


@st.composite
def convs(draw: st.DrawFn, side: int, depth: int) -> str:
    """The bracket of a CONV: often plain, else of other sides, dilated, or in groups."""
    filters, window = draw(st.sampled_from(DEPTHS)), draw(windows(side))
    kind = draw(st.integers(0, 7))
    if kind in (5, 7):
        window = draw(windows_apart())
    if kind in (4, 7):
        window += f", dilation={draw(st.sampled_from(['2', '3', '1x2', '3x1']))}"
    if kind >= 6:
        groups = draw(st.sampled_from([g for g in range(1, depth + 1) if depth % g == 0]))
        filters = groups * draw(st.sampled_from([1, 1, 2, 3, 16]))
        window += f", groups={draw(st.sampled_from([groups, 'each' if groups == depth else groups]))}"
    return f"[{filters}, {window}]"


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """One to six layers in any order; one that does not go with those before is left out."""
    wide, high = draw(st.integers(1, 13)), draw(st.integers(1, 13))
    depth = draw(st.sampled_from(DEPTHS))
    line, volume = f"INPUT[{wide}x{high}x{depth}]", (wide, high)
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(KINDS))
        if kind == "CONV":
            kind += draw(convs(min(volume), depth))
        elif kind == "LOCAL":
            kind += f"[{draw(st.sampled_from(DEPTHS))}, {draw(st.one_of(windows(min(volume)), windows_apart()))}]"
        elif kind == "POOL":
            window = draw(st.one_of(windows(min(volume)), windows_apart()))
            kind += f"[{window}, {draw(st.sampled_from(['max', 'max', 'average', 'l2']))}]"
        elif kind == "LRN":
            kind += draw(st.sampled_from(["", "[3, alpha=2]", "[2, alpha=1, beta=0.5, k=2]", "[9, alpha=4, beta=1.2]"]))
        elif kind == "POOL2":
            kind = "POOL[fit=crop]"
        elif kind == "FC":
            kind += f"[{draw(st.sampled_from(DEPTHS))}]"
        elif kind == "FUNCTION":
            kind = draw(st.sampled_from(FUNCTIONS))
        elif kind == "MAXOUT":
            kind += draw(st.sampled_from(["", "[3]", "[5]", "[8]"]))
        elif kind == "DROPOUT":
            kind += draw(st.sampled_from(["", "[0]", "[0.1]", "[0.9]"]))
        elif kind == "WAYS":
            kind = draw(items(layers_for(depth), 2))
        try:
            network = parse(f"{line} - {kind}")
        except NotationError:
            continue
        if sum(node.layer.flops(node.input) for node in network.nodes) <= 2 * MOST_WORK:
            line, volume = f"{line} - {kind}", (network.output.width, network.output.height)
            depth = network.output.depth
    if " - " not in line or draw(st.booleans()):
        line += f" - FC[{draw(st.sampled_from([1, 2, 3, 10, 17]))}]"
    return parse(line)


@st.composite
def draws(draw: st.DrawFn, targets: Sequence[str] = judge.ABLE) -> Draw:
    network, images = draw(networks()), draw(st.sampled_from(IMAGES))
    batch = images + draw(st.sampled_from([0, 0, 1, 20]))
    return Draw(
        network,
        images,
        max(batch, 2) if network.state_shapes() else batch,  # a program for one image at a time may refuse BN
        draw(st.integers(1, 3)),
        draw(st.sampled_from(["softmax", "svm", "svm-squared", "l2"])),
        draw(st.sampled_from(targets)),
        draw(st.sampled_from([None, *KERNELS])),
        draw(st.sampled_from([None, *ORDERS])),
        draw(st.booleans()),
        draw(st.integers(0, 9999)),
    )


def is_clear(known: judge.Trial) -> bool:
    """Whether no image is near a decision, and no loss runs away."""
    return all(step.clearance > judge.CLEAR and step.loss < RUN_AWAY for step in known.steps)


def compare(drawn: Draw) -> bool:
    """Scores, loss, gradients and five steps of SGD against the judges; False where no images were clear, or where the
    loss runs away."""
    most = drawn.images
    known = judge.trial(str(drawn.network), drawn.loss, drawn.seed, (most, most - most // 2, most, 1, most))
    if not is_clear(known):
        return False
    with judge.as_if_large() if drawn.large else nullcontext():
        program = judge.program(
            known,
            drawn.target,
            threads=1 if drawn.target == emulated.TARGET.name else drawn.threads,
            batch=drawn.batch,
            cache=False,
            kernels=drawn.kernels,
            order=drawn.order,
        )
    plan, first = program.plan, known.steps[0]
    program.plan = replace(plan, single=replace(plan.single, most=drawn.images))
    judge.check(program.scores(first.images[:3]), first.scores[:3], "scores, one by one")
    program.plan = plan
    run = judge.play(known, program)
    run.check_oracle(known)
    if find_spec("torch") and drawn.network.parameter_shapes():
        import twin

        run.check(known, *twin.play(known, judge.OPTIMIZER))
    return True


SETTINGS = settings(
    max_examples=int(os.environ.get("STRIATE_DRAWS", "500")),
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


@pytest.mark.parametrize("target", judge.EACH_TARGET)
def test_a_volume_that_cancels(target: str) -> None:
    """One number of one image, summed of terms 10,000 times as large: no gradient of it has all its digits."""
    line = "INPUT[4x13x15] - CONV[1, 4x4, S=4, P=0, fit=crop] - FC[3] - CONV[1, 2x2, S=3, P=0, fit=pad]"
    network = parse(f"{line} - CONV[2, 2x2, S=2, P=1, fit=pad]")
    assert compare(Draw(network, 1, 1, 1, "svm", target, "direct", None, False, 367))


@emulated.needs_emulator
@settings(SETTINGS, max_examples=max(1, SETTINGS.max_examples // 10))
@given(draws([emulated.TARGET.name]))
def test_drawn_networks_for_aarch64(drawn: Draw) -> None:
    with pytest.MonkeyPatch.context() as patch:
        emulated.emulate(patch)
        assume(compare(drawn))


def drawn_with(number: int, count: int) -> list[Draw]:
    """``count`` draws of a seed, over all targets."""
    targets = [*judge.ABLE, *([] if emulated.MISSING else [emulated.TARGET.name])]
    every: list[Draw] = []

    def note(drawn: Draw) -> None:
        every.append(drawn)

    runs = settings(SETTINGS, max_examples=count, derandomize=False)
    seed(number)(runs(given(draws(targets))(note)))()
    return every


def campaign(count: int, number: int, first: int, last: int) -> int:
    """Go through ``count`` draws of a seed, or those from ``first`` to ``last``, failures and all; how many failed.

    All draws are made before one is looked at, so the pieces of a campaign are parts of one list.
    """
    every = drawn_with(number, count)
    outcomes = Counter(f"{_outcome(drawn)} on {drawn.target}" for drawn in every[first:last])
    digest = hashlib.sha256("\n".join(map(str, every)).encode()).hexdigest()[:12]
    print(f"seed {number}, {len(every)} draws (digest {digest}), from {first} to {min(last, len(every))}:")
    print(dict(sorted(outcomes.items())))
    return sum(n for outcome, n in outcomes.items() if outcome.startswith("FAIL"))


def _outcome(drawn: Draw) -> str:
    try:
        return "agree" if compare(drawn) else "no clear images"
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        print(f"FAIL {drawn}\n     {type(error).__name__} in {last.name}: {error}", flush=True)
        return "FAIL"


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Compare drawn networks with the oracle.")
    options.add_argument("count", type=int, nargs="?", default=2000)
    options.add_argument("seed", type=int, nargs="?", default=0)
    options.add_argument("first", type=int, nargs="?", default=0)
    options.add_argument("last", type=int, nargs="?", default=sys.maxsize)
    asked = options.parse_args()
    with pytest.MonkeyPatch.context() as patch:
        emulated.emulate(patch)
        sys.exit(1 if campaign(asked.count, asked.seed, asked.first, asked.last) else 0)
