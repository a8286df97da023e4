"""The curves of a run: what its newest steps were, and the whole way in a bounded number of points."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice

MOST = 1000  # points kept of the whole way
RECENT = 4096  # newest steps kept one by one
LAST = 256  # newest epochs kept one by one
AT_ONCE = 40  # points of one progress event

Point = tuple[float, float, float, float]
"""Time in epochs, loss, accuracy (0..1), learning rate."""

Epoch = tuple[float, float, float, float | None, float | None]
"""Time in epochs, mean loss, mean accuracy, validation loss, validation accuracy."""


class History:
    """Points are added by the training thread and read by others; neither waits long for the other.

    >>> history = History()
    >>> for step in range(10_000):
    ...     history.add((step / 100, 1.0, 0.5, 0.01))
    >>> history.count, 500 <= len(history.whole()) <= 1000, len(history.since(9_000)) <= 40
    (10000, True, True)
    """

    def __init__(self, points: Iterable[Point] = (), epochs: Iterable[Epoch] = (), stride: int = 1) -> None:
        self.stride = stride  #: steps that one point of the whole stands for, those in `points` too
        self.count = 0  #: points ever added
        self.closed = 0  #: epochs ever added
        self._lock = threading.Lock()
        self._epochs: list[Epoch] = []
        self._last: deque[Epoch] = deque(maxlen=LAST)
        for epoch in epochs:
            self.add_epoch(epoch)
        self._recent: deque[Point] = deque(maxlen=RECENT)
        self._whole: list[Point] = [*points][-MOST:]
        self._bucket: list[Point] = []
        self.count = len(self._whole)
        self._recent.extend(self._whole)

    def add(self, point: Point) -> None:
        """Keep one step."""
        with self._lock:
            self.count += 1
            self._recent.append(point)
            self._bucket.append(point)
            if len(self._bucket) >= self.stride:
                self._whole.append(mean(self._bucket))
                self._bucket.clear()
            if len(self._whole) >= MOST:
                self._whole = thinned(self._whole, MOST // 2)
                self.stride *= 2

    def latest(self) -> Point | None:
        """The newest step."""
        with self._lock:
            return self._recent[-1] if self._recent else None

    def add_epoch(self, epoch: Epoch) -> None:
        """Keep the means of an epoch."""
        with self._lock:
            self.closed += 1
            self._last.append(epoch)
            self._epochs.append(epoch)
            if len(self._epochs) >= 2 * MOST:
                del self._epochs[-2::-2]  # every second one, but the newest stays

    def until(self, time: float) -> History:
        """The way up to that time, in epochs.

        >>> History([(1.0, 2.0, 0.5, 0.1), (2.0, 1.0, 0.5, 0.1)]).until(1.5).whole()
        [(1.0, 2.0, 0.5, 0.1)]
        """
        near = time * (1 + 1e-6)  # times may have been float32 in a file
        points = [point for point in self.whole() if point[0] <= near]
        return History(points, [epoch for epoch in self.whole_epochs() if epoch[0] <= near], self.stride)

    def since(self, cursor: int) -> list[Point]:
        """The points after the first `cursor`, neighbours averaged where they are many."""
        with self._lock:
            new = min(self.count - cursor, len(self._recent))
            newest = list(islice(self._recent, len(self._recent) - new, None)) if new > 0 else []
        # The newest stays as it is: it is what the page shows as now.
        return [*thinned(newest[:-1], AT_ONCE - 1), *newest[-1:]]

    def whole(self) -> list[Point]:
        """The whole way in at most MOST points."""
        with self._lock:
            rest = [mean(self._bucket)] if self._bucket else []
            return [*self._whole, *rest]

    def whole_epochs(self) -> list[Epoch]:
        """At most MOST of the epochs, evenly, the last among them."""
        with self._lock:
            stride = -(-len(self._epochs) // MOST) or 1
            return self._epochs[::-1][::stride][::-1]

    def epochs_since(self, closed: int) -> list[Epoch]:
        """The epochs after the first `closed`; of very many, the newest."""
        with self._lock:
            new = min(self.closed - closed, len(self._last))
            return list(islice(self._last, len(self._last) - new, None)) if new > 0 else []


def mean(points: Sequence[Point]) -> Point:
    """The mean of neighbouring points."""
    if len(points) == 1:
        return points[0]
    count = len(points)
    time, loss, accuracy, rate = (sum(column) / count for column in zip(*points, strict=True))
    return time, loss, accuracy, rate


def thinned(points: list[Point], most: int) -> list[Point]:
    """At most `most` points, each the mean of as many neighbours.

    >>> thinned([(0.0, 1.0, 0.0, 0.1), (1.0, 3.0, 1.0, 0.1)], 1)
    [(0.5, 2.0, 0.5, 0.1)]
    """
    if len(points) <= most:
        return points
    size = -(-len(points) // most)
    return [mean(points[start : start + size]) for start in range(0, len(points), size)]
