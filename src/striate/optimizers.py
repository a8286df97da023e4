"""How gradients move the parameters: SGD with momentum, and those that scale each parameter's steps by its own past.

What all of them share: ``l2`` adds l2*w to the gradient, and ``l1`` l1*sign(w); both act on weights and not on
biases, as in the notes. ``clip_norm`` shrinks a gradient whose norm over all parameters is larger, ``clip_value`` cuts
each number of it off, before l1 and l2. ``max_norm`` caps the norm of each output's weights after the step.
"""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass, field, fields
from numbers import Real
from typing import ClassVar, TypeVar

from striate.errors import ArgumentError
from striate.scalars import plain

Same = TypeVar("Same", bound="Optimizer")

NAMED = ("clip_norm", "clip_value", "max_norm")  #: numbers above zero, or None for no such limit


@dataclass(frozen=True, repr=False)
class Optimizer:
    """What all optimizers have; take one of those below.

    ``rows`` names the numbers that are remembered of every parameter. ``own`` names the numbers that its formula
    takes; ``numbers`` computes them. They may change between two steps; the rest of a value is compiled.
    """

    lr: float
    l1: float = field(default=0.0, kw_only=True)
    max_norm: float | None = field(default=None, kw_only=True)
    clip_norm: float | None = field(default=None, kw_only=True)
    clip_value: float | None = field(default=None, kw_only=True)

    rows: ClassVar[tuple[str, ...]] = ()
    own: ClassVar[tuple[str, ...]] = ()
    example: ClassVar[str] = ""  #: settings that make sense
    fading: ClassVar[tuple[str, ...]] = ()  #: fields from 0 up to, but not including, 1

    def __post_init__(self) -> None:
        for each in fields(self):
            value = plain(getattr(self, each.name))
            object.__setattr__(self, each.name, value)
            if isinstance(each.default, bool):
                if not isinstance(value, bool):
                    raise ArgumentError(f"{each.name} is True or False, not {value!r}")
            elif each.name in NAMED:
                if value is not None and (not _finite(value) or value <= 0):
                    raise ArgumentError(f"{each.name} is a finite number above zero, or None for none, not {value}")
            elif not _finite(value) or value < 0:
                way = f"{type(self).__name__}({self.example})"
                raise ArgumentError(f"{each.name} is a finite number, zero or more, not {value}: try {way}")
            if each.name in self.fading and value >= 1:
                usual = each.default
                raise ArgumentError(f"{each.name} is below 1 (past steps must fade), not {value}: try {usual}")
        if self.clip_norm is not None and self.clip_value is not None:
            raise ArgumentError("gradients are clipped by clip_norm or by clip_value, not by both: leave one out")

    @property
    def kind(self) -> str:
        """The name of the formula that is compiled."""
        return type(self).__name__.lower()

    def numbers(self, step: int) -> dict[str, float]:
        """What the formula takes in the given step (from 1), by the names in ``own``; limits that are off are infinite.

        >>> SGD(lr=0.1, clip_norm=2).numbers(1)
        {'lr': 0.1, 'momentum': 0.9, 'l2': 0.0, 'l1': 0.0, 'max_norm': inf, 'clip': 2}
        """
        clip = self.clip_norm or self.clip_value
        return {
            **self._own(step),
            "l1": self.l1,
            "max_norm": self.max_norm or math.inf,
            "clip": clip or math.inf,
        }

    def at(self: Same, lr: float) -> Same:
        """The same with another learning rate from 0, which is taken as it is: it is asked for in every step.

        >>> Adam().at(0.5).lr
        0.5
        """
        made = copy(self)
        object.__setattr__(made, "lr", lr)
        return made

    def bare(self) -> dict[str, float]:
        """The numbers with which a step leaves the bare gradient in the first row; parameters may become anything."""
        return {"l1": 0.0, "max_norm": math.inf, "clip": math.inf, **dict.fromkeys(self.own, 0.0), **self._bare}

    _bare: ClassVar[dict[str, float]] = {}

    def _own(self, step: int) -> dict[str, float]:
        raise ArgumentError("an optimizer is one of SGD, Adagrad, Adadelta, RMSProp, Adam, AdamW")

    def __repr__(self) -> str:
        shown = [f for f in fields(self) if not f.kw_only]
        shown += [f for f in fields(self) if f.kw_only and getattr(self, f.name) != f.default]
        return f"{type(self).__name__}({', '.join(f'{f.name}={getattr(self, f.name)!r}' for f in shown)})"


def _finite(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


@dataclass(frozen=True, repr=False)
class SGD(Optimizer):
    """v = momentum*v + g, then w = w - lr*v; with ``nesterov`` w = w - lr*(g + momentum*v): PyTorch's formulas.

    g includes l2*w and l1*sign(w). With momentum 0 it is plain gradient descent. Raises ArgumentError for numbers that
    are negative, not finite, or a momentum of 1 and more.

    >>> SGD(lr=0.01, momentum=0.9)
    SGD(lr=0.01, momentum=0.9, l2=0.0)
    """

    lr: float = 0.01
    momentum: float = 0.9
    l2: float = 0.0
    nesterov: bool = field(default=False, kw_only=True)

    rows: ClassVar[tuple[str, ...]] = ("velocity",)
    own: ClassVar[tuple[str, ...]] = ("lr", "momentum", "l2")
    example: ClassVar[str] = "lr=0.01"
    fading: ClassVar[tuple[str, ...]] = ("momentum",)

    @property
    def kind(self) -> str:
        """``sgd`` or ``nesterov``: they are compiled apart."""
        return "nesterov" if self.nesterov else "sgd"

    def _own(self, step: int) -> dict[str, float]:
        return {"lr": self.lr, "momentum": self.momentum, "l2": self.l2}


@dataclass(frozen=True, repr=False)
class Adagrad(Optimizer):
    """s = s + g*g, then w = w - lr * g / (sqrt(s) + eps) (Duchi, Hazan and Singer 2011; the notes' ``cache``).

    >>> Adagrad(lr=0.05)
    Adagrad(lr=0.05, eps=1e-10, l2=0.0)
    """

    lr: float = 0.01
    eps: float = 1e-10
    l2: float = 0.0

    rows: ClassVar[tuple[str, ...]] = ("squares",)
    own: ClassVar[tuple[str, ...]] = ("lr", "eps", "keep", "square", "linear", "l2")
    example: ClassVar[str] = "lr=0.01"
    _bare: ClassVar[dict[str, float]] = {"linear": 1.0}

    def _own(self, step: int) -> dict[str, float]:
        return {"lr": self.lr, "eps": self.eps, "keep": 1.0, "square": 1.0, "linear": 0.0, "l2": self.l2}


@dataclass(frozen=True, repr=False)
class _Fading(Optimizer):
    """What scales steps by a fading mean of squared gradients."""

    decay: float = 0.9
    eps: float = 1e-8
    l2: float = 0.0

    own: ClassVar[tuple[str, ...]] = ("lr", "eps", "keep", "square", "linear", "l2")
    fading: ClassVar[tuple[str, ...]] = ("decay",)
    _bare: ClassVar[dict[str, float]] = {"linear": 1.0}

    def _own(self, step: int) -> dict[str, float]:
        own = {"lr": self.lr, "eps": self.eps, "l2": self.l2, "linear": 0.0}
        return {**own, "keep": self.decay, "square": 1 - self.decay}


@dataclass(frozen=True, repr=False)
class RMSProp(_Fading):
    """s = decay*s + (1 - decay)*g*g, then w = w - lr * g / (sqrt(s) + eps) (Hinton, Coursera 2012, lecture 6e).

    >>> RMSProp(decay=0.9)
    RMSProp(lr=0.01, decay=0.9, eps=1e-08, l2=0.0)
    """

    lr: float = 0.01
    decay: float = 0.99
    eps: float = 1e-8
    l2: float = 0.0

    rows: ClassVar[tuple[str, ...]] = ("squares",)
    example: ClassVar[str] = "lr=0.01"


@dataclass(frozen=True, repr=False)
class Adadelta(_Fading):
    """Steps in the unit of the parameter itself (Zeiler 2012).

    s = decay*s + (1 - decay)*g*g; d = g * sqrt(u + eps) / sqrt(s + eps); u = decay*u + (1 - decay)*d*d; w = w - lr*d.

    >>> Adadelta()
    Adadelta(lr=1.0, decay=0.9, eps=1e-06, l2=0.0)
    """

    lr: float = 1.0
    decay: float = 0.9
    eps: float = 1e-6
    l2: float = 0.0

    rows: ClassVar[tuple[str, ...]] = ("squares", "updates")
    example: ClassVar[str] = "lr=1.0"


@dataclass(frozen=True, repr=False)
class Adam(Optimizer):
    """Means of gradients over the root of the means of their squares (Kingma and Ba 2015).

    m = beta1*m + (1 - beta1)*g; s = beta2*s + (1 - beta2)*g*g; in step t,
    w = w - lr * m/(1 - beta1**t) / (sqrt(s/(1 - beta2**t)) + eps). ``Program.steps`` counts t.

    >>> Adam()
    Adam(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08, l2=0.0)
    """

    lr: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    l2: float = 0.0

    rows: ClassVar[tuple[str, ...]] = ("means", "squares")
    own: ClassVar[tuple[str, ...]] = ("rate", "root", "eps", "keep1", "take1", "keep2", "take2", "l2")
    example: ClassVar[str] = "lr=0.001"
    fading: ClassVar[tuple[str, ...]] = ("beta1", "beta2")
    _bare: ClassVar[dict[str, float]] = {"take1": 1.0}

    def _own(self, step: int) -> dict[str, float]:
        return {
            "rate": self.lr / (1 - self.beta1**step),
            "root": 1 / math.sqrt(1 - self.beta2**step),
            "eps": self.eps,
            "keep1": self.beta1,
            "take1": 1 - self.beta1,
            "keep2": self.beta2,
            "take2": 1 - self.beta2,
            "l2": self.l2,
        }


@dataclass(frozen=True, repr=False)
class AdamW(Adam):
    """Adam after w = (1 - lr*weight_decay) * w (Loshchilov and Hutter 2019); weights decay, biases do not.

    >>> AdamW(weight_decay=0.05)
    AdamW(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08, l2=0.0, weight_decay=0.05)
    """

    weight_decay: float = 0.01

    own: ClassVar[tuple[str, ...]] = (*Adam.own, "shrink")

    def _own(self, step: int) -> dict[str, float]:
        return {**super()._own(step), "shrink": 1 - self.lr * self.weight_decay}


#: Every optimizer by its name on the command line.
OPTIMIZERS: dict[str, type[Optimizer]] = {
    kind.__name__.lower(): kind for kind in (SGD, Adagrad, Adadelta, RMSProp, Adam, AdamW)
}


def check_optimizer(optimizer: object) -> Optimizer:
    """An optimizer as it is; ArgumentError for anything else.

    >>> check_optimizer(SGD())
    SGD(lr=0.01, momentum=0.9, l2=0.0)
    """
    if not isinstance(optimizer, Optimizer) or type(optimizer) is Optimizer:
        names = ", ".join(kind.__name__ for kind in OPTIMIZERS.values())
        raise ArgumentError(f"an optimizer is one of {names}, as in SGD(lr=0.01), not {optimizer!r}")
    return optimizer
