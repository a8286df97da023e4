"""The engine against the float64 oracle: every net of the corpus, every target, both losses."""

from __future__ import annotations

import pytest

import judge
from judge import EACH_TARGET, IN_TURN, LINES
from striate.plan.order import ORDERS


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
