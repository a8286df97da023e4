"""What an engine's numbers are held against: the float64 oracle, on images where no decision hangs by a hair.

RELU and its like, POOL, MAXOUT and the hinge decide: above zero or not, which is largest, within the margin or not.
Where a number lies closer to such a decision than float32 can tell, float64 may decide otherwise and the gradient
jumps. So images are drawn until every decision of each is clear; nothing is left out of the comparison itself.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from corpus import CASES, NETS
from corpus import draw as draw_numbers
from kept import kept as kept_of
from striate import SGD, Program
from striate import compile as compile_network
from striate.layers import Activation, Dropout, Elu, Gelu, Leaky, Maxout, Pool, Relu, Sigmoid, Silu, Tanh
from striate.layers.loss import loss as loss_of
from striate.native.host import runs_here
from striate.notation import Network, parse
from striate.notation.network import Node
from striate.plan import convolution, tiles
from striate.plan import plan as planner
from striate.plan.target import TARGETS

Array = npt.NDArray[np.float64]
Numbers = Mapping[str, npt.NDArray[Any]]

TOLERANCE = 1e-4
FLOOR = 1e-3  #: a tensor whose largest number is below is compared as if that number were this
CANCELLED = 0.01  #: the same for a gradient that is a smaller part than this of all that was summed, signs aside
CLEAR = 5e-7  #: how far from every decision an image must stay, relative to the volume's largest number
SHORT = 1e-3  #: an l2 norm this times shorter turns its gradient as far as a decision that is as close
BATCH = 19  #: two groups of 16, three of 8, five of 4 lanes, and none of them full
SIZES = (19, 16, 7, 19, 1)  #: images of the five steps
FEW = (5, 2, 2, 3, 1)  #: the same for nets that are slow in NumPy
OPTIMIZER = SGD(lr=0.003, momentum=0.9, l2=0.01)

LINES = {**NETS, **CASES}

_MACHINE = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
FAMILY = [target.name for target in TARGETS.values() if target.machine == _MACHINE]
ABLE = [name for name in FAMILY if runs_here(TARGETS[name])]


def lacks(name: str) -> pytest.MarkDecorator:
    """Skips a test where this processor cannot run the target, and says what it lacks."""
    needs = ", ".join(TARGETS[name].needs)
    return pytest.mark.skipif(name not in ABLE, reason=f"target {name} needs a processor with {needs}")


#: Each small case with one target, in turn, and each named net with all: for what need not run everywhere.
IN_TURN = [
    pytest.param(name, target, marks=lacks(target))
    for i, name in enumerate(CASES)
    for target in FAMILY[i % max(1, len(FAMILY)) :][:1]
] + [pytest.param(name, target, marks=lacks(target)) for name in NETS for target in FAMILY]

EACH_TARGET = [pytest.param(name, marks=lacks(name)) for name in FAMILY]


def error(found: npt.ArrayLike, expected: npt.ArrayLike, floor: float = FLOOR) -> float:
    """max|found - expected| / max|expected|; NaN, which no comparison passes, where either has one."""
    a, b = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert a.shape == b.shape, (a.shape, b.shape)
    return float(np.abs(a - b).max() / max(float(np.abs(b).max()), floor)) if a.size else 0.0


def check(found: npt.ArrayLike, expected: npt.ArrayLike, what: str, floor: float = FLOOR) -> None:
    """Fail unless the error is below the tolerance."""
    off = error(found, expected, floor)
    assert off < TOLERANCE, f"{what}: relative error {off:.3g}"


def check_all(found: Numbers, expected: Numbers, what: str, floors: Mapping[str, float] | None = None) -> None:
    """The same for every tensor by its name."""
    assert list(found) == list(expected)
    for name, numbers in expected.items():
        check(found[name], numbers, f"{what} of {name}", max(FLOOR, (floors or {}).get(name, 0.0)))


def clearances(network: Network, made: Mapping[str, Array], labels: npt.NDArray[Any], loss: str) -> Array:
    """For each image, its least distance from any decision, relative to the largest number of that volume."""
    least = np.full(len(labels), np.inf)
    for before, node in zip(network.nodes, network.nodes[1:], strict=False):
        x = made[before.name]
        if isinstance(node.layer, Relu | Leaky | Elu):
            least = np.minimum(least, _relative(np.abs(x), x))
        elif isinstance(node.layer, Pool) and node.layer.of == "l2":
            least = np.minimum(least, _relative(node.layer.forward(x, {}) * SHORT, x))
        elif isinstance(node.layer, Pool) and node.layer.of == "max" and node.layer.field != 1:
            least = np.minimum(least, _relative(_leads(node.layer, x), x))
        elif isinstance(node.layer, Maxout):
            least = np.minimum(least, _relative(_lead(x.reshape(*x.shape[:3], -1, node.layer.pieces)), x))
    if loss == "svm":
        last = made[network.nodes[-1].name]
        scores = last.transpose(0, 3, 1, 2).reshape(len(last), -1)
        margins = np.abs(scores - scores[np.arange(len(labels)), labels][:, None] + 1)
        margins[np.arange(len(labels)), labels] = np.inf
        least = np.minimum(least, margins.min(1) / max(1.0, float(np.abs(scores).max())))
    return least


def _relative(distances: Array, x: Array) -> Array:
    """The least of each image's distances. Exact zeros count as far: both precisions have them alike."""
    rows = np.where(distances == 0, np.inf, distances).reshape(len(distances), -1)
    return np.asarray(rows.min(1) / max(float(np.abs(x).max()), 1e-30))


def _leads(pool: Pool, x: Array) -> Array:
    """By how much the largest number of each window leads the second."""
    from striate.volume import Volume

    rows, columns = pool.windows(Volume(x.shape[2], x.shape[1], x.shape[3]))
    padded = np.pad(x, ((0, 0), (rows.before, rows.after), (columns.before, columns.after), (0, 0)))
    seen = sliding_window_view(padded, (rows.field, columns.field), (1, 2))[:, :: rows.stride, :: columns.stride]
    flat = seen[:, : rows.count, : columns.count].reshape(*seen.shape[:1], -1, rows.field * columns.field)
    return _lead(flat)


def _lead(numbers: Array) -> Array:
    """By how much the largest number along the last axis leads the second."""
    top = np.partition(numbers, -2, axis=-1)[..., -2:]
    return np.asarray(top[..., 1] - top[..., 0])


@dataclass(frozen=True)
class Step:
    """A batch, what DROPOUT keeps in it, and what the oracle says of it; ``hits``: images that training finds right."""

    images: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    kept: Numbers
    scores: Array
    hits: int
    loss: float
    gradients: dict[str, Array]
    floors: dict[str, float]
    clearance: float


def _mistaken(scores: Array, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The labels, the first changed where softmax finds all of them right: 1 - p would have no digits left."""
    powers = np.exp(scores - scores.max(1, keepdims=True))
    shares = powers / powers.sum(1, keepdims=True)
    if shares[np.arange(len(labels)), labels].min() < 0.95:
        return labels
    return np.concatenate([scores[:1].argmin(1), labels[1:]])


def _own(node: Node, parameters: Numbers) -> dict[str, Array]:
    """A layer's parameters by their names in the layer, and what it keeps, if that is said."""
    names = [*node.layer.parameter_shapes(node.input), *(["kept"] if f"{node.name}.kept" in parameters else [])]
    return {name: np.asarray(parameters[f"{node.name}.{name}"], np.float64) for name in names}


def _summed(network: Network, parameters: Numbers, made: Mapping[str, Array]) -> dict[str, float]:
    """For every volume, the largest sum of absolute values in the last CONV or FC up to there."""
    summed = {network.nodes[0].name: 0.0}
    for before, node in zip(network.nodes, network.nodes[1:], strict=False):
        own = {name: np.abs(numbers) for name, numbers in _own(node, parameters).items()}
        sums = node.layer.forward(np.abs(made[before.name]), own) if own else summed[before.name]
        if isinstance(node.layer, Dropout):
            sums = summed[before.name] / (1 - node.layer.rate)
        if isinstance(node.layer, Sigmoid | Tanh):
            sums = np.minimum(sums, 1.0)  # nothing is left of what they saturate
        summed[node.name] = float(np.max(sums))
    return summed


def _floors(
    network: Network, parameters: Numbers, made: Mapping[str, Array], labels: npt.NDArray[Any], loss: str
) -> dict[str, float]:
    """For every gradient, CANCELLED of the largest sum of its terms' absolute values.

    A bias under softmax, say, may sum to nothing at all: float32 then leaves the rounding of its terms. A whole volume
    may, too, such as one number of one image: its terms are then those of which it was summed. So may slopes, such as
    y - y*y of SIGMOID where all of a volume saturates: ``sharp`` is what their terms would make of the gradient.
    """
    last = made[network.nodes[-1].name]
    scores = last.transpose(0, 3, 1, 2).reshape(len(last), -1)
    dy = loss_of(loss, scores, labels)[1].reshape(last.transpose(0, 3, 1, 2).shape).transpose(0, 2, 3, 1)
    floors: dict[str, float] = {}
    summed, sharp = _summed(network, parameters, made), np.zeros_like(dy)
    for node, before in zip(network.nodes[:0:-1], network.nodes[-2::-1], strict=True):
        own = _own(node, parameters)
        x, y = made[before.name], made[node.name]
        if own:
            largest = float(np.abs(x).max())
            cancelled = 0 < largest < CANCELLED * summed[before.name]
            terms = np.full_like(x, summed[before.name]) if cancelled else np.abs(x)
            flat = float(np.abs(dy).max()) < CANCELLED * float(sharp.max())
            _, sums = node.layer.backward(terms, own, y, sharp if flat else np.abs(dy))
            floors.update({f"{node.name}.{n}": CANCELLED * float(total.max()) for n, total in sums.items()})
        positive = {name: np.abs(numbers) for name, numbers in own.items()}
        sharp = np.abs(node.layer.backward(x, positive, y, sharp)[0])
        if isinstance(node.layer, Activation):
            sharp = sharp + np.abs(dy) * _slope_terms(node.layer, x, y)
        dy, _ = node.layer.backward(x, own, y, dy)
    return floors


def _slope_terms(layer: Activation, x: Array, y: Array) -> Array:
    """The absolute values of the terms of which a function's slope is the sum; zero where it is no sum."""
    if isinstance(layer, Sigmoid):
        return y + y * y
    if isinstance(layer, Tanh):
        return 1 + y * y
    if isinstance(layer, Elu):
        return np.where(x > 0, 0, layer.a + np.abs(y))
    if isinstance(layer, Gelu | Silu):
        share = np.where(x == 0, 0.5, y / np.where(x == 0, 1, x))
        return share + np.abs(layer.slope(x, y) - share)
    return np.zeros(())


def _chosen(clear: Array, count: int, placed: bool) -> npt.NDArray[np.int64]:
    """The clearest ``count`` of the images; if they are ``placed``, row after row, the clearest for each place."""
    if placed:
        return np.asarray(clear.reshape(-1, count).argmax(0) * count + np.arange(count))
    return np.sort(np.argsort(-clear, kind="stable")[:count])


def _scores(network: Network, made: Mapping[str, Array]) -> Array:
    last = made[network.nodes[-1].name]
    return last.transpose(0, 3, 1, 2).reshape(len(last), -1)


def step(network: Network, parameters: Numbers, count: int, loss: str, seed: int, number: int) -> Step:
    """``count`` clear images with their labels; scores, loss and gradients by the oracle. ``number``: of the step."""
    kept, placed = kept_of(network, count, number), bool(network.dropouts)
    rows = max(3, 2 + 6 // count) if placed else 0  # what is kept of an image depends on its place
    _, pixels, labels = draw_numbers(network, rows * count or 2 * count + 6, seed)
    images = pixels.astype(np.float32)
    made = network.activations(parameters, images, {name: np.tile(k, (rows, 1, 1, 1)) for name, k in kept.items()})
    clear = clearances(network, made, labels, loss)
    chosen = _chosen(clear, count, placed)
    images, labels = images[chosen], labels[chosen]
    if loss == "softmax":
        labels = _mistaken(_scores(network, network.activations(parameters, images, kept)), labels)
    mean, gradients, made = network.gradients(parameters, images, labels, loss, kept)
    hits = int((_scores(network, made).argmax(1) == labels).sum())
    own = {**parameters, **{f"{name}.kept": k for name, k in kept.items()}}
    floors = _floors(network, own, made, labels, loss)
    scores = network.forward(parameters, images)
    return Step(images, labels, kept, scores, hits, mean, gradients, floors, float(clear[chosen].min()))


@dataclass(frozen=True)
class Trial:
    """A start, batches, and where the oracle ends after training on them."""

    network: Network
    loss: str
    start: dict[str, npt.NDArray[np.float32]]
    steps: tuple[Step, ...]
    end: dict[str, Array]
    velocity: dict[str, Array]

    @property
    def floors(self) -> dict[str, float]:
        """The highest floor of each gradient over all steps."""
        return {name: max(step.floors[name] for step in self.steps) for name in self.start}


def trial(line: str, loss: str, seed: int = 0, sizes: tuple[int, ...] = SIZES) -> Trial:
    """Five steps of SGD in float64, each on images that are clear for the parameters of that step."""
    network = parse(line)
    start = {n: p.astype(np.float32) for n, p in draw_numbers(network, 1, seed)[0].items()}
    now: dict[str, Array] = {name: p.astype(np.float64) for name, p in start.items()}
    velocity = {name: np.zeros(p.shape) for name, p in now.items()}
    steps = []
    for i, count in enumerate(sizes):
        steps.append(step(network, now, count, loss, 1000 * seed + i + 1, i))
        for name, gradient in steps[-1].gradients.items():
            decay = OPTIMIZER.l2 if name.endswith(".weights") else 0.0
            velocity[name] = OPTIMIZER.momentum * velocity[name] + gradient + decay * now[name]
            now[name] = now[name] - OPTIMIZER.lr * velocity[name]
    return Trial(network, loss, start, tuple(steps), now, velocity)


@cache
def named(name: str, loss: str) -> Trial:
    """The trial of a net of the corpus."""
    return trial(LINES[name], loss, sizes=FEW if name == "vgg32" else SIZES)


@contextmanager
def as_if_large() -> Iterator[None]:
    """Plans have what otherwise large volumes alone have: halos that are cleared, sums of a few filters or rows at a
    time, results that go past the caches, slices that threads share."""
    with (
        patch.object(planner, "CLEARED_BYTES", 0),
        patch.object(tiles, "SUMS", 0),
        patch.object(tiles, "PASSED", 0),
        patch.object(convolution, "STREAMED", 0),
        patch.object(convolution, "SHARED_SLICES", 1),
    ):
        tiles.gradient_tile.cache_clear()
        yield
    tiles.gradient_tile.cache_clear()


def program(
    known: Trial,
    target: str | None = None,
    threads: int = 2,
    batch: int = BATCH,
    cache: bool = True,
    kernels: str | None = None,
    order: str | None = None,
) -> Program:
    """The trial's network, compiled, at its start."""
    made = compile_network(
        known.network,
        batch,
        OPTIMIZER,
        known.loss,
        threads=threads,
        target=target,
        cache=cache,
        kernels=kernels,
        order=order,
    )
    made.load(known.start)
    return made


@dataclass(frozen=True)
class Run:
    """What an engine made of a trial."""

    scores: npt.NDArray[np.float32]
    loss: float
    gradients: Numbers
    losses: tuple[float, ...]
    correct: tuple[int, ...]
    velocity: Numbers
    end: Numbers

    def check(
        self,
        known: Trial,
        scores: Array,
        losses: Sequence[float],
        gradients: Numbers,
        velocity: Numbers,
        end: Numbers,
    ) -> None:
        """Hold everything against a judge's numbers."""
        check(self.scores, scores, "scores")
        check(self.loss, losses[0], "loss")
        check_all(self.gradients, gradients, "gradient", known.steps[0].floors)
        for i, (found, expected) in enumerate(zip(self.losses, losses, strict=True)):
            check(found, expected, f"loss of step {i}")
        check_all(self.velocity, velocity, "velocity", known.floors)
        check_all(self.end, end, "value after five steps")

    def check_oracle(self, known: Trial) -> None:
        """Hold everything against the float64 oracle."""
        first, losses = known.steps[0], [step.loss for step in known.steps]
        self.check(known, first.scores, losses, first.gradients, known.velocity, known.end)


@cache
def run(name: str, loss: str, target: str, kernels: str | None = None, order: str | None = None) -> Run:
    """The trial of a net of the corpus on one target."""
    known = named(name, loss)
    return play(known, program(known, target, kernels=kernels, order=order))


def play(known: Trial, made: Program) -> Run:
    """A trial: the first batch looked at, then five steps."""
    first = known.steps[0]
    scores = made.scores(first.images)
    mean, gradients = made.gradients(first.images, first.labels)
    losses, correct = [], []
    for each in known.steps:
        losses.append(made.train(each.images, each.labels))
        correct.append(made.correct)
    return Run(scores, mean, gradients, tuple(losses), tuple(correct), made.velocity(), made.parameters())
