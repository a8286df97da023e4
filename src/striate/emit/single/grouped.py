"""CONV of one image whose filters see a part of the slices: a vector holds ``lanes`` neighbouring filters' results.

Weights lie as (slices, F, F, filters). Where a vector's filters are of several groups, each meets the slices of all,
and those that it does not see with a weight of zero; filters that see one slice each meet a vector of slices.
"""

from __future__ import annotations

from striate.emit.builder import Builder, Value
from striate.emit.conv import grouped
from striate.emit.index import Index, Span
from striate.emit.loops import tiles
from striate.emit.single.conv import UNROLLED, Sums, finish, met
from striate.emit.tensor import Tensor
from striate.plan.sweep import Sweep, pieces
from striate.plan.tiles import Tile


def single_grouped(
    b: Builder,
    x: Tensor,
    weights: Tensor,
    biases: Tensor,
    y: Tensor,
    *,
    rows: Sweep,
    columns: Sweep,
    tile: Tile,
    groups: int,
    apart: bool,
    relu: bool,
    pool: bool,
    split: str = "",
    span: Span | None = None,
) -> None:
    """y = [POOL] [RELU] (weights * x + biases) of x, (H, W, D), for blocks of ``lanes`` filters.

    groups: so many parts of the blocks see as many parts of x. apart: filter k sees slice k alone. ``tile.filters``
    are blocks. ``span``: only these tiles of the axis named by ``split``.
    """
    unit, slices = 2 if pool else 1, weights.shape.axes[0].size
    each = biases.shape.axes[0].size // groups
    for group, part in grouped(b, groups, pieces(each, tile.filters), split, span):
        parts = {split: part}
        for k, many in tiles(b, each, tile.filters, "k", parts.get("filters")):
            block = k + group * each
            for v, height in tiles(b, rows.count // unit, tile.rows // unit, "y", parts.get("rows")):
                for u, width in tiles(b, columns.count // unit, tile.columns // unit, "x"):
                    sums = [
                        [[b.register("sum", first) for _ in range(width * unit)] for _ in range(height * unit)]
                        for first in [biases.vector[block + n, 0] for n in range(many)]
                    ]
                    first = Index() if apart else group * slices
                    _accumulate(b, x, weights, (block, v * unit, u * unit), first, apart, rows, columns, sums)
                    for n, plane in enumerate(sums):
                        values = [[cell.value for cell in line] for line in plane]
                        finish(b, values, y, (v, u, (block + n) * b.lanes), relu, pool)


def _accumulate(
    b: Builder,
    x: Tensor,
    weights: Tensor,
    at: tuple[Index, Index, Index],
    first: Index,
    apart: bool,
    rows: Sweep,
    columns: Sweep,
    sums: Sums,
) -> None:
    """Add the parts of all slices, from ``first`` on, to a tile; or of the filters' own, if they see one each."""
    (block, y0, x0), height, width = at, len(sums[0]), len(sums[0][0])
    depth, high, wide, _ = (axis.size for axis in weights.shape.axes)
    lanes = [(block + n) * b.lanes for n in range(len(sums))]
    for d in b.range(depth, "d"):
        for i in b.range(high, "i"):
            for j, run in tiles(b, wide, UNROLLED, "j"):
                down = y0 * rows.step + i * rows.apart + rows.taps[0].offset
                across = x0 * columns.step + j * columns.apart + columns.taps[0].offset
                filters = [[weights.vector[d, i, j + t, lane] for t in range(run)] for lane in lanes]
                for row in range(height):
                    for place, taps in met(columns, width, run):
                        v, u = down + row * rows.step, across + place
                        shared = None if apart else b.splat(x[v, u, d + first])
                        for n, plane in enumerate(sums):
                            value: Value = x.vector[v, u, lanes[n]] if apart else shared
                            for t, column in taps:
                                cell = plane[row][column]
                                cell.value = b.fma(value, filters[n][t], cell.value)


def single_grouped_weights(
    b: Builder,
    weights: Tensor,
    biases: Tensor,
    prepared: Tensor,
    padded: Tensor,
    group: Index,
    groups: int,
    zeros: bool,
) -> None:
    """A group's weights, (K, D, F, F), into (slices, F, F, filters), its biases into (blocks, lanes).

    zeros: those of slices that the group does not see are zeros already, as nobody writes them.
    """
    filters = weights.shape.axes[0].size // groups
    slices, high, wide = (axis.size for axis in weights.shape.axes[1:])
    first, line = group * slices if zeros else Index(), padded.flat
    for n in b.range(filters, "k"):
        k = group * filters + n
        for d in b.range(slices, "d"):
            for i in b.range(high, "i"):
                for j in b.range(wide, "j"):
                    prepared[d + first, i, j, k] = weights[k, d, i, j]
        line[k] = biases[k]
