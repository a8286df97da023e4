"""How the learning rate changes while a network trains: a factor for every fraction of the training that is done."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from striate.errors import ArgumentError

Schedule = Callable[[float], float]

WARM_START = 0.01  #: the factor with which a warm-up begins
DROPS_AT = (0.5, 0.75)  #: when ``step`` drops
DROP = 0.1  #: and by how much
RISE = 0.3  #: how much of ``one-cycle`` rises
RISE_FROM, FALL_TO = 1 / 25, 1 / 250_000  #: where it begins and where it ends


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


def step(done: float, at: Sequence[float] = DROPS_AT, by: float = DROP) -> float:
    """Return the factor `by` to the power of how many of the fractions `at` are behind: the notes' step decay.

    >>> step(0.0), step(0.5), round(step(0.9), 6)
    (1.0, 0.1, 0.01)
    """
    return float(by ** sum(done >= drop for drop in at))


def one_cycle(done: float) -> float:
    """Return a factor that rises from 1/25 to 1 in the first 30 % and falls to 1/250,000 in the rest.

    Both ways follow half a cosine wave (Smith and Topin, "Super-Convergence", 2018, with PyTorch's defaults).

    >>> round(one_cycle(0.0), 6), one_cycle(0.3), round(one_cycle(1.0), 6)
    (0.04, 1.0, 4e-06)
    """
    if done < RISE:
        return _between(RISE_FROM, 1.0, done / RISE)
    return _between(1.0, FALL_TO, (done - RISE) / (1 - RISE))


def _between(start: float, end: float, part: float) -> float:
    return end + (start - end) * cosine(part)


SCHEDULES: dict[str, Schedule] = {"constant": constant, "cosine": cosine, "step": step, "one-cycle": one_cycle}


def schedule(name: str, warmup: float = 0.0, at: Sequence[float] | None = None, by: float | None = None) -> Schedule:
    """Return the schedule of this name; ArgumentError where there is none, or where it takes no such settings.

    warmup: this fraction of the training, from 0 up to 1, the rate rises along a line from a hundredth of itself
    (Goyal et al. 2017); the schedule then has the rest. `at`, fractions between 0 and 1 in rising order, and `by`, a
    factor, are those of `step`.

    >>> schedule("cosine") is cosine
    True
    >>> warm = schedule("step", warmup=0.1, at=(0.5,), by=0.5)
    >>> [round(warm(done), 3) for done in (0, 0.05, 0.1, 0.54, 0.55)]
    [0.01, 0.505, 1.0, 1.0, 0.5]
    """
    if name not in SCHEDULES:
        raise ArgumentError(f"schedule={name!r} is unknown: take one of {', '.join(SCHEDULES)}")
    if not (math.isfinite(warmup) and 0 <= warmup < 1):
        raise ArgumentError(f"a warm-up takes a fraction of the training, from 0 up to 1, not {warmup}")
    chosen = SCHEDULES[name]
    if at is not None or by is not None:
        chosen = _steps(name, DROPS_AT if at is None else tuple(at), DROP if by is None else by)
    if not warmup:
        return chosen
    return lambda done: (
        WARM_START + (1 - WARM_START) * done / warmup if done < warmup else chosen((done - warmup) / (1 - warmup))
    )


def _steps(name: str, at: Sequence[float], by: float) -> Schedule:
    if name != "step":
        raise ArgumentError(f"drops of the learning rate are those of the schedule step, not of {name}: leave them out")
    if not at or list(at) != sorted(set(at)) or not all(0 < drop < 1 for drop in at):
        listed = ", ".join(f"{drop:g}" for drop in at) or "none"
        raise ArgumentError(f"the rate drops at fractions of the training between 0 and 1, rising, not at {listed}")
    if not (math.isfinite(by) and 0 < by <= 1):
        raise ArgumentError(f"a drop multiplies the rate by a number above 0 and up to 1, not by {by}")
    return lambda done: step(done, at, by)
