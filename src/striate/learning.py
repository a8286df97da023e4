"""What a program remembers of its training beside the parameters: the optimizer, its rows, and the count of steps."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from striate.errors import ArgumentError
from striate.intake import check_parameters, check_steps
from striate.optimizers import Optimizer, check_optimizer

if TYPE_CHECKING:
    from striate.native.memory import Memory
    from striate.plan.plan import Plan

Parameters = dict[str, npt.NDArray[np.float32]]


class Learning:
    """The part of a ``Program`` that only training needs."""

    plan: Plan
    _memory: Memory
    _lock: threading.RLock
    _optimizer: Optimizer
    _steps: int

    @property
    def optimizer(self) -> Optimizer:
        """What moves the parameters. Another of the same kind may take its place between two steps, at no cost.

        ArgumentError for another kind, and for limits that this program has no code for.

        >>> import striate
        >>> program = striate.compile(striate.parse("INPUT[8x8x1] - FC[10]"), optimizer=striate.Adam())
        >>> program.optimizer = striate.Adam(lr=0.0001)
        >>> program.optimizer.lr
        0.0001
        """
        return self._optimizer

    @optimizer.setter
    def optimizer(self, optimizer: Optimizer) -> None:
        self.plan.update.check(check_optimizer(optimizer))
        self._optimizer = optimizer

    @property
    def steps(self) -> int:
        """How many steps of ``train`` there were. It decides how young Adam's means are, and with the seed what every
        DROPOUT keeps in the next step.

        May be set: a program of the same line, seed and batches goes on exactly where another stopped once it has
        that one's parameters, state and steps.
        """
        return self._steps

    @steps.setter
    def steps(self, steps: int) -> None:
        with self._lock:
            self._steps = check_steps(steps)

    def optimizer_state(self) -> Parameters:
        """Copies of what the optimizer remembers of every parameter, by row and name: ``velocity.conv1.weights``.

        SGD has ``velocity``; Adagrad and RMSProp ``squares``; Adadelta ``squares`` and ``updates``; Adam and AdamW
        ``means`` and ``squares``.

        >>> import striate
        >>> program = striate.compile(striate.parse("INPUT[8x8x1] - FC[10]"), optimizer=striate.Adam())
        >>> list(program.optimizer_state())
        ['means.fc1.weights', 'means.fc1.biases', 'squares.fc1.weights', 'squares.fc1.biases']
        """
        with self._lock:
            return {name: numbers.copy() for name, numbers in self._remembered().items()}

    def load_optimizer_state(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """The inverse of ``optimizer_state``; ArgumentError where names or shapes differ."""
        rows = self._remembered()
        checked = check_parameters(state, {name: row.shape for name, row in rows.items()}, "the optimizer's rows")
        with self._lock:
            for name, numbers in rows.items():
                numbers[...] = checked[name]

    def _remembered(self) -> Parameters:
        """The rows themselves."""
        tensors = {row: self._memory.tensors(row) for row in self.plan.update.rows}
        return {f"{row}.{name}": numbers for row, found in tensors.items() for name, numbers in found.items()}

    def velocity(self) -> Parameters:
        """Copies of the momentum's running sums, named as the parameters; ArgumentError where there is no momentum."""
        return {
            name.removeprefix("velocity."): numbers for name, numbers in self._with_velocity().optimizer_state().items()
        }

    def load_velocity(self, velocity: Mapping[str, npt.ArrayLike]) -> None:
        """The inverse of ``velocity``."""
        shapes = self._with_velocity().plan.network.parameter_shapes()
        checked = check_parameters(velocity, shapes)
        self.load_optimizer_state({f"velocity.{name}": numbers for name, numbers in checked.items()})

    def _with_velocity(self) -> Learning:
        rows = self.plan.update.rows
        if rows != ("velocity",):
            raise ArgumentError(
                f"{self.plan.update.kind} has no velocity but {' and '.join(rows)}: see program.optimizer_state()"
            )
        return self
