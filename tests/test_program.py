"""The engine against the float64 oracle, and against PyTorch in float64: every net of the corpus, every target, every
loss; scores, loss, gradients, and parameters after five steps of SGD.

One file, so that one process compiles and runs each program for both judges.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any

import pytest

import judge
from corpus import CASES
from judge import EACH_TARGET, IN_TURN, LINES, OPTIMIZER
from striate import Loss, parse
from striate.plan.order import ORDERS

needs_torch = pytest.mark.skipif(
    not find_spec("torch"), reason="PyTorch is not installed: the engine is compared with it only where it is"
)


def compare(name: str, target: str, loss: str, kernels: str | None = None, order: str | None = None) -> None:
    """Scores, loss and gradients of the first batch; losses of five steps; parameters and velocity after them."""
    known = judge.named(name, loss)
    assert min(step.clearance for step in known.steps) > judge.CLEAR
    run = judge.run(name, loss, target, kernels, order)
    run.check_oracle(known)
    assert run.correct == tuple(step.hits for step in known.steps)


@pytest.mark.parametrize("target", EACH_TARGET)
@pytest.mark.parametrize("name", LINES)
def test_softmax(name: str, target: str) -> None:
    compare(name, target, "softmax")


@pytest.mark.parametrize(("name", "target"), IN_TURN)
def test_hinge(name: str, target: str) -> None:
    compare(name, target, "svm")


@pytest.mark.parametrize("kernels", ["direct", "winograd", "deep", "packed"])
@pytest.mark.parametrize(("name", "target"), IN_TURN)
def test_forced_kernels(name: str, target: str, kernels: str) -> None:
    compare(name, target, "softmax", kernels)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("name", "target"), IN_TURN)
def test_both_orders(name: str, target: str, order: str) -> None:
    compare(name, target, "softmax", order=order)


@cache
def by_torch(name: str, loss: str | Loss) -> tuple[Any, ...]:
    """PyTorch's part of the trial of a net of the corpus."""
    import twin

    return twin.play(judge.named(name, loss), OPTIMIZER)


@needs_torch
@pytest.mark.parametrize("target", EACH_TARGET)
@pytest.mark.parametrize("name", LINES)
def test_softmax_against_torch(name: str, target: str) -> None:
    judge.run(name, "softmax", target).check(judge.named(name, "softmax"), *by_torch(name, "softmax"))


@needs_torch
@pytest.mark.parametrize(("name", "target"), IN_TURN)
def test_hinge_against_torch(name: str, target: str) -> None:
    judge.run(name, "svm", target).check(judge.named(name, "svm"), *by_torch(name, "svm"))


#: Every class weighs differently here, whatever the number of classes.
WEIGHED = {count: tuple(0.5 + 0.75 * i for i in range(count)) for count in range(1, 73)}
OTHERS = ["svm-squared", "l2", "smooth", "weighed", "both"]


def _loss(name: str, kind: str) -> str | Loss:
    if kind in ("svm-squared", "l2"):
        return kind
    classes = parse(LINES[name]).classes
    return Loss(
        smoothing=0.0 if kind == "weighed" else 0.2, class_weights=None if kind == "smooth" else WEIGHED[classes]
    )


@needs_torch
@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("name", [*list(CASES)[::9], "fc-1", "volume-last", "relu-last", "lenet"])
def test_other_losses(name: str, kind: str) -> None:
    loss = _loss(name, kind)
    for target in judge.ABLE:
        found = judge.run(name, loss, target)
        found.check_oracle(judge.named(name, loss))
        found.check(judge.named(name, loss), *by_torch(name, loss))
