"""Shapes in memory: axes with their zero halo, and what one element is."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

ELEMENT_BYTES = {"lanes": 4, "words": 4, "bytes": 1, "f32": 4, "u8": 1}


@dataclass(frozen=True)
class Axis:
    """One axis: indices run from ``-before`` to ``size + after - 1``; the extra ones are the zero halo."""

    size: int
    before: int = 0
    after: int = 0

    @property
    def extent(self) -> int:
        """How many elements the axis holds in memory."""
        return self.before + self.size + self.after


@dataclass(frozen=True)
class Shape:
    """Axes, slowest first, and what one element is.

    element: ``lanes`` a float32 vector, one number per image of the group; ``words`` the same as unsigned whole
    numbers of 32 bits; ``bytes`` as unsigned bytes, read and written as float vectors; ``f32`` one float32; ``u8`` one
    unsigned byte. ``f32`` and ``u8`` also load as vectors of neighbours (``vector``).
    """

    axes: tuple[Axis, ...]
    element: str = "lanes"

    @staticmethod
    def of(*sizes: int, element: str = "lanes") -> Shape:
        """A shape without halo."""
        return Shape(tuple(Axis(n) for n in sizes), element)

    @property
    def elements(self) -> int:
        """Elements in memory, halo included."""
        return prod(axis.extent for axis in self.axes)

    @property
    def halo(self) -> bool:
        """Whether any axis has one."""
        return any(axis.before or axis.after for axis in self.axes)

    @property
    def per_lane(self) -> bool:
        """Whether an element holds one number per lane."""
        return self.element in ("lanes", "words", "bytes")

    def bytes(self, lanes: int) -> int:
        """Bytes in memory for a target of that many lanes."""
        return self.elements * ELEMENT_BYTES[self.element] * (lanes if self.per_lane else 1)

    def strides(self, lanes: int) -> tuple[int, ...]:
        """Bytes from one index to the next, per axis."""
        step = ELEMENT_BYTES[self.element] * (lanes if self.per_lane else 1)
        out: list[int] = []
        for axis in reversed(self.axes):
            out.append(step)
            step *= axis.extent
        return tuple(reversed(out))

    @property
    def first(self) -> tuple[int, ...]:
        """The index of the element that comes first in memory."""
        return tuple(-axis.before for axis in self.axes)

    def __str__(self) -> str:
        parts = [f"{a.before}+{a.size}+{a.after}" if a.before or a.after else str(a.size) for a in self.axes]
        return f"{self.element}[{', '.join(parts)}]"
