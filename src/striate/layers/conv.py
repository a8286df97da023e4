"""CONV: filters slide over the input and take dot products with all of its depth, or with a group of its slices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import gcd
from typing import ClassVar, cast

import numpy as np

from striate.errors import FitError, NotationError
from striate.layers.layer import Array, Layer, Parameters, Setting
from striate.layers.misfit import nearest, quotient, span_of
from striate.layers.sides import EACH, Dilation, Groups, Lengths, Sides, both, sides_text, simple
from striate.layers.window import Window, check_window, fits_neatly, pad, unpad, windows
from striate.volume import Volume

__all__ = ["WINDOW", "Conv", "default_padding", "window_text"]

#: What CONV and LOCAL have in common.
WINDOW: tuple[Setting, ...] = (
    Setting("K", "filters", "the number of filters"),
    Lengths("F", "field", "the side of a filter"),
    Lengths("S", "stride", "the stride"),
    Lengths("P", "padding", "the zero-padding", 0),
)


@dataclass(frozen=True)
class Conv(Layer):
    """CONV[K, FxF, S=.., P=.., dilation=.., groups=..]: ``filters`` filters of ``field``, moved by ``stride``.

    ``field``, ``stride``, ``padding`` and ``dilation`` are one number or two, along the width and the height.
    ``padding`` zeros surround the input; left out it is dilation*(F-1)/2, which keeps the size at S=1. A filter's
    weights meet numbers ``dilation`` apart. ``groups`` part the filters and the input's slices: a filter sees the
    slices of its group alone; ``each``: as many groups as there are slices. ``fit`` says what happens when the filter
    does not fit neatly (see window). Weights are ``(K, D/groups, F, F)``, the last two the rows and the columns of
    the filter; biases are ``(K,)``, if it is ``biased``: a network's CONV is not where BN alone reads its results.

    Raises NotationError for settings that make no sense, such as an even F without P.

    >>> Conv(96, field=11, stride=4, padding=0).output(Volume(227, 227, 3))
    Volume(width=55, height=55, depth=96)
    >>> Conv(8, field=(3, 5), dilation=2, groups=4).parameter_shapes(Volume(32, 32, 12))
    {'weights': (8, 3, 5, 3), 'biases': (8,)}
    """

    filters: int
    field: Sides = 3
    stride: Sides = 1
    padding: Sides = cast("Sides", None)  # noqa: RUF009 - resolved below: never None to anyone who reads it
    fit: str = "raise"
    dilation: Sides = 1
    groups: int | str = 1
    biased: bool = True

    kind: ClassVar[str] = "CONV"
    settings: ClassVar[tuple[Setting, ...]] = (
        *WINDOW,
        Dilation("dilation", "dilation", "the step from one weight to the next"),
        Groups("groups", "groups", "the number of groups of filters and slices"),
    )
    required: ClassVar[tuple[str, ...]] = ("K",)
    number: ClassVar[str] = "K"
    size: ClassVar[str] = "F"
    example: ClassVar[str] = "CONV[10] or CONV[12, 5x5, S=1, P=2]"

    def __post_init__(self) -> None:
        for name in ("field", "stride", "padding", "dilation"):
            object.__setattr__(self, name, simple(getattr(self, name)))
        if cast(object, self.padding) is None:
            object.__setattr__(self, "padding", default_padding(self, self.dilation))
        super().__post_init__()
        check_window(self.kind, self.field, self.padding, self.fit, self.dilation)

    def windows(self, input: Volume) -> tuple[Window, Window]:
        """The windows over the rows and the columns of ``input``; FitError where they do not fit."""
        return windows(input, self.field, self.stride, self.padding, self.fit, self.dilation)

    def parts(self, input: Volume) -> tuple[int, int, int]:
        """(groups, the filters of each, the slices of each); FitError where they do not come out even."""
        groups = input.depth if isinstance(self.groups, str) else self.groups
        if input.depth % groups or self.filters % groups:
            raise FitError(_uneven(input.depth, self.filters, groups, isinstance(self.groups, str)))
        return groups, self.filters // groups, input.depth // groups

    def output(self, input: Volume) -> Volume:
        """((W - F + 2*P)/S + 1) wide, likewise high, K deep."""
        self.parts(input)
        rows, columns = self.windows(input)
        return Volume(columns.count, rows.count, self.filters)

    def settled(self, input: Volume) -> Conv:
        """This layer without a ``fit`` that changes nothing on ``input``."""
        neat = fits_neatly(input, self.field, self.stride, self.padding, self.dilation)
        return replace(self, fit="raise") if neat else self

    def connections(self, input: Volume) -> int:
        """F*F*D/groups: local in space, full along the depth of the group."""
        across, down = both(self.field)
        return across * down * self.parts(input)[2]

    def flops(self, input: Volume) -> int:
        """A multiply-add for each connection of each neuron; the bias begins the sum."""
        return 2 * self.connections(input) * self.output(input).size

    def notation(self) -> str:
        """Canonical text, as CONV[10], CONV[96, 11x11, S=4, P=0] or CONV[8, 3x5, P=2x4, dilation=2, groups=4]."""
        parts = window_text(self, self.dilation)
        if self.dilation != 1:
            parts.append(f"dilation={sides_text(self.dilation)}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.fit != "raise":
            parts.append(f"fit={self.fit}")
        return f"{self.kind}[{', '.join(parts)}]"

    def parameter_shapes(self, input: Volume) -> dict[str, tuple[int, ...]]:
        """Weights ``(K, D/groups, F, F)`` and, if ``biased``, biases ``(K,)``, shared by all positions."""
        across, down = both(self.field)
        weights: dict[str, tuple[int, ...]] = {"weights": (self.filters, self.parts(input)[2], down, across)}
        return {**weights, "biases": (self.filters,)} if self.biased else weights

    def receptive(self, input: Volume) -> tuple[int, int, int, int]:
        """F by F with the gaps between its weights, S apart."""
        across, down = map(span_of, both(self.field), both(self.dilation))
        return (across, down, *both(self.stride))

    def forward(self, x: Array, parameters: Parameters) -> Array:
        """Dot products of every filter with the input at every position, plus the filter's bias."""
        volume = _volume(x)
        rows, columns = self.windows(volume)
        weights, padded = parameters["weights"], pad(x, rows, columns)
        y = np.zeros((len(x), rows.count, columns.count, self.filters)) + parameters.get("biases", 0)
        for filters, slices in self._grouped(volume):
            for r, down in enumerate(rows.taps()):
                for c, across in enumerate(columns.taps()):
                    y[..., filters] += padded[:, down, across, slices] @ weights[filters, :, r, c].T
        return y

    def backward(self, x: Array, parameters: Parameters, y: Array, dy: Array) -> tuple[Array, dict[str, Array]]:
        """Gradients on the input, the weights and the biases."""
        volume = _volume(x)
        rows, columns = self.windows(volume)
        weights, padded = parameters["weights"], pad(x, rows, columns)
        dpadded, dweights, places = np.zeros_like(padded), np.zeros(weights.shape), (0, 1, 2)
        for filters, slices in self._grouped(volume):
            given = dy[..., filters]
            for r, down in enumerate(rows.taps()):
                for c, across in enumerate(columns.taps()):
                    dpadded[:, down, across, slices] += given @ weights[filters, :, r, c]
                    met = padded[:, down, across, slices]
                    dweights[filters, :, r, c] = np.tensordot(given, met, (places, places))
        found = {"weights": dweights, "biases": dy.sum((0, 1, 2))}
        return unpad(dpadded, rows, columns), found if self.biased else {"weights": dweights}

    def _grouped(self, input: Volume) -> list[tuple[slice, slice]]:
        """(the filters, the slices) of every group."""
        groups, filters, slices = self.parts(input)
        return [(slice(g * filters, (g + 1) * filters), slice(g * slices, (g + 1) * slices)) for g in range(groups)]


def default_padding(layer: Layer, dilation: Sides) -> Sides:
    """P of a CONV or LOCAL that says nothing of it, which keeps the size at S=1; NotationError for an even F."""
    field: Sides = getattr(layer, "field")  # noqa: B009 - CONV's or LOCAL's
    pairs = list(zip(both(field), both(dilation), strict=True))
    if any(not isinstance(number, int) or number < 1 for pair in pairs for number in pair):
        return 0  # the rest is refused anyway
    halves = [apart * (numbers - 1) / 2 for numbers, apart in pairs]
    odd = [half % 1 for half in halves]
    if any(odd):
        half = next(half for half in halves if half % 1)
        apart = next(apart for (_, apart), rest in zip(pairs, odd, strict=True) if rest)
        rule = "(F-1)/2" if apart == 1 else f"{apart}*(F-1)/2"
        less, more = ([int(half) + (up if half % 1 else 0) for half in halves] for up in (0, 1))
        small, large = (
            [numbers + way * bool(rest) for (numbers, _), rest in zip(pairs, odd, strict=True)] for way in (-1, 1)
        )
        shown = [sides_text(simple((sides[0], sides[1]))) for sides in (less, more, small, large)]
        raise NotationError(
            f"F={sides_text(field)} is even, so the default P = {rule} = {half} is no whole number: "
            f"say P={shown[0]} or P={shown[1]} yourself, or use F={shown[2]} or F={shown[3]}"
        )
    return simple((int(halves[0]), int(halves[1])))


def window_text(layer: Layer, dilation: Sides = 1) -> list[str]:
    """K, F, S and P of a CONV or LOCAL for its bracket, without the defaults."""
    found: dict[str, Sides] = {setting.letter: getattr(layer, setting.name) for setting in WINDOW}
    parts = [str(found["K"])]
    if found["F"] != 3:
        parts.append("x".join(map(str, both(found["F"]))))
    if found["S"] != 1:
        parts.append(f"S={sides_text(found['S'])}")
    sides = zip(both(found["P"]), both(found["F"]), both(dilation), strict=True)
    if any(2 * zeros != apart * (numbers - 1) for zeros, numbers, apart in sides):
        parts.append(f"P={sides_text(found['P'])}")
    return parts


def _uneven(depth: int, filters: int, groups: int, each: bool) -> str:
    """The arithmetic of groups that do not come out even, and what would."""
    said = f"groups={EACH} of [D={depth}]" if each else f"groups={groups}"
    what = {"D": depth, "K": filters}
    faults = [
        f"{letter}/groups = {number}/{groups} = {quotient(number, groups)} is no whole number"
        for letter, number in what.items()
        if number % groups
    ]
    ways = []
    if not each:
        common = gcd(depth, filters)
        near = nearest(min(groups, common + 1), 1, common, lambda value: value <= common and common % value == 0)
        ways.append(" or ".join(f"groups={value}" for value in near))
    if depth % groups == 0:
        below = filters // groups * groups
        ways.append(" or ".join(f"K={value}" for value in (below, below + groups) if value))
    return f"with {said}, {' and '.join(faults)}: try {', or '.join(ways)}"


def _volume(x: Array) -> Volume:
    """The volume of one of the images in ``x``, ``(N, H, W, D)``."""
    return Volume(x.shape[2], x.shape[1], x.shape[3])
