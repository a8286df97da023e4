"""The sliding window that CONV and POOL share: how many positions fit along an axis, and what if they don't.

The rule is the notes': (W - F + 2*P)/S + 1 neurons fit along a side of W numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from striate.errors import ArgumentError, FitError, NotationError
from striate.layers.layer import FITS, Array
from striate.volume import Volume

__all__ = ["Window", "check_window", "fits_neatly", "pad", "unpad", "window", "windows"]


@dataclass(frozen=True)
class Window:
    """A window of ``field`` numbers that moves by ``stride`` along one axis.

    ``before`` and ``after`` are the zeros added at the two ends; ``count`` positions fit.
    """

    field: int
    stride: int
    before: int
    after: int
    count: int

    def taps(self) -> Iterable[slice]:
        """For each offset within the field, the padded axis' numbers that it meets at all positions."""
        reach = self.stride * (self.count - 1) + 1
        return (slice(offset, offset + reach, self.stride) for offset in range(self.field))


def window(size: int, field: int, stride: int, padding: int, fit: str = "raise") -> Window:
    """The window over an axis of ``size`` numbers with ``padding`` zeros at both ends.

    ``fit`` says what happens if the positions do not fit neatly: ``raise`` a FitError; ``pad`` adds the
    missing zeros, the odd one after; ``crop`` leaves the remainder at the end uncovered.

    >>> window(227, 11, 4, 0).count, window(224, 11, 4, 0, "pad")
    (55, Window(field=11, stride=4, before=1, after=2, count=55))
    """
    if fit not in FITS:
        raise ArgumentError(f"fit is one of {', '.join(FITS)}, not {fit!r}")
    room = size + 2 * padding - field
    if room >= 0 and room % stride == 0:
        return Window(field, stride, padding, padding, room // stride + 1)
    if fit == "pad":
        missing = -room if room < 0 else -room % stride
        before = padding + missing // 2
        return Window(field, stride, before, padding + missing - missing // 2, (room + missing) // stride + 1)
    if fit == "crop" and room >= 0:
        return Window(field, stride, padding, padding, room // stride + 1)
    raise FitError(_misfit({"W": size}, field, stride, padding, fit))


def fits_neatly(input: Volume, field: int, stride: int, padding: int) -> bool:
    """Whether the window fits both sides of ``input`` without pad or crop."""
    rooms = [side + 2 * padding - field for side in (input.width, input.height)]
    return all(room >= 0 and room % stride == 0 for room in rooms)


def windows(input: Volume, field: int, stride: int, padding: int, fit: str) -> tuple[Window, Window]:
    """The windows over the rows and the columns of ``input``; a FitError minds both sides at once."""
    try:
        return (
            window(input.height, field, stride, padding, fit),
            window(input.width, field, stride, padding, fit),
        )
    except FitError:
        raise FitError(_misfit({"W": input.width, "H": input.height}, field, stride, padding, fit)) from None


def check_window(kind: str, field: int, padding: int, fit: str) -> None:
    """Refuse an unknown ``fit``, and a padding so wide that a window would see nothing but zeros."""
    if fit not in FITS:
        raise NotationError(f"fit of {kind} is one of {', '.join(FITS)}, not {fit!r}")
    if padding >= field:
        raise NotationError(
            f"P={padding} with F={field}: a {kind} window at the border would see nothing but zeros; "
            f"P is at most F-1 = {field - 1}, and P=(F-1)/2 keeps the size at S=1"
        )


def pad(x: Array, rows: Window, columns: Window) -> Array:
    """``(N, H, W, D)`` with the windows' zeros around."""
    return np.pad(x, ((0, 0), (rows.before, rows.after), (columns.before, columns.after), (0, 0)))


def unpad(x: Array, rows: Window, columns: Window) -> Array:
    """The inverse of ``pad``: the zeros cut off."""
    height, width = x.shape[1:3]
    return x[:, rows.before : height - rows.after, columns.before : width - columns.after]


def _misfit(sides: dict[str, int], field: int, stride: int, padding: int, fit: str) -> str:
    """The arithmetic of every side that does not fit, and the nearest settings that do."""
    faults, seen = [], set()
    for letter, size in sides.items():
        room = size + 2 * padding - field
        if size in seen or (room >= 0 and (fit == "crop" or room % stride == 0)):
            continue
        seen.add(size)
        if room < 0:
            faults.append(f"{letter} + 2*P = {size} + 2*{padding} = {size + 2 * padding} is less than F={field}")
        else:
            faults.append(
                f"({letter} - F + 2*P)/S + 1 = ({size} - {field} + 2*{padding})/{stride} + 1"
                f" = {_decimal(room + stride, stride)} is no whole number"
            )
    ways = _ways(list(sides.values()), field, stride, padding)
    ways.append("fit=pad" if "is less" in "".join(faults) else "fit=pad | crop")
    return f"{' and '.join(faults)}: try {', or '.join(ways)}"


def _ways(sizes: list[int], field: int, stride: int, padding: int) -> list[str]:
    """The nearest S, P, F (one changed at a time), then W and H, with which every side fits."""

    def fits(f: int, s: int, p: int) -> bool:
        rooms = [size + 2 * p - f for size in sizes]
        return p < f and all(room >= 0 and room % s == 0 for room in rooms)

    reach = min(max(field, stride, padding, *sizes) + 1, 2000)  # numbers further off help nobody
    ways = []
    # A stride beyond the field would skip numbers, and a field of 1 would see no neighbours: neither helps.
    for letter, now, least, test in (
        ("S", stride, 1, lambda v: v <= max(field, stride) and fits(field, v, padding)),
        ("P", padding, 0, lambda v: fits(field, stride, v)),
        ("F", field, min(field, 2), lambda v: fits(v, stride, padding)),
    ):
        near = _nearest(now, least, reach, test)
        if near:
            ways.append(" or ".join(f"{letter}={value}" for value in near))
    sides = ("W", "H") if len(set(sizes)) > 1 else ("W",)
    for letter, size in zip(sides, sizes, strict=False):
        near = _nearest(size, 1, reach, lambda v: v + 2 * padding >= field and (v + 2 * padding - field) % stride == 0)
        if near and near != [size]:
            ways.append(" or ".join(f"{letter}={value}" for value in near))
    return ways


def _nearest(now: int, least: int, reach: int, test: Callable[[int], bool]) -> list[int]:
    """The nearest values below and above ``now`` that pass ``test``; ``now`` alone if it passes."""
    if test(now):
        return [now]
    below = next((v for v in range(now - 1, max(least, now - reach) - 1, -1) if test(v)), None)
    above = next((v for v in range(now + 1, now + reach + 1) if test(v)), None)
    return [v for v in (below, above) if v is not None]


def _decimal(numerator: int, denominator: int) -> str:
    """The quotient with the digits needed to see that it is no whole number: 4.5, 54.25, 2.333."""
    for digits in range(1, 12):
        shown = f"{numerator / denominator:.{digits}f}"
        if float(shown) * denominator == numerator:
            return shown
        if digits >= 3 and shown.rstrip("0")[-1] != ".":
            return shown
    return f"{numerator}/{denominator}"
