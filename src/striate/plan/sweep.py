"""How a filter sweeps along one axis: which positions each result reads, forwards and backwards.

Forward, result ``o`` reads positions ``S*o + f - P``. Backwards, position ``i`` receives from the results ``o``
with ``S*o + f - P == i``: for the positions of one remainder modulo S these are again a sliding window, of
every S-th filter weight, with stride 1. So one description serves CONV in both directions. In a dilated filter
weight ``f`` stands for ``f * dilation``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Tap:
    """Filter weight ``weight`` meets the source at ``step * j + offset``."""

    offset: int
    weight: int


@dataclass(frozen=True)
class Sweep:
    """``count`` results; result j reads the source at ``step*j + tap.offset``, lands at ``spread*j + first``."""

    count: int
    step: int
    taps: tuple[Tap, ...]
    spread: int = 1
    first: int = 0

    @property
    def apart(self) -> int:
        """From what one tap meets to what the next does; 1 where there is but one."""
        return self.taps[1].offset - self.taps[0].offset if len(self.taps) > 1 else 1

    def reach(self, size: int) -> tuple[int, int]:
        """How far the taps read before index 0 and beyond ``size - 1``: the halo the source needs."""
        if not self.taps or not self.count:
            return 0, 0
        low = min(tap.offset for tap in self.taps)
        high = max(tap.offset for tap in self.taps) + self.step * (self.count - 1)
        return max(0, -low), max(0, high - (size - 1))

    def whole(self, size: int) -> Sweep:
        """The sweep with its count rounded up to whole tiles of ``size`` results."""
        return replace(self, count=-(-self.count // size) * size)


def forward_sweep(count: int, field: int, stride: int, before: int, dilation: int = 1) -> Sweep:
    """The sweep of a filter: ``count`` results, ``before`` zeros ahead of the first position."""
    return Sweep(count, stride, tuple(Tap(f * dilation - before, f) for f in range(field)))


def backward_sweeps(
    size: int, count: int, field: int, stride: int, before: int, dilation: int = 1
) -> tuple[Sweep, ...]:
    """The sweeps over ``count`` results' gradients that give the gradients of ``size`` positions."""
    sweeps = []
    for remainder in range(min(stride, size)):
        ahead = [remainder + before - f * dilation for f in range(field)]
        taps = tuple(Tap(far // stride, f) for f, far in enumerate(ahead) if far % stride == 0)
        positions = (size - remainder + stride - 1) // stride
        sweeps.append(Sweep(positions, 1, taps, stride, remainder))
    return tuple(sweeps)


def pieces(total: int, most: int) -> int:
    """How many tiles ``split_evenly`` makes."""
    return -(-total // most)


def split_evenly(total: int, most: int) -> tuple[tuple[int, int, int], ...]:
    """``total`` as tiles of at most ``most``, as equal as can be: (start, width, repetitions) runs.

    >>> split_evenly(10, 4)
    ((0, 4, 1), (4, 3, 2))
    """
    tiles = pieces(total, most)
    small, large = total // tiles, total % tiles
    runs = [(0, small + 1, large)] if large else []
    if tiles > large:
        runs.append((large * (small + 1), small, tiles - large))
    return tuple(runs)
