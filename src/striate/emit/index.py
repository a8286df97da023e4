"""Affine indices: what a loop variable becomes once an emitter has added and multiplied it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Index:
    """``constant + sum(coefficient * variable)``, whole numbers throughout.

    A loop of a symbolic builder yields one variable; the Python builder yields plain constants, so the same
    emitter serves both. An Index has no truth value and no order: a Python ``if`` on it would decide at the
    time of emission what only the running loop can know.

    >>> y = Index.variable("y")
    >>> str(2 * y + 1)
    '2*y+1'
    """

    terms: tuple[tuple[str, int], ...] = ()
    constant: int = 0

    @staticmethod
    def variable(name: str) -> Index:
        """The index that is one loop variable."""
        return Index(((name, 1),))

    @staticmethod
    def of(value: Index | int) -> Index:
        """``value`` as an Index."""
        return value if isinstance(value, Index) else Index((), value)

    def __add__(self, other: Index | int) -> Index:
        if isinstance(other, int):
            return Index(self.terms, self.constant + other)
        sums = dict(self.terms)
        for name, coefficient in other.terms:
            sums[name] = sums.get(name, 0) + coefficient
        terms = tuple((name, coefficient) for name, coefficient in sums.items() if coefficient)
        return Index(terms, self.constant + other.constant)

    def __mul__(self, factor: int) -> Index:
        if factor == 0:
            return Index()
        return Index(tuple((n, c * factor) for n, c in self.terms), self.constant * factor)

    def __sub__(self, other: Index | int) -> Index:
        return self + Index.of(other) * -1

    __radd__ = __add__
    __rmul__ = __mul__

    def __int__(self) -> int:
        if self.terms:
            raise TypeError(f"the index {self} is known only when the loop runs")
        return self.constant

    def __bool__(self) -> bool:
        raise TypeError(f"the index {self} has no truth value: decide on plan sizes, not on loop variables")

    def __str__(self) -> str:
        parts = [name if c == 1 else f"{c}*{name}" for name, c in self.terms]
        text = "+".join(parts).replace("+-", "-")
        if not parts:
            return str(self.constant)
        return text if not self.constant else f"{text}{self.constant:+d}"


class Span(NamedTuple):
    """Items of work from ``first`` up to, but not including, ``last``."""

    first: Index
    last: Index

    @staticmethod
    def whole(items: int) -> Span:
        """All of them."""
        return Span(Index(), Index.of(items))
