"""What CONV, LOCAL and POOL have in common: a window that slides over the input; and CONV and LOCAL: its filters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar, TypeVar, cast

from striate.errors import NotationError
from striate.layers.layer import Array, Layer, Setting, check_setting
from striate.layers.misfit import span_of
from striate.layers.sides import Lengths, Sides, both, sides_text, simple
from striate.layers.window import Window, check_window, fits_neatly, windows
from striate.volume import Volume

__all__ = ["FILTERS", "Filtering", "Sliding", "volume_of"]

FILTERS: tuple[Setting, ...] = (
    Setting("K", "filters", "the number of filters"),
    Lengths("F", "field", "the side of a filter"),
    Lengths("S", "stride", "the stride"),
    Lengths("P", "padding", "the zero-padding", 0),
)

S = TypeVar("S", bound="Sliding")


class Sliding(Layer):
    """A layer with a window of ``field`` numbers that moves by ``stride`` over its zero-padded input.

    ``field``, ``stride``, ``padding`` and ``dilation`` are one number or two, along the width and the height, and kept
    as one where two are equal. ``fit`` says what happens when the window does not fit neatly (see ``window``). The
    dataclasses made of it say which of them are their fields, in which order, and from which defaults.
    """

    field: Sides
    stride: Sides
    padding: Sides
    fit: str
    dilation: Sides = 1

    def __post_init__(self) -> None:
        self._make_plain()
        for setting in self.settings:
            if isinstance(setting, Lengths):
                object.__setattr__(self, setting.name, simple(getattr(self, setting.name)))
        super().__post_init__()
        check_window(self.kind, self.field, self.padding, self.fit, self.dilation)

    def windows(self, input: Volume) -> tuple[Window, Window]:
        """The windows over the rows and the columns of ``input``; FitError where they do not fit."""
        return windows(input, self.field, self.stride, self.padding, self.fit, self.dilation)

    def settled(self: S, input: Volume) -> S:
        """This layer without a ``fit`` that changes nothing on ``input``."""
        neat: dict[str, Any] = {"fit": "raise"}
        is_neat = fits_neatly(input, self.field, self.stride, self.padding, self.dilation)
        return replace(self, **neat) if is_neat else self

    def receptive(self, input: Volume) -> tuple[int, int, int, int]:
        """F by F with the gaps between its numbers, S apart."""
        across, down = map(span_of, both(self.field), both(self.dilation))
        return (across, down, *both(self.stride))

    def _text(self, entries: list[str], last: list[str] | None = None) -> str:
        """Canonical text: the bracket with these entries, ``fit`` if it is none of the default, and the last."""
        fit = [] if self.fit == "raise" else [f"fit={self.fit}"]
        return f"{self.kind}[{', '.join([*entries, *fit, *(last or [])])}]"


class Filtering(Sliding):
    """CONV or LOCAL: ``filters`` results at every position, and a P that keeps the size at S=1 if none is given."""

    filters: int

    settings: ClassVar[tuple[Setting, ...]] = FILTERS
    required: ClassVar[tuple[str, ...]] = ("K",)
    number: ClassVar[str] = "K"
    size: ClassVar[str] = "F"

    def __post_init__(self) -> None:
        self._make_plain()
        if cast(object, self.padding) is None:
            for setting in self.settings:
                if setting.name != "padding":
                    check_setting(self.kind, setting, getattr(self, setting.name))
            object.__setattr__(self, "padding", _keeping(self.field, self.dilation))
        super().__post_init__()

    def output(self, input: Volume) -> Volume:
        """((W - F + 2*P)/S + 1) wide, likewise high, K deep."""
        rows, columns = self.windows(input)
        return Volume(columns.count, rows.count, self.filters)

    def flops(self, input: Volume) -> int:
        """A multiply-add for each connection of each neuron; the bias begins the sum."""
        return 2 * self.connections(input) * self.output(input).size

    def _entries(self) -> list[str]:
        """K, F, S and P for the bracket, without the defaults."""
        entries = [str(self.filters)]
        if self.field != 3:
            entries.append("x".join(map(str, both(self.field))))
        if self.stride != 1:
            entries.append(f"S={sides_text(self.stride)}")
        sides = zip(both(self.padding), both(self.field), both(self.dilation), strict=True)
        if any(2 * zeros != apart * (numbers - 1) for zeros, numbers, apart in sides):
            entries.append(f"P={sides_text(self.padding)}")
        return entries


def volume_of(x: Array) -> Volume:
    """The volume of one of the images in ``x``, ``(N, H, W, D)``.

    >>> import numpy as np
    >>> print(volume_of(np.zeros((10, 24, 32, 3))))
    [32x24x3]
    """
    return Volume(x.shape[2], x.shape[1], x.shape[3])


def _keeping(field: Sides, dilation: Sides) -> Sides:
    """The P that keeps the size at S=1: half of what a filter reaches over; NotationError where that is no half."""
    axes = [(numbers, apart * (numbers - 1)) for numbers, apart in zip(both(field), both(dilation), strict=True)]
    if not any(reach % 2 for _, reach in axes):
        return _pair(reach // 2 for _, reach in axes)
    numbers, reach = next(axis for axis in axes if axis[1] % 2)
    apart = reach // (numbers - 1)
    rule = "(F-1)/2" if apart == 1 else f"{apart}*(F-1)/2"
    paddings = [sides_text(_pair((reach + up * (reach % 2)) // 2 for _, reach in axes)) for up in (0, 1)]
    fields = [sides_text(_pair(numbers + way * (reach % 2) for numbers, reach in axes)) for way in (-1, 1)]
    raise NotationError(
        f"F={sides_text(field)} is even, so the default P = {rule} = {reach / 2} is no whole number: "
        f"say P={' or P='.join(paddings)} yourself, or use F={' or F='.join(fields)}"
    )


def _pair(sides: Iterable[int]) -> Sides:
    wide, high = sides
    return simple((wide, high))
