"""Settings of a window that may differ along the width and the height, and the groups of a CONV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from striate.layers.layer import MOST, Setting

__all__ = ["EACH", "Dilation", "Groups", "Lengths", "Sides", "both", "sides_text", "simple"]

Sides = Union[int, tuple[int, int]]  # noqa: UP007 - Python 3.10 evaluates it when the module is read
"""One number for both sides, or two, along the width and the height."""

EACH = "each"  #: as many groups as the input has depth slices


def both(sides: Sides) -> tuple[int, int]:
    """(along the width, along the height).

    >>> both(3), both((3, 5))
    ((3, 3), (3, 5))
    """
    return sides if isinstance(sides, tuple) else (sides, sides)


def simple(sides: Sides) -> Sides:
    """One number where two are equal.

    >>> simple((3, 3)), simple((3, 5)), simple(4)
    (3, (3, 5), 4)
    """
    if isinstance(sides, tuple) and len(sides) == 2 and sides[0] == sides[1]:
        return sides[0]
    return sides


def sides_text(sides: Sides) -> str:
    """As the notation has it, width first.

    >>> sides_text((3, 5)), sides_text(2)
    ('3x5', '2')
    """
    return "x".join(map(str, sides)) if isinstance(sides, tuple) else str(sides)


@dataclass(frozen=True)
class Lengths(Setting):
    """A setting of one number, or of two: along the width and the height."""

    def takes(self, value: object) -> bool:
        """Whether a value is one of those."""
        if isinstance(value, tuple):
            return len(value) == 2 and all(super(Lengths, self).takes(side) for side in value)
        return super().takes(value)


@dataclass(frozen=True)
class Dilation(Lengths):
    """How far apart the weights of a filter are, counted from 1."""

    @property
    def note(self) -> str:
        """What is said beside the range."""
        return ": 1 leaves no gaps, as in ONNX and PyTorch, where the notes count from 0"


@dataclass(frozen=True)
class Groups(Setting):
    """A number of groups, or ``each``: as many as the input has depth slices."""

    @property
    def range(self) -> str:
        """The values it takes, in words."""
        return f"a whole number from {self.least} to {MOST:,}, or {EACH}"

    @property
    def words(self) -> tuple[str, ...]:
        """Words that may stand for the number."""
        return (EACH,)

    def takes(self, value: object) -> bool:
        """Whether a value is one of those."""
        return value == EACH or super().takes(value)
