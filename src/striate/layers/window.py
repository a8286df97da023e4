"""The sliding window that CONV and POOL share: how many positions fit along an axis, and what if they don't.

The rule is the notes': (W - F + 2*P)/S + 1 neurons fit along a side of W numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from striate.errors import ArgumentError, FitError, NotationError
from striate.layers.layer import FITS, Array
from striate.layers.misfit import misfit, span_of
from striate.layers.sides import Sides, both, sides_text
from striate.volume import Volume

__all__ = ["Window", "check_window", "fits_neatly", "pad", "unpad", "window", "windows"]


@dataclass(frozen=True)
class Window:
    """A window of ``field`` numbers that moves by ``stride`` along one axis.

    ``before`` and ``after`` are the zeros added at the two ends; ``count`` positions fit. Of a dilated window the
    numbers are ``dilation`` apart.
    """

    field: int
    stride: int
    before: int
    after: int
    count: int
    dilation: int = 1

    @property
    def span(self) -> int:
        """How many numbers lie between its ends, both included: ``field`` unless it is dilated."""
        return span_of(self.field, self.dilation)

    def taps(self) -> Iterable[slice]:
        """For each offset within the field, the padded axis' numbers that it meets at all positions."""
        reach = self.stride * (self.count - 1) + 1
        offsets = range(0, self.span, self.dilation)
        return (slice(offset, offset + reach, self.stride) for offset in offsets)


def window(size: int, field: int, stride: int, padding: int, fit: str = "raise", dilation: int = 1) -> Window:
    """The window over an axis of ``size`` numbers with ``padding`` zeros at both ends.

    ``fit`` says what happens if the positions do not fit neatly: ``raise`` a FitError; ``pad`` adds the
    missing zeros, the odd one after; ``crop`` leaves the remainder at the end uncovered.

    >>> window(227, 11, 4, 0).count, window(224, 11, 4, 0, "pad")
    (55, Window(field=11, stride=4, before=1, after=2, count=55, dilation=1))
    """
    if fit not in FITS:
        raise ArgumentError(f"fit is one of {', '.join(FITS)}, not {fit!r}")
    room, after = size + 2 * padding - span_of(field, dilation), padding
    before = padding
    if fit == "pad" and (room < 0 or room % stride):
        missing = -room if room < 0 else -room % stride
        room, before, after = room + missing, padding + missing // 2, padding + missing - missing // 2
    elif room < 0 or (room % stride and fit == "raise"):
        raise FitError(misfit({"W": size}, field, stride, padding, fit, dilation))
    return Window(field, stride, before, after, room // stride + 1, dilation)


def fits_neatly(input: Volume, field: Sides, stride: Sides, padding: Sides, dilation: Sides = 1) -> bool:
    """Whether the window fits both sides of ``input`` without pad or crop."""
    fields, strides, paddings, dilations = map(both, (field, stride, padding, dilation))
    rooms = [
        side + 2 * zeros - span_of(numbers, apart)
        for side, numbers, zeros, apart in zip((input.width, input.height), fields, paddings, dilations, strict=True)
    ]
    return all(room >= 0 and room % step == 0 for room, step in zip(rooms, strides, strict=True))


def windows(
    input: Volume, field: Sides, stride: Sides, padding: Sides, fit: str, dilation: Sides = 1
) -> tuple[Window, Window]:
    """The windows over the rows and the columns of ``input``; a FitError minds both sides at once."""
    axes = list(zip((input.width, input.height), *map(both, (field, stride, padding, dilation)), strict=True))
    try:
        columns, rows = (window(size, f, s, p, fit, apart) for size, f, s, p, apart in axes)
    except FitError:
        sides = {"W": input.width, "H": input.height}
        raise FitError(misfit(sides, field, stride, padding, fit, dilation)) from None
    return rows, columns


def check_window(kind: str, field: Sides, padding: Sides, fit: str, dilation: Sides = 1) -> None:
    """Refuse an unknown ``fit``, and a padding so wide that a window would see nothing but zeros."""
    if fit not in FITS:
        raise NotationError(f"fit of {kind} is one of {', '.join(FITS)}, not {fit!r}")
    pairs = zip(*map(both, (field, padding, dilation)), strict=True)
    for numbers, zeros, apart in pairs:
        if zeros >= span_of(numbers, apart):
            rule = "F-1" if apart == 1 else f"{apart}*(F-1)"
            dilated = "" if apart == 1 else f" and dilation={apart}"
            reach = span_of(numbers, apart) - 1
            halves = f"P={'(F-1)' if apart == 1 else rule}/2 = {reach // 2} keeps the size at S=1"
            if reach % 2:  # an even field: there is no half to write
                halves = f"at S=1 P={reach // 2} makes sides one shorter and P={reach // 2 + 1} one longer"
            raise NotationError(
                f"P={sides_text(padding)} with F={sides_text(field)}{dilated}: a {kind} window at the border would see "
                f"nothing but zeros; P is at most {rule} = {reach}, and {halves}"
            )


def pad(x: Array, rows: Window, columns: Window) -> Array:
    """``(N, H, W, D)`` with the windows' zeros around."""
    return np.pad(x, ((0, 0), (rows.before, rows.after), (columns.before, columns.after), (0, 0)))


def unpad(x: Array, rows: Window, columns: Window) -> Array:
    """The inverse of ``pad``: the zeros cut off."""
    height, width = x.shape[1:3]
    return x[:, rows.before : height - rows.after, columns.before : width - columns.after]
