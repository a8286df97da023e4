"""Winograd's minimal filtering: the transforms for m results of a filter of r weights along one axis.

m results need n = m + r - 1 products: polynomials are multiplied by their values at n - 1 points and at infinity
(Winograd 1980; Lavin and Gray 2016, for ConvNets). Everything here is exact, in fractions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

Row = tuple[Fraction, ...]
Matrix = tuple[Row, ...]

#: Evaluation points by the size of the tile: zero, and pairs of opposites, which share half of the work. With
#: 5/8 and 3/2 in place of the usual 1 and 2, rounding errors are half as large, and all transforms of the data
#: are still exact in float32.
POINTS: dict[int, tuple[Fraction, ...]] = {
    1: (),
    4: tuple(map(Fraction, (0, 1, -1))),
    6: (Fraction(0), Fraction(5, 8), Fraction(-5, 8), Fraction(3, 2), Fraction(-3, 2)),
}


@dataclass(frozen=True)
class Transforms:
    """Y = result . [(weights . g) * (data . d)]: d has ``tile`` numbers, g ``field``, Y ``size``, along one axis."""

    size: int
    field: int
    data: Matrix
    weights: Matrix
    result: Matrix

    @property
    def tile(self) -> int:
        """Numbers of a tile: products along one axis."""
        return self.size + self.field - 1


def _product(roots: Sequence[Fraction]) -> list[Fraction]:
    """The coefficients of prod (x - root), constant first."""
    out = [Fraction(1)]
    for root in roots:
        out = [a - root * b for a, b in zip([Fraction(0), *out], [*out, Fraction(0)], strict=True)]
    return out


def _values(points: Sequence[Fraction], terms: int) -> list[Row]:
    """Each point's powers, and infinity's: only the highest term counts."""
    rows = [tuple(point**i for i in range(terms)) for point in points]
    return [*rows, tuple(Fraction(i == terms - 1) for i in range(terms))]


def transposed(matrix: Matrix) -> Matrix:
    """Rows for columns."""
    return tuple(zip(*matrix, strict=True))


@lru_cache
def transforms(size: int, field: int) -> Transforms:
    """The transforms of F(size, field)."""
    tile = size + field - 1
    points = POINTS[tile]
    scales = [Fraction(1)] * tile
    for i, point in enumerate(points):
        for j, other in enumerate(points):
            if i != j:
                scales[i] *= point - other
    weights = tuple(
        tuple(value / scale for value in row) for row, scale in zip(_values(points, field), scales, strict=True)
    )
    data = [[*_product([p for j, p in enumerate(points) if j != i]), Fraction(0)] for i in range(tile - 1)]
    data.append(_product(points))
    return Transforms(size, field, tuple(map(tuple, data)), weights, transposed(tuple(_values(points, size))))
