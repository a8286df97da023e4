"""The engine against PyTorch in float64: scores, loss, gradients, and parameters after five steps of its SGD."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given

import judge
from judge import EACH_TARGET, IN_TURN, LINES, OPTIMIZER

torch = pytest.importorskip("torch", reason="PyTorch is not installed: the engine is compared with it only where it is")

import twin  # noqa: E402 - it needs torch
from test_random_networks import SETTINGS, Draw, draws  # noqa: E402


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """These nets are too small for more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def _mean_loss(scores: Any, labels: Any, loss: str) -> Any:
    if loss == "softmax":
        return torch.nn.functional.cross_entropy(scores, labels)
    # PyTorch divides by the number of classes as well.
    return torch.nn.functional.multi_margin_loss(scores, labels) * scores.shape[1]


def _optimizer(leaves: dict[str, Any]) -> Any:
    """L2 acts on weights alone, so PyTorch's SGD needs the parameters in two groups."""
    weights = [p for p in leaves.values() if p.ndim > 1]
    biases = [p for p in leaves.values() if p.ndim == 1]
    groups = [
        {"params": weights, "weight_decay": OPTIMIZER.l2},
        {"params": biases, "weight_decay": 0.0},
    ]
    return torch.optim.SGD(groups, lr=OPTIMIZER.lr, momentum=OPTIMIZER.momentum)


@cache
def trained(name: str, loss: str) -> tuple[Any, ...]:
    """PyTorch's part of the trial of a net of the corpus."""
    return play(judge.named(name, loss))


def play(known: judge.Trial) -> tuple[Any, ...]:
    """What ``Run.check`` takes: PyTorch's scores, losses, first gradients, momenta and last parameters."""
    values = {n: torch.from_numpy(p.astype(np.float64)) for n, p in known.start.items()}
    leaves = {n: values[n].requires_grad_() for n in known.velocity}
    optimizer = _optimizer(leaves)
    scores, losses, gradients = [], [], []
    for step in known.steps:
        optimizer.zero_grad()
        pixels = torch.from_numpy(step.images.astype(np.float64)).permute(0, 3, 1, 2)
        made = twin.forward(known.network, values, pixels)
        trained = twin.forward(known.network, values, pixels, step.kept, training=True)
        mean = _mean_loss(trained, torch.from_numpy(step.labels), known.loss)
        mean.backward()
        scores.append(made.detach().numpy())
        losses.append(mean.item())
        gradients.append({n: p.grad.numpy().copy() for n, p in leaves.items()})
        optimizer.step()
    velocity = {n: optimizer.state[p]["momentum_buffer"].numpy() for n, p in leaves.items()}
    end = {n: p.detach().numpy() for n, p in values.items()}
    return scores[0], losses, gradients[0], velocity, end


@pytest.mark.parametrize("target", EACH_TARGET)
@pytest.mark.parametrize("name", LINES)
def test_softmax(name: str, target: str) -> None:
    judge.run(name, "softmax", target).check(judge.named(name, "softmax"), *trained(name, "softmax"))


@pytest.mark.parametrize(("name", "target"), IN_TURN)
def test_hinge(name: str, target: str) -> None:
    judge.run(name, "svm", target).check(judge.named(name, "svm"), *trained(name, "svm"))


@pytest.mark.skipif(not judge.ABLE, reason="this processor runs no target of the engine")
@SETTINGS
@given(draws())
def test_drawn_networks(drawn: Draw) -> None:
    """Networks that lean to the edges, on every target and with every kind of kernel: five steps."""
    assume(drawn.network.parameter_shapes())
    known = judge.trial(str(drawn.network), drawn.loss, drawn.seed, (drawn.images,) * 5)
    assume(min(step.clearance for step in known.steps) > judge.CLEAR)
    made = judge.program(known, drawn.target, drawn.threads, drawn.batch, cache=False, kernels=drawn.kernels)
    judge.play(known, made).check(known, *play(known))
