"""What both estimators share: their settings, and how they learn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from math import ceil
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from striate.errors import ArgumentError
from striate.estimator.callbacks import CallbackSupportMixin, Telling, with_callbacks
from striate.estimator.engine import Engine, threads_of
from striate.estimator.examples import Examples, gather
from striate.estimator.lessons import Lessons
from striate.estimator.line import complete
from striate.estimator.rows import read
from striate.intake import check_counts
from striate.layers.loss import Loss
from striate.notation.network import Network
from striate.optimizers import OPTIMIZERS, SGD, AdamW, Optimizer, check_optimizer
from striate.train.model import Model
from striate.train.schedule import schedule as schedule_of

STEPS = 1000  # that a training has at least, where the epochs are chosen here
EPOCHS = 20, 200  # and how many epochs at least and at most
RATES = {"sgd": 0.02, "adagrad": 0.01, "adadelta": 1.0, "rmsprop": 0.001, "adam": 0.005, "adamw": 0.005}

Floats = npt.NDArray[np.float64]
Self = TypeVar("Self", bound="ConvNet")


class ConvNet(CallbackSupportMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """Settings and training; take ``ConvNetClassifier`` or ``ConvNetRegressor``."""

    _real = False  # whether y is real numbers, and may have columns
    _engine: Engine
    _seed: int
    net_: Network
    image_shape_: tuple[int, int, int]
    n_iter_: int
    history_: list[dict[str, float]]

    def __init__(
        self,
        net: str | Network | None = None,
        *,
        image_shape: tuple[int, ...] | None = None,
        epochs: int | None = None,
        batch_size: int = 64,
        learning_rate: float | None = None,
        optimizer: str | Optimizer = "adam",
        schedule: str = "cosine",
        l2: float = 1e-4,
        fit_sizes: str = "raise",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        tol: float = 1e-4,
        warm_start: bool = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.net = net
        self.image_shape = image_shape
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.schedule = schedule
        self.l2 = l2
        self.fit_sizes = fit_sizes
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @with_callbacks  # type: ignore[untyped-decorator]
    def fit(self: Self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from images X and their y; returns the estimator itself.

        X: (n, H, W, D), (n, H, W), or rows (n, features), which are images where ``image_shape`` says so and else
        volumes of 1x1. uint8 stands for 0 to 1 in steps of 1/255; other numbers are taken as they are, in float32.
        sample_weight: (n,), from 0; a weight means just what so many copies would. The order of the rows means nothing.
        Raises ValueError for what cannot be learned from, and DivergedError where the loss leaves the finite numbers.
        """
        again = self.warm_start and hasattr(self, "_engine")
        images, y = read(self, X, reset=True, y=y, multi=self._real)
        examples = self._settle(self._examples(images, y, sample_weight, True), not again)
        seed = self._seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        held = None
        if self.early_stopping:
            if not 0 < self.validation_fraction < 1:
                raise ArgumentError(f"validation_fraction is between 0 and 1, not {self.validation_fraction}")
            examples, held = examples.split(self.validation_fraction, seed, stratify=not self._real)
        again = self._begin(examples, again)
        per_epoch = ceil(len(examples) / self._engine.batch)
        epochs = self._epochs(per_epoch)
        lessons = Lessons(self._program(seed, again), examples, held, seed, schedule_of(self.schedule), epochs)
        self.history_ = []
        self._teach(lessons, epochs, Telling(self, epochs, X, y, sample_weight))
        return self

    def _partial(self, X: Any, y: Any, sample_weight: Any, first: bool) -> None:
        """One epoch with a rate that does not change; the first fixes network and preprocessing."""
        images, y = read(self, X, reset=first, y=y, multi=self._real)
        examples = self._settle(self._examples(images, y, sample_weight, first and self._real), first)
        if first:
            self._seed = int(check_random_state(self.random_state).randint(2**31 - 1))
            self._begin(examples, False)
            self.history_ = []
        done = len(self.history_)
        lessons = Lessons(self._program(self._seed, not first), examples, None, self._seed, schedule_of("constant"), 1)
        lessons.epoch = done
        self.history_.append(lessons.teach())
        self._keep(lessons)

    def _begin(self, examples: Examples, again: bool) -> bool:
        """The network for these examples; with ``again`` the one there is, if it goes with them: whether it is that."""
        check_counts(batch_size=self.batch_size, epochs=self.epochs, n_iter_no_change=self.n_iter_no_change)
        network = complete(self.net, self.image_shape_, self._outputs(), self.fit_sizes)
        if again and str(network) == str(self.net_) and self._engine.model.classes == self._names():
            return True
        self.net_ = network
        model = _untrained(network, examples, self._names(), self._kind())
        self._engine = Engine(model, int(self.batch_size))
        return False

    def _program(self, seed: int, again: bool) -> Any:
        program = self._engine.program(threads_of(self.n_jobs), self._rule(), self._kind())
        if not again:
            program.initialize(seed)
        return program

    def _teach(self, lessons: Lessons, epochs: int, telling: Telling) -> None:
        best, since, kept = -np.inf, 0, None
        for epoch in range(1, epochs + 1):
            telling.begin(epoch)
            row = lessons.teach()
            self.history_.append(row)
            if self.verbose:
                print(", ".join(f"{name} {value:.4g}" for name, value in row.items()), flush=True)
            score = row.get("validation_score")
            if score is not None:
                since = 0 if score > best + self.tol else since + 1
                if score > best:
                    best, kept = score, lessons.program.parameters()
            if telling.end(lambda: self._fitted(lessons)) or (score is not None and since >= self.n_iter_no_change):
                break
        if kept is not None:
            lessons.program.load(kept)
        self._keep(lessons)
        telling.over()

    def _fitted(self, lessons: Lessons) -> dict[str, Any]:
        """What predictions need, as they stand."""
        model = replace(self._engine.model, parameters=lessons.program.parameters())
        return {"_engine": Engine(model, self._engine.batch), "n_iter_": len(self.history_)}

    def _keep(self, lessons: Lessons) -> None:
        self._engine.model = replace(self._engine.model, parameters=lessons.program.parameters())
        self.n_iter_ = len(self.history_)

    def _examples(self, images: npt.NDArray[Any], y: Any, sample_weight: Any, reset: bool) -> Examples:
        weights = _check_sample_weight(sample_weight, images, dtype=np.float64, ensure_non_negative=True)
        examples = gather(images, *self._encode(np.asarray(y), weights, reset))
        if not len(examples):
            raise ArgumentError("every sample weight is zero: there is nothing to learn from")
        return examples

    def _epochs(self, per_epoch: int) -> int:
        least, most = EPOCHS
        return self.epochs if self.epochs is not None else min(most, max(least, ceil(STEPS / per_epoch)))

    def _rule(self) -> Optimizer:
        if not isinstance(self.optimizer, str):
            return check_optimizer(self.optimizer)
        if self.optimizer not in OPTIMIZERS:
            raise ArgumentError(f"optimizer is one of {', '.join(OPTIMIZERS)}, or a value, not {self.optimizer!r}")
        kind = OPTIMIZERS[self.optimizer]
        rate = RATES[self.optimizer] if self.learning_rate is None else self.learning_rate
        decay = {"weight_decay": self.l2} if kind is AdamW else {"l2": self.l2}
        return kind(lr=rate, **decay) if kind is not SGD else SGD(rate, 0.9, self.l2)

    def _scores(self, X: Any) -> npt.NDArray[np.float32]:
        check_is_fitted(self, "_engine")
        images, _ = read(self, X, reset=False)
        return self._engine.scores(images, threads_of(self.n_jobs))

    # What the two estimators say differently.

    @abstractmethod
    def _encode(self, y: Any, weights: Floats, reset: bool) -> tuple[npt.NDArray[Any], Floats]:
        """y as targets, and the weights of all."""

    @abstractmethod
    def _settle(self, examples: Examples, reset: bool) -> Examples:
        """What the network is to learn from them; in other units than before, with ``reset``."""

    @abstractmethod
    def _outputs(self) -> int:
        """How many the network has."""

    @abstractmethod
    def _names(self) -> tuple[str, ...]:
        """What they are called."""

    @abstractmethod
    def _kind(self) -> Loss:
        """The loss."""


def _untrained(network: Network, examples: Examples, names: tuple[str, ...], loss: Loss) -> Model:
    zeros = {name: np.zeros(shape, np.float32) for name, shape in network.tensor_shapes().items()}
    return Model(network, zeros, names, examples.preprocessing(), loss.name)
