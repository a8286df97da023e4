"""The weights' and biases' gradients of a CONV, direct: sums over positions stay in registers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import product

from striate.emit.builder import Builder
from striate.emit.conv import grouped
from striate.emit.index import Index, Span
from striate.emit.loops import items, tiles
from striate.emit.tensor import Tensor
from striate.plan.sweep import Sweep, pieces
from striate.plan.tiles import GradientTile


def conv_weight_gradient(
    b: Builder,
    x: Tensor,
    dz: Tensor,
    dweights: Tensor,
    *,
    rows: Sweep,
    columns: Sweep,
    tile: GradientTile,
    groups: int = 1,
    span: Span | None = None,
) -> None:
    """dweights += the sum over positions and lanes of dz times the x that each weight met; groups: as forwards."""
    each = dweights.shape.axes[0].size // groups
    for group, part in grouped(b, groups, pieces(each, tile.filters), span=span):
        group_gradient(b, x, dz, dweights, group, each, rows, columns, tile, part)


def group_gradient(
    b: Builder,
    x: Tensor,
    dz: Tensor,
    dweights: Tensor,
    group: Index,
    each: int,
    rows: Sweep,
    columns: Sweep,
    tile: GradientTile,
    span: Span | None = None,
) -> None:
    """The part of one group, which has ``each`` filters; span: of tiles of these."""
    depth, field = (axis.size for axis in dweights.shape.axes[1:3])
    for k, many in tiles(b, each, tile.filters, "k", span):
        for y, high in tiles(b, rows.count, tile.rows, "y0"):
            for d, deep in tiles(b, depth, tile.slices, "d"):
                for i, tall in tiles(b, field, tile.field_rows, "i"):
                    at, size = (k + group * each, y, d, i), (many, high, deep, tall)
                    _gradient_tile(b, x, dz, dweights, at, size, rows, columns, tile.columns, group * depth)


def _gradient_tile(
    b: Builder,
    x: Tensor,
    dz: Tensor,
    dweights: Tensor,
    at: tuple[Index, Index, Index, Index],
    size: tuple[int, int, int, int],
    rows: Sweep,
    columns: Sweep,
    wide: int,
    first: Index,
) -> None:
    (k0, y0, d0, i0), (many, high, deep, tall) = at, size
    met = list(product(range(deep), range(tall), range(len(columns.taps))))  #: slice, filter row, filter column
    sums = [{place: b.register("sum", b.zero()) for place in met} for _ in range(many)]
    for y in b.range(y0 + high, "y", start=y0):
        for x0, width in tiles(b, columns.count, wide, "x"):
            lines = [y * rows.step + i0 * rows.apart + (i * rows.apart + rows.taps[0].offset) for i in range(tall)]
            # dz stays in registers and each x is used up at once: a window of x kept for later columns would not fit.
            given = [[dz[k0 + k, y, x0 + column] for k in range(many)] for column in range(width)]
            for d, i, across, uses in _uses(met, columns, width):
                value = x[d0 + d + first, lines[i], x0 * columns.step + across]
                for column, j in uses:
                    for k in range(many):
                        cell = sums[k][d, i, j]
                        cell.value = b.fma(given[column][k], value, cell.value)
    for k in range(many):
        for d, i, j in met:
            target = (k0 + k, d0 + d, i0 + i, j)
            dweights[target] = dweights[target] + b.reduce_add(sums[k][d, i, j].value)


def _uses(
    met: list[tuple[int, int, int]], columns: Sweep, width: int
) -> Iterator[tuple[int, int, int, list[tuple[int, int]]]]:
    """(slice, filter row, source column, [(column, filter column) that meet there]) of a tile, column by column."""
    uses = defaultdict(list)
    for d, i, j in met:
        for column in range(width):
            uses[d, i, column * columns.step + columns.taps[j].offset].append((column, j))
    for (d, i, across), pairs in sorted(uses.items()):
        yield d, i, across, pairs


def bias_gradient(b: Builder, dz: Tensor, dbiases: Tensor, *, span: Span | None = None) -> None:
    """dbiases += the sum of each map of dz over positions and lanes."""
    for k in items(b, dz.shape.axes[0].size, "k", span):
        sum_map(b, dz, dbiases, k)


def sum_map(b: Builder, dz: Tensor, dbiases: Tensor, k: Index) -> None:
    """The part of one map."""
    height, width = (axis.size for axis in dz.shape.axes[1:])
    sums = [b.register("sum", b.zero()) for _ in range(min(width, 4))]
    for y in b.range(height, "y"):
        for x, wide in tiles(b, width, len(sums), "x"):
            for column in range(wide):
                sums[column].value = sums[column].value + dz[k, y, x + column]
    total = sums[0].value
    for other in sums[1:]:
        total = total + other.value
    dbiases[k] = dbiases[k] + b.reduce_add(total)
