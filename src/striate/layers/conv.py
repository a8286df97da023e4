"""CONV: filters slide over the input and take dot products with all of its depth, or with a group of its slices."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import ClassVar, cast

import numpy as np

from striate.errors import FitError
from striate.layers.layer import Array, Parameters, Setting
from striate.layers.misfit import nearest, quotient
from striate.layers.sides import EACH, Dilation, Groups, Sides, both, sides_text
from striate.layers.sliding import FILTERS, Filtering, volume_of
from striate.layers.window import pad, unpad
from striate.volume import Volume

__all__ = ["Conv"]


@dataclass(frozen=True)
class Conv(Filtering):
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
        *FILTERS,
        Dilation("dilation", "dilation", "the step from one weight to the next"),
        Groups("groups", "groups", "the number of groups of filters and slices"),
    )
    example: ClassVar[str] = "CONV[10] or CONV[12, 5x5, S=1, P=2]"

    def parts(self, input: Volume) -> tuple[int, int, int]:
        """(groups, the filters of each, the slices of each); FitError where they do not come out even."""
        groups = input.depth if isinstance(self.groups, str) else self.groups
        if input.depth % groups or self.filters % groups:
            raise FitError(_uneven(input.depth, self.filters, groups, isinstance(self.groups, str)))
        return groups, self.filters // groups, input.depth // groups

    def output(self, input: Volume) -> Volume:
        """((W - F + 2*P)/S + 1) wide, likewise high, K deep."""
        self.parts(input)
        return super().output(input)

    def connections(self, input: Volume) -> int:
        """F*F*D/groups: local in space, full along the depth of the group."""
        across, down = both(self.field)
        return across * down * self.parts(input)[2]

    def notation(self) -> str:
        """Canonical text, as CONV[10], CONV[96, 11x11, S=4, P=0] or CONV[8, 3x5, P=2x4, dilation=2, groups=4]."""
        entries = self._entries()
        if self.dilation != 1:
            entries.append(f"dilation={sides_text(self.dilation)}")
        if self.groups != 1:
            entries.append(f"groups={self.groups}")
        return self._text(entries)

    def parameter_shapes(self, input: Volume) -> dict[str, tuple[int, ...]]:
        """Weights ``(K, D/groups, F, F)`` and, if ``biased``, biases ``(K,)``, shared by all positions."""
        across, down = both(self.field)
        weights: dict[str, tuple[int, ...]] = {"weights": (self.filters, self.parts(input)[2], down, across)}
        return {**weights, "biases": (self.filters,)} if self.biased else weights

    def forward(self, x: Array, parameters: Parameters) -> Array:
        """Dot products of every filter with the input at every position, plus the filter's bias."""
        volume = volume_of(x)
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
        volume = volume_of(x)
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
