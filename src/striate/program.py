"""compile(network) -> Program: the engine's face."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from striate.errors import ArgumentError
from striate.insight import Insight
from striate.intake import (
    Truth,
    address,
    check_choice,
    check_counts,
    check_dropouts,
    check_images,
    check_normalised,
    check_parameters,
    check_rate,
    check_seed,
    check_truth,
)
from striate.layers.loss import Loss, as_loss
from striate.learning import Learning, Parameters
from striate.notation.network import Network
from striate.optimizers import SGD, Optimizer, check_optimizer
from striate.plan.order import ORDERS
from striate.plan.plan import KERNELS, Plan, plan
from striate.plan.update import Update
from striate.preprocessing import Preprocessing

if TYPE_CHECKING:
    from striate.inside import Interior
    from striate.native.assemble import Loaded
    from striate.plan.target import Target


class Program(Insight, Learning):
    """A network compiled for this processor, with its parameters and what the optimizer remembers of them.

    Make one with ``compile``. Methods may be called from several threads; they run one after the other.
    """

    def __init__(
        self,
        plan: Plan,
        code: Loaded,
        optimizer: Optimizer,
        loss: Loss,
        seed: int,
        threads: int,
        preprocessing: Preprocessing,
        cache: bool,
    ) -> None:
        from striate.native.fork import open_at_fork
        from striate.native.memory import Memory
        from striate.native.team import TEAM

        self.plan, self.network, self.batch = plan, plan.network, plan.batch
        self.classes, self.threads, self.loss = plan.network.classes, threads, loss.name
        self._optimizer, self._loss = optimizer, loss
        self.preprocessing = preprocessing
        self.losses: npt.NDArray[np.float32] = np.empty(0, np.float32)
        self.correct = 0
        self._memory = Memory(plan, threads)
        self._memory.weigh(loss)
        self._team = TEAM
        self._code = code  # its functions are there as long as this is
        self._lock = open_at_fork(threading.RLock())
        self._single: Loaded | None = None  # built when few images are first scored
        self._cache = cache
        self._interiors: dict[tuple[str, Target], Interior] = {}  # by what gradients are of; built when first wanted
        self._changes = 0  # of the parameters, counted
        self._stale = self._single_stale = True  # the weights that scores use, in blocks or not, are older ones
        self.seed = check_seed(seed)
        self._drawn = False  # whether the parameters are there
        self._steps = 0
        for name, rate in self.network.dropouts.items():
            self._memory.drop(name, rate)

    def initialize(self, seed: int) -> None:
        """Weights anew (He et al. 2015: normal, variance 2 / fan-in), biases, ``optimizer_state`` and ``steps`` zero.

        BN begins as new. The weights are drawn when they are first wanted: never, where parameters are loaded instead.
        """
        with self._lock:
            self.seed, self._drawn, self._steps = check_seed(seed), False, 0
            self._changed()
            for row in self.plan.update.rows:
                self._memory.view(row)[...] = 0

    def _changed(self) -> None:
        """Whoever keeps something made of the parameters has to make it anew."""
        self._changes += 1
        self._stale = self._single_stale = True

    def _draw(self) -> None:
        """Draw the weights of ``initialize``, if that is still to be done."""
        if self._drawn:
            return
        self._memory.initialize(self.seed)
        self._drawn = True

    @property
    def dropout(self) -> dict[str, float]:
        """The rate of every DROPOUT, by its name."""
        return dict(self._memory.rates)

    def set_dropout(self, rate: float, layer: str | None = None) -> None:
        """Another rate for one DROPOUT, or for all of them; nothing is compiled anew.

        rate: from 0, which drops nothing, up to, but not including, 1. Raises ArgumentError for others, and where
        there is no such layer.

        >>> import striate
        >>> program = striate.compile(striate.parse("INPUT[8x8x1] - FC[9] - RELU - DROPOUT - FC[10]"))
        >>> program.set_dropout(0.2)
        >>> program.dropout
        {'dropout1': 0.2}
        """
        rate, names = check_rate(rate), check_dropouts(self.network, layer)
        with self._lock:
            for name in names:
                self._memory.drop(name, rate)

    def train(self, images: npt.ArrayLike, labels: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
        """One step: forward, loss, backward, update. Returns the mean loss before the update.

        images: (N, H, W, D), uint8 or float32, N from 1 to ``batch``; labels: (N,) whole numbers below
        ``classes``; for the loss ``l2`` also real targets, (N, outputs), of which none is ``correct``. weights: (N,),
        from 0, each image's part in the mean and its gradient; None for equal parts. ``losses`` and
        ``correct`` then speak of this batch; what DROPOUT dropped is part of them, and BN normalises by the batch,
        whose statistics move the running ones. Raises ArgumentError for anything else.

        >>> import numpy as np, striate
        >>> program = striate.compile(striate.parse("INPUT[8x8x1] - CONV[4] - RELU - FC[10]"), batch=32)
        >>> images, labels = np.zeros((5, 8, 8, 1), np.uint8), np.arange(5)
        >>> program.train(images, labels) > program.train(images, labels)
        True
        """
        pictures = check_images(images, self.network.input, self.batch)
        truth = check_truth(labels, len(pictures), self.classes, self._loss).weighted(self._loss, self.classes, weights)
        with self._lock:
            loss = self._train(pictures, truth, self._optimizer.numbers(self._steps + 1))
            self._steps += 1
        return loss

    def _train(self, pictures: npt.NDArray[Any], truth: Truth, numbers: Mapping[str, float]) -> float:
        self._draw()
        count, memory = len(pictures), self._memory
        check_normalised(self.network, self.batch)
        names = self.plan.update.numbers
        memory.view("settings")[: len(names)] = [numbers[name] for name in names]
        memory.tell(truth, truth.factors)
        memory.draw(self.seed, self._steps, count)
        self._changed()
        self._run("train", pictures, 0)
        self.losses = memory.rows("losses")[:count].copy()
        self.correct = int(memory.rows("hits")[:count].sum())
        each = self.losses if truth.weights is None else self.losses * truth.weights
        return float(each.sum(dtype=np.float64) / truth.total)

    def scores(self, images: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """The class scores (N, classes) of any number of images (N, H, W, D), uint8 or float32.

        An image's scores do not depend on its company, but for roundings on whether it is among few or many:
        up to ``plan.single.most`` images are scored one by one, by kernels of their own.
        Raises ArgumentError for images of another shape or kind.
        """
        pictures = check_images(images, self.network.input, None)
        count, lanes = len(pictures), self.plan.target.lanes
        with self._lock:
            self._draw()
            if 0 < count <= self.plan.single.most:
                return self._one_by_one(pictures)
            out = np.empty((-(-count // lanes) * lanes, self.classes), np.float32)
            most = self.plan.groups * lanes if self.plan.layered_scores else len(out)  # groups that have volumes
            for first in range(0, count, max(1, most)):
                self._prepare()
                self._run("scores", pictures[first : first + most], address(out[first:]))
            return out[:count]

    def _one_by_one(self, pictures: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """The scores of a few images, the lanes being depth slices instead of images."""
        byte, memory = pictures.dtype == np.uint8, self._memory
        code = self._single or self._build_single()
        memory.scale(self.preprocessing, byte)
        if self._single_stale:
            self._make(code, "fold", "single_prepare")
            self._single_stale = False
        entry = code.entries["single_byte" if byte else "single_float"]
        threads = self.threads if self.plan.single.together else 1
        out = np.empty((len(pictures), self.classes), np.float32)
        image, row = address(pictures), address(out)
        for _ in range(len(pictures)):
            self._team.run(entry, memory.context(image, row, 1, 1), threads)
            image, row = image + pictures.strides[0], row + out.strides[0]
        return out

    def _build_single(self) -> Loaded:
        """The functions for few images, which most programs that only train never need."""
        from striate.emit.interface import SINGLE_ENTRIES
        from striate.native.build import build

        self._single = build(self.plan, self._cache, SINGLE_ENTRIES)
        return self._single

    def _run(self, what: str, pictures: npt.NDArray[Any], out: int) -> None:
        byte = pictures.dtype == np.uint8
        self._memory.scale(self.preprocessing, byte)
        groups = -(-len(pictures) // self.plan.target.lanes)
        entry = self._code.entries[f"{what}_{'byte' if byte else 'float'}"]
        context = self._memory.context(address(pictures), out, len(pictures), groups)
        self._team.run(entry, context, self.plan.members(what, groups, self.threads))

    def _prepare(self) -> None:
        """Transform the weights for scores, if they have changed since."""
        if self._stale:
            self._make(self._code, "fold", *(["prepare"] if self.plan.prepare else []))
        self._stale = False

    def _make(self, code: Loaded, *names: str) -> None:
        """Run functions that make something of parameters and state, those that there are."""
        for name in names:
            if name in code.entries:
                self._team.run(code.entries[name], self._memory.context(0, 0, 0, 0), self.threads)

    def gradients(
        self, images: npt.ArrayLike, labels: npt.ArrayLike, weights: npt.ArrayLike | None = None
    ) -> tuple[float, Parameters]:
        """The mean loss and its gradient on every parameter, without an update; N <= batch images.

        They are those of the next step of ``train``: DROPOUT drops what it would drop then, here too and every time,
        and BN normalises by the statistics of these images.
        """
        pictures = check_images(images, self.network.input, self.batch)
        truth = check_truth(labels, len(pictures), self.classes, self._loss).weighted(self._loss, self.classes, weights)
        with self._lock:
            self._draw()
            rows = [self._memory.view(name) for name in ("parameters", *self.plan.update.rows)]
            rows += self._memory.state().values()
            kept = [row.copy() for row in rows], self.losses, self.correct
            try:
                loss = self._train(pictures, truth, self._optimizer.bare())
                gradients = self._read(self.plan.update.rows[0])
            finally:
                for row, values in zip(rows, kept[0], strict=True):
                    row[...] = values
                self.losses, self.correct = kept[1:]
        return loss, gradients

    def parameters(self, *names: str) -> Parameters:
        """Copies of all parameters: ``conv1.weights`` (K, D, F, F), ``fc1.weights`` (outputs, inputs), …

        And BN's state, ``bn1.mean`` and ``bn1.variance`` (D,): all that scores are made with. With names, of those
        alone; ArgumentError for a name that is none.
        """
        known = self.network.tensor_shapes()
        for name in names:
            if name not in known:
                raise ArgumentError(f"there is no parameter {name!r}: there are {', '.join(known)}")
        with self._lock:
            self._draw()
            return self._read("parameters", names)

    def load(self, parameters: Mapping[str, npt.ArrayLike]) -> None:
        """Take over parameters as ``parameters()`` gives them; ArgumentError where names or shapes differ."""
        checked = check_parameters(parameters, self.network.tensor_shapes())
        with self._lock:
            self._changed()
            for name, numbers in self._tensors("parameters").items():
                numbers[...] = checked[name]
            self._drawn = True  # these replace what was still to be drawn

    def _read(self, row: str, names: tuple[str, ...] = ()) -> Parameters:
        tensors = self._tensors(row)
        return {name: values.copy() for name, values in tensors.items() if not names or name in names}

    def _tensors(self, row: str) -> Parameters:
        """The parts of a row, to be read and written; with the parameters, the state."""
        return self._memory.tensors(row) | (self._memory.state() if row == "parameters" else {})

    def __repr__(self) -> str:
        return f"Program({self.network}, batch={self.batch}, {self.plan.target.name}, threads={self.threads})"


def compile(
    network: Network,
    batch: int = 128,
    optimizer: Optimizer | None = None,
    loss: str | Loss = "softmax",
    seed: int = 0,
    threads: int | None = None,
    *,
    preprocessing: Preprocessing | None = None,
    target: str | None = None,
    cache: bool = True,
    exact: bool = False,
    kernels: str | None = None,
    order: str | None = None,
) -> Program:
    """Plan the network and compile it to one native function; its weights are drawn from ``seed``.

    batch: the most images a training step takes. optimizer: one of ``striate.optimizers``, SGD if None. loss:
    ``softmax``, ``svm``, ``svm-squared``, ``l2``, or a ``Loss`` with smoothing or class weights. threads: how many
    take part, all processors of this process if None; results do not depend on it. target: ``avx512``, ``avx2``,
    ``sse2``, or the best that runs here if None. cache: keep machine code on disk and take it from there. exact: only
    direct kernels, whose rounding errors are the smallest. kernels: ``direct``, ``winograd``, ``deep``, ``packed`` or
    ``depthwise`` wherever there is one; None for the fastest. order: ``depth first`` or ``layer by layer``; None for
    the better; training with BN always goes layer by layer.
    Raises ArgumentError.

    >>> import striate
    >>> net = striate.parse("INPUT[32x32x3] - CONV[12, 5x5] - RELU - POOL - FC[10]")
    >>> striate.compile(net, batch=64).parameters()["conv1.weights"].shape
    (12, 3, 5, 5)
    """
    from striate.native.build import build
    from striate.native.host import choose_target
    from striate.native.room import fitting
    from striate.native.team import usable_processors

    _check_asked(network, batch, threads, seed, kernels, order)
    judged, optimizer = as_loss(loss), check_optimizer(SGD() if optimizer is None else optimizer)
    judged.weights(network.classes)
    preprocessing = preprocessing or Preprocessing()
    preprocessing.scales(network.input.depth)
    update, chosen, members = Update.of(optimizer), choose_target(target), int(threads or usable_processors())

    def for_batch(images: int) -> Plan:
        return plan(network, chosen, images, judged.kind, exact, kernels, order, update=update)

    made = fitting(for_batch, int(batch), members)
    return Program(made, build(made, cache), optimizer, judged, seed, members, preprocessing, cache)


def _check_asked(
    network: Any, batch: int, threads: int | None, seed: int, kernels: str | None, order: str | None
) -> None:
    """ArgumentError for what ``compile`` cannot take."""
    check_counts(batch=batch, threads=threads)
    check_choice("kernels", kernels, KERNELS, "None for the fastest")
    check_choice("order", order, ORDERS, "None for the better")
    if not isinstance(network, Network):
        raise ArgumentError(f"compile takes a network, as striate.parse gives it, not {type(network).__name__}")
    check_seed(seed)
