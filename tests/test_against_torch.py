"""The engine against PyTorch in float64: scores, loss, gradients, and parameters after five steps of its SGD."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given

import judge
from corpus import CASES
from judge import EACH_TARGET, IN_TURN, LINES, OPTIMIZER
from striate import Loss, parse

torch = pytest.importorskip("torch", reason="PyTorch is not installed: the engine is compared with it only where it is")

import twin  # noqa: E402 - it needs torch
from test_random_networks import SETTINGS, Draw, draws, is_clear  # noqa: E402


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """These nets are too small for more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def _optimizer(leaves: dict[str, Any]) -> Any:
    """L2 acts on weights alone, and not on those of BN, so PyTorch's SGD needs the parameters in two groups."""
    pulled = {name: name.endswith(".weights") and p.ndim > 1 for name, p in leaves.items()}
    weights, biases = ([p for name, p in leaves.items() if pulled[name] == each] for each in (True, False))
    groups = [
        {"params": weights, "weight_decay": OPTIMIZER.l2},
        {"params": biases, "weight_decay": 0.0},
    ]
    return torch.optim.SGD(groups, lr=OPTIMIZER.lr, momentum=OPTIMIZER.momentum)


@cache
def trained(name: str, loss: str | Loss) -> tuple[Any, ...]:
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
        mean = twin.mean_loss(trained, torch.from_numpy(step.labels), known.loss)
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


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("name", [*list(CASES)[::9], "fc-1", "volume-last", "relu-last", "lenet"])
def test_other_losses(name: str, kind: str) -> None:
    loss = _loss(name, kind)
    for target in judge.ABLE:
        found = judge.run(name, loss, target)
        found.check_oracle(judge.named(name, loss))
        found.check(judge.named(name, loss), *trained(name, loss))


@pytest.mark.skipif(not judge.ABLE, reason="this processor runs no target of the engine")
@SETTINGS
@given(draws())
def test_drawn_networks(drawn: Draw) -> None:
    """Networks that lean to the edges, on every target and with every kind of kernel: five steps."""
    assume(drawn.network.parameter_shapes())
    known = judge.trial(str(drawn.network), drawn.loss, drawn.seed, (drawn.images,) * 5)
    assume(is_clear(known))
    made = judge.program(known, drawn.target, drawn.threads, drawn.batch, cache=False, kernels=drawn.kernels)
    judge.play(known, made).check(known, *play(known))
