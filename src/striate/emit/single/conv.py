"""CONV of one image: a vector holds ``lanes`` filters' results at one position; inputs come one number at a time."""

from __future__ import annotations

from striate.emit.builder import Builder, Register, Value
from striate.emit.index import Index, Span
from striate.emit.loops import tiles
from striate.emit.single.pool import largest
from striate.emit.tensor import Tensor
from striate.plan.sweep import Sweep
from striate.plan.tiles import Tile

UNROLLED = 11  #: weights of a filter row that the code names one by one

Sums = list[list[list[Register]]]  #: [block of filters][row][column]


def single_conv(
    b: Builder,
    x: Tensor,
    weights: Tensor,
    biases: Tensor,
    y: Tensor,
    *,
    rows: Sweep,
    columns: Sweep,
    tile: Tile,
    relu: bool,
    pool: bool,
    split: str = "",
    span: Span | None = None,
) -> None:
    """y = [POOL] [RELU] (weights * x + biases) of x, (H, W, D), for blocks of ``lanes`` filters.

    weights: (blocks, D, F, F, lanes); biases: (blocks, lanes); y: (H, W, blocks * lanes). ``tile.filters`` are
    blocks. ``span``: only these tiles of the axis named by ``split``.
    """
    unit, parts = 2 if pool else 1, {split: span}
    for k, many in tiles(b, weights.shape.axes[0].size, tile.filters, "k", parts.get("filters")):
        for v, height in tiles(b, rows.count // unit, tile.rows // unit, "y", parts.get("rows")):
            for u, width in tiles(b, columns.count // unit, tile.columns // unit, "x"):
                sums = [
                    [[b.register("sum", first) for _ in range(width * unit)] for _ in range(height * unit)]
                    for first in [biases.vector[k + n, 0] for n in range(many)]
                ]
                _accumulate(b, x, weights, (k, v * unit, u * unit), rows, columns, sums)
                for n, plane in enumerate(sums):
                    values = [[cell.value for cell in line] for line in plane]
                    finish(b, values, y, (v, u, (k + n) * b.lanes), relu, pool)


def _accumulate(
    b: Builder,
    x: Tensor,
    weights: Tensor,
    at: tuple[Index, Index, Index],
    rows: Sweep,
    columns: Sweep,
    sums: Sums,
) -> None:
    """Add all depth slices' parts to a tile. Each number of x is met once a filter row, by every column it serves."""
    (k0, y0, x0), height, width = at, len(sums[0]), len(sums[0][0])
    depth, high, wide = (axis.size for axis in weights.shape.axes[1:4])
    for d in b.range(depth, "d"):
        for i in b.range(high, "i"):
            for j, run in tiles(b, wide, UNROLLED, "j"):
                down = y0 * rows.step + i * rows.apart + rows.taps[0].offset
                across = x0 * columns.step + j * columns.apart + columns.taps[0].offset
                filters = [[weights.vector[k0 + n, d, i, j + t, 0] for t in range(run)] for n in range(len(sums))]
                for row in range(height):
                    for place, taps in met(columns, width, run):
                        value = b.splat(x[down + row * rows.step, across + place, d])
                        for t, column in taps:
                            for n, plane in enumerate(sums):
                                cell = plane[row][column]
                                cell.value = b.fma(value, filters[n][t], cell.value)


def met(columns: Sweep, width: int, run: int) -> list[tuple[int, list[tuple[int, int]]]]:
    """(place from the first, [(weight, column) that meet there]) of ``width`` columns and ``run`` weights of a row."""
    found: dict[int, list[tuple[int, int]]] = {}
    for t in range(run):
        for column in range(width):
            found.setdefault(column * columns.step + t * columns.apart, []).append((t, column))
    return sorted(found.items())


def finish(
    b: Builder, plane: list[list[Value]], y: Tensor, at: tuple[Index, Index, Index], relu: bool, pool: bool
) -> None:
    """RELU, 2x2 POOL, and into y; ``at`` is the tile's first position in y and its first filter."""
    v, u, k = at
    step = 2 if pool else 1
    for row in range(0, len(plane), step):
        for column in range(0, len(plane[0]), step):
            best = plane[row][column]
            if pool:
                best = largest(b, [plane[row + i][column + j] for i in (0, 1) for j in (0, 1)])
            y.vector[v + row // step, u + column // step, k] = b.relu(best) if relu else best
