"""How much of training's time browsers may take: what is done for them between two steps, and what that costs steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf

NEAR = 0.08  # seconds behind an update in which it is sent and drawn, and steps may take longer for it
MOST = 0.03  # seconds that one update is blamed for, at most: beyond, it was something else
FIRST = 0.008  # seconds that it is thought to cost at first: what a browser on the same two processors takes
TOGETHER = 0.005  # seconds within which two updates are one: they are drawn in one go
FRESH = 4.0  # seconds for which it is known how long a step takes that is left alone


class Gate:
    """Lets work through, and then stays closed until that has taken no more than its share of the time."""

    def __init__(self) -> None:
        self._opens = 0.0
        self._typical = 0.0  # seconds that it takes

    def through(self, work: Callable[[], bool], now: float, share: float, besides: float = 0.0) -> bool:
        """Do the work where the gate is open; whether there was any. ``besides``: seconds that it costs elsewhere."""
        if now < self._opens:
            return False
        began = time.monotonic()
        if not work():
            return False
        spent = time.monotonic() - began
        # Once in a while the system lets something else in meanwhile, and that is not the work's doing.
        self._typical = 0.9 * self._typical + 0.1 * spent if self._typical else spent
        self._opens = began + (min(spent, 4 * self._typical) + besides) / share
        return True


class Toll:
    """What an update costs the steps beside it, by how much longer they take than others of the same run.

    A browser that draws on this machine needs its processors, and where there are few, training waits for them. The
    server sees nothing of that but its own steps, and those show it well: an update delays the steps of the next NEAR
    seconds, and then no other.

    >>> toll = Toll()
    >>> for update in range(100):
    ...     toll.update(update / 5)
    ...     for at, spent in ((0.001, 0.006), (0.01, 0.005), (0.1, 0.004)):
    ...         toll.step(1, update / 5 + at, spent)
    >>> round(1000 * toll.seconds, 1)  # 2 ms and 1 ms more than the 4 ms of a step left alone
    3.0
    """

    def __init__(self) -> None:
        self._typical: dict[int, float] = {}  # seconds of a step left alone, by run
        self._extra = 0.0  # of the steps beside the last update
        self._last = -inf  # when that was
        self._known = -inf  # when a step was last left alone
        self._seconds, self._count = FIRST, 1

    def anew(self) -> None:
        """Somebody else looks now, or at something else: what an update costs is to be found out."""
        self._seconds, self._count = FIRST, 1

    @property
    def seconds(self) -> float:
        """What one update costs steps, in seconds."""
        return max(0.0, self._seconds)

    def pace(self, share: float, now: float) -> float:
        """Seconds from one update to the next for which they take no more than a share of the steps' time.

        Where updates follow each other so closely that no step has been left alone for long, a pause that leaves some.
        """
        return max(self.seconds / share, 2 * NEAR if self._stale(now) else 0.0)

    def rests(self, now: float) -> bool:
        """Whether no update should come now, for some steps to be left alone."""
        return self._stale(now) and now - self._last < 2 * NEAR

    def _stale(self, now: float) -> bool:
        return now - self._known > FRESH

    def update(self, when: float) -> None:
        """Something went out that browsers draw; what goes out together is one update."""
        if when - self._last < TOGETHER:
            return
        if self._typical and self._last > -inf:
            self._count += 1
            self._seconds += max(0.1, 1 / self._count) * (min(self._extra, MOST) - self._seconds)
        self._extra, self._last = 0.0, when

    def step(self, run: int, began: float, spent: float) -> None:
        """A step was taken; updates that went out meanwhile have been told."""
        typical = self._typical.get(run)
        if began - self._last >= NEAR:
            self._typical[run] = spent if typical is None else typical + 0.05 * (min(spent, 4 * typical) - typical)
            self._known = began
        elif typical is not None:
            self._extra += spent - typical

    def forget(self, runs: set[int]) -> None:
        """Other runs than these are gone."""
        self._typical = {run: typical for run, typical in self._typical.items() if run in runs}
