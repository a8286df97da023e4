"""The optimizers' formulas, each for a vector of neighbouring parameters or for a single one.

What they are and where they come from, ``striate.optimizers`` says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from striate.emit.builder import Builder, Register, Value
from striate.emit.index import Index
from striate.emit.tensor import Tensor

Numbers = Mapping[str, Value]  #: what a formula takes, by name


@dataclass(frozen=True)
class Cell:
    """Where the parameters are, and what is remembered of them."""

    parameters: Tensor
    rows: Sequence[Tensor]
    at: tuple[Index, ...]


Formula = Callable[[Builder, Cell, Register, Value, Numbers, bool], None]


def sgd(b: Builder, cell: Cell, weight: Register, gradient: Value, n: Numbers, decay: bool) -> None:
    """v = momentum*v + g; w = w - lr*v."""
    speed = b.register("speed", b.fma(n["momentum"], cell.rows[0][cell.at], gradient))
    cell.rows[0][cell.at] = speed.value
    cell.parameters[cell.at] = weight.value - n["lr"] * speed.value


def nesterov(b: Builder, cell: Cell, weight: Register, gradient: Value, n: Numbers, decay: bool) -> None:
    """v = momentum*v + g; w = w - lr*(g + momentum*v)."""
    pull = b.register("pull", gradient)
    speed = b.register("speed", b.fma(n["momentum"], cell.rows[0][cell.at], pull.value))
    cell.rows[0][cell.at] = speed.value
    cell.parameters[cell.at] = weight.value - n["lr"] * b.fma(n["momentum"], speed.value, pull.value)


def _squares(b: Builder, cell: Cell, gradient: Value, n: Numbers) -> Register:
    """s = keep*s + g*(square*g + linear): ``linear`` is 0, but where the bare gradient is to be seen."""
    squares = b.register("squares", gradient * b.fma(n["square"], gradient, n["linear"]))
    squares.value = b.fma(n["keep"], cell.rows[0][cell.at], squares.value)
    cell.rows[0][cell.at] = squares.value
    return squares


def scaled(b: Builder, cell: Cell, weight: Register, gradient: Value, n: Numbers, decay: bool) -> None:
    """Adagrad and RMSProp: w = w - lr * g / (sqrt(s) + eps)."""
    pull = b.register("pull", gradient)
    squares = _squares(b, cell, pull.value, n)
    step = b.divide(pull.value, b.sqrt(squares.value) + n["eps"])
    cell.parameters[cell.at] = weight.value - n["lr"] * step


def adadelta(b: Builder, cell: Cell, weight: Register, gradient: Value, n: Numbers, decay: bool) -> None:
    """d = g * sqrt((u + eps) / (s + eps)); u = keep*u + square*d*d; w = w - lr*d."""
    pull = b.register("pull", gradient)
    squares = _squares(b, cell, pull.value, n)
    past = b.register("past", cell.rows[1][cell.at])
    root = b.divide(b.sqrt(past.value + n["eps"]), b.sqrt(squares.value + n["eps"]))
    step = b.register("step", root * pull.value)
    cell.rows[1][cell.at] = b.fma(n["keep"], past.value, n["square"] * step.value * step.value)
    cell.parameters[cell.at] = weight.value - n["lr"] * step.value


def adam(b: Builder, cell: Cell, weight: Register, gradient: Value, n: Numbers, decay: bool) -> None:
    """m = keep1*m + take1*g; s = keep2*s + take2*g*g; w = w - rate * m / (root * sqrt(s) + eps)."""
    pull = b.register("pull", gradient)
    mean = b.register("mean", b.fma(n["keep1"], cell.rows[0][cell.at], n["take1"] * pull.value))
    cell.rows[0][cell.at] = mean.value
    square = n["take2"] * pull.value * pull.value
    squares = b.register("squares", b.fma(n["keep2"], cell.rows[1][cell.at], square))
    cell.rows[1][cell.at] = squares.value
    step = b.divide(mean.value, b.fma(n["root"], b.sqrt(squares.value), n["eps"]))
    cell.parameters[cell.at] = weight.value - n["rate"] * step


def adamw(b: Builder, cell: Cell, weight: Register, gradient: Value, n: Numbers, decay: bool) -> None:
    """w = shrink*w, and then as Adam; l2 has seen the weight as it was."""
    if decay:
        pull = b.register("pull", gradient)
        weight.value = n["shrink"] * weight.value
        gradient = pull.value
    adam(b, cell, weight, gradient, n, decay)


#: The formula of every kind that plans name.
FORMULAS: dict[str, Formula] = {
    "sgd": sgd,
    "nesterov": nesterov,
    "adagrad": scaled,
    "rmsprop": scaled,
    "adadelta": adadelta,
    "adam": adam,
    "adamw": adamw,
}
