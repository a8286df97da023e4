"""What is said of a window that does not fit: the arithmetic of every side, and the nearest settings that do fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product

from striate.layers.sides import Sides, both, sides_text, simple

__all__ = ["Fitting", "misfit", "nearest", "quotient", "span_of"]

_FAR = 2000  # numbers further off help nobody

Test = Callable[[int], bool]


def span_of(field: int, dilation: int) -> int:
    """How many numbers a filter reaches over whose weights are ``dilation`` apart.

    >>> span_of(3, 1), span_of(3, 2)
    (3, 5)
    """
    return dilation * (field - 1) + 1


@dataclass(frozen=True)
class Fitting:
    """The settings of a window along one axis of ``size`` numbers."""

    size: int
    field: int
    stride: int
    padding: int
    dilation: int

    @property
    def span(self) -> int:
        """Numbers that the field reaches over."""
        return span_of(self.field, self.dilation)

    @property
    def room(self) -> int:
        """Numbers for the field to move over; below zero where it does not fit at all."""
        return self.size + 2 * self.padding - self.span

    @property
    def largest(self) -> dict[str, int]:
        """The largest F with this dilation, and the largest dilation with this F, that its side has room for."""
        last = max(0, self.size + 2 * self.padding - 1)
        return {"F": last // self.dilation + 1, "dilation": last // max(1, self.field - 1)}

    @property
    def neat(self) -> bool:
        """Whether whole strides lead from one end to the other."""
        return self.room >= 0 and self.room % self.stride == 0

    def fits(self, letter: str, value: int) -> bool:
        """Whether it would, with another value for one letter, and with less padding than the field reaches over."""
        now = {"W": self.size, "F": self.field, "S": self.stride, "P": self.padding, "dilation": self.dilation}
        new = Fitting(*{**now, letter: value}.values())
        return new.neat and (letter == "W" or new.padding < new.span)

    def fault(self, letter: str) -> str:
        """The arithmetic that does not come out."""
        whole = self.size + 2 * self.padding
        spans = f"F={self.field}" if self.dilation == 1 else f"{self.span:,}, which F={self.field} spans"
        apart = "" if self.dilation == 1 else f" with dilation={self.dilation}"
        if self.room < 0:
            return f"{letter} + 2*P = {self.size} + 2*{self.padding} = {whole:,} is less than {spans}{apart}"
        where = f", where F={self.field}{apart} spans {self.span}" if apart else ""
        return (
            f"({letter} - F + 2*P)/S + 1 = ({self.size} - {self.span} + 2*{self.padding})/{self.stride} + 1"
            f" = {quotient(self.room + self.stride, self.stride)} is no whole number{where}"
        )


def misfit(sides: dict[str, int], field: Sides, stride: Sides, padding: Sides, fit: str, dilation: Sides = 1) -> str:
    """The arithmetic of every side that does not fit, and the nearest settings that do."""
    settings = zip(*map(both, (field, stride, padding, dilation)), strict=True)
    axes = {letter: Fitting(size, *own) for (letter, size), own in zip(sides.items(), settings, strict=False)}
    faults, seen = [], set()
    for letter, axis in axes.items():
        if axis in seen or axis.neat or (fit == "crop" and axis.room >= 0):
            continue
        seen.add(axis)
        faults.append(axis.fault(letter))
    alike = not any(isinstance(setting, tuple) for setting in (field, stride, padding, dilation))
    ways = list(_ways(list(axes.values()), alike))
    if all(-axis.room <= _FAR for axis in axes.values()):  # no person wants zeros by the million
        ways.append("fit=pad" if "is less" in "".join(faults) else "fit=pad | crop")
    return f"{' and '.join(faults)}: try {', or '.join(ways or ['smaller settings'])}"


def _ways(axes: list[Fitting], alike: bool) -> Iterator[str]:
    """The nearest S, P, F (one changed at a time), then W and H, with which every side fits.

    alike: a setting is one number for both sides; else each side has its own.
    """
    groups = [axes] if alike else [[axis] for axis in axes]
    letters = ["S", "P", "F"] + ["dilation"] * any(axis.dilation > 1 for axis in axes)
    for letter in letters:
        options = [_options(letter, group) for group in groups]
        values = [simple(pair) if len(pair) == 2 else pair[0] for pair in product(*options)]
        if values:
            yield " or ".join(f"{letter}={sides_text(value)}" for value in values[:2])
    for letter, axis in zip(("W", "H") if len(set(axes)) > 1 else ("W",), axes, strict=False):
        near = nearest(axis.size, 1, _reach(axes), partial(axis.fits, "W"))
        if near and near != [axis.size]:
            yield " or ".join(f"{letter}={value}" for value in near)


def _options(letter: str, axes: list[Fitting]) -> list[int]:
    """The nearest values for one letter with which all of the axes fit."""
    # A stride beyond the field would skip numbers, and a field of 1 would see no neighbours: neither helps.
    first = axes[0]
    now = {"S": first.stride, "P": first.padding, "F": first.field, "dilation": first.dilation}[letter]
    now = min(now, *(axis.largest.get(letter, now) + 1 for axis in axes))  # beyond that none fits
    least = {"S": 1, "P": 0, "F": min(first.field, 2), "dilation": 1}[letter]
    most = max(first.span, first.stride) if letter == "S" else _FAR

    def test(value: int) -> bool:
        return value <= most and all(axis.fits(letter, value) for axis in axes)

    return nearest(now, least, _reach(axes), test)


def _reach(axes: list[Fitting]) -> int:
    return min(max(max(axis.size, axis.span, axis.stride, axis.padding) for axis in axes) + 1, _FAR)


def nearest(now: int, least: int, reach: int, test: Test) -> list[int]:
    """The nearest values below and above ``now`` that pass ``test``; ``now`` alone if it passes.

    >>> nearest(4, 1, 9, lambda value: 12 % value == 0), nearest(5, 1, 9, lambda value: 12 % value == 0)
    ([4], [4, 6])
    """
    if test(now):
        return [now]
    below = next((v for v in range(now - 1, max(least, now - reach) - 1, -1) if test(v)), None)
    above = next((v for v in range(now + 1, now + reach + 1) if test(v)), None)
    return [v for v in (below, above) if v is not None]


def quotient(numerator: int, denominator: int) -> str:
    """The quotient with the digits needed to see that it is no whole number.

    >>> quotient(9, 2), quotient(217, 4), quotient(7, 3)
    ('4.5', '54.25', '2.333')
    """
    for digits in range(1, 12):
        shown = f"{numerator / denominator:.{digits}f}"
        if float(shown) * denominator == numerator:
            return shown
        if digits >= 3 and shown.rstrip("0")[-1] != ".":
            return shown
    return f"{numerator}/{denominator}"
