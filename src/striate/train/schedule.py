"""How the learning rate changes while a network trains."""

from __future__ import annotations

import math
from collections.abc import Callable

from striate.errors import ArgumentError

Schedule = Callable[[float], float]


def constant(done: float) -> float:
    """Return 1 always: the learning rate stays what it is.

    >>> constant(0.5)
    1.0
    """
    return 1.0


def cosine(done: float) -> float:
    """Return the factor of the learning rate after the fraction `done` (0..1) of all steps.

    It falls from 1 to 0 along half a cosine wave, (1 + cos(pi * done))/2 (Loshchilov and Hutter,
    "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017, without the restarts).

    >>> cosine(0.0), round(cosine(0.5), 6), cosine(1.0)
    (1.0, 0.5, 0.0)
    """
    return (1.0 + math.cos(math.pi * done)) / 2


SCHEDULES: dict[str, Schedule] = {"constant": constant, "cosine": cosine}


def schedule(name: str) -> Schedule:
    """Return the schedule of this name; ArgumentError where there is none.

    >>> schedule("cosine") is cosine
    True
    """
    try:
        return SCHEDULES[name]
    except KeyError:
        raise ArgumentError(f"schedule={name!r} is unknown: take one of {', '.join(SCHEDULES)}") from None
