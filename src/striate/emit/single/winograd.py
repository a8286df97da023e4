"""CONV of one image by Winograd's minimal filtering: a vector holds ``lanes`` filters' results, or slices.

A block of tiles is transformed into ``v`` (points, tiles, depth); products with the transformed weights ``u``
(points, blocks of filters, depth, lanes) fill ``m`` (blocks, tiles, points, lanes), which turn into results.
"""

from __future__ import annotations

from collections.abc import Sequence

from striate.emit.builder import Builder, Value
from striate.emit.index import Index, Span
from striate.emit.loops import tiles
from striate.emit.single.conv import finish
from striate.emit.tensor import Tensor
from striate.emit.winograd import Block, blocks, cells, square
from striate.plan.sweep import Sweep
from striate.plan.tiles import BlockTile
from striate.plan.winograd import Matrix, transforms


def single_winograd(
    b: Builder,
    x: Tensor,
    u: Tensor,
    biases: Tensor,
    y: Tensor,
    v: Tensor,
    m: Tensor,
    *,
    rows: Sweep,
    columns: Sweep,
    tile: BlockTile,
    relu: bool,
    pool: bool,
    split: str = "",
    span: Span | None = None,
) -> None:
    """y = [POOL] [RELU] (weights * x + biases) as ``single_conv`` does; x's positions are whole vectors.

    ``span``: only these rows of blocks of tiles, or of the few filters that are held together.
    """
    kit, parts = transforms(tile.size, len(rows.taps)), {split: span}
    first, step = (rows.taps[0].offset, columns.taps[0].offset), 2 if pool else 1
    for block in blocks(b, rows, columns, tile, parts.get("rows")):
        _transform(b, x, v, kit.data, first, tile.size, block)
        for k0, held in tiles(b, u.shape.axes[1].size, tile.held, "f", parts.get("filters")):
            _multiply(b, u, v, m, tile, len(block[2]) * len(block[3]), (k0, held))
            for k in b.range(held, "k"):
                bias = biases.vector[k0 + k, 0]
                for t, i, j, high, broad in cells(b, block):
                    sums = [[m.vector[k, t, r * kit.tile + c, 0] for c in range(kit.tile)] for r in range(kit.tile)]
                    plane = [[value + bias for value in row[:broad]] for row in square(b, kit.result, sums)[:high]]
                    size = tile.size // step
                    finish(b, plane, y, (i * size, j * size, (k0 + k) * b.lanes), relu, pool)


def _transform(
    b: Builder, x: Tensor, v: Tensor, matrix: Matrix, first: tuple[int, int], size: int, block: Block
) -> None:
    """v[point, tile, slice] = matrix . tile of the slice . matrix^T, ``lanes`` slices at a time."""
    reach = range(len(matrix))
    for t, i, j, _, _ in cells(b, block):
        down, across = i * size + first[0], j * size + first[1]
        for d in b.range(v.shape.axes[2].size, "d", step=b.lanes):
            data = [[x.vector[down + r, across + c, d] for c in reach] for r in reach]
            for p, value in enumerate(value for row in square(b, matrix, data) for value in row):
                v.vector[p, t, d] = value


def _multiply(
    b: Builder, u: Tensor, v: Tensor, m: Tensor, tile: BlockTile, count: int, filters: tuple[Index, int]
) -> None:
    """m[block, tile, point] = the sum over slices of u[point, block, slice] * v[point, tile, slice].

    filters: the first block of them, and how many.
    """
    (k0, held), (points, _, depth, _) = filters, (axis.size for axis in u.shape.axes)
    for p in b.range(points, "p"):
        for k, many in tiles(b, held, tile.blocks, "k"):
            for t, run in tiles(b, count, tile.run, "t"):
                sums = [[b.register("sum", b.zero()) for _ in range(run)] for _ in range(many)]
                for d in b.range(depth, "d"):
                    weights = [u.vector[p, k0 + k + n, d, 0] for n in range(many)]
                    for c in range(run):
                        value = b.splat(v[p, t + c, d])
                        for n in range(many):
                            sums[n][c].value = b.fma(value, weights[n], sums[n][c].value)
                for n in range(many):
                    for c in range(run):
                        m.vector[k + n, t + c, p, 0] = sums[n][c].value


def single_winograd_weights(
    b: Builder, weights: Tensor, biases: Tensor, u: Tensor, padded: Tensor, block: Index, filters: int, size: int
) -> None:
    """A block of ``filters`` filters, transformed: (K, D, F, F) into (points, blocks, D, lanes), and its biases.

    Where a block has fewer filters than there are lanes, the others become zeros.
    """
    depth, field = weights.shape.axes[1].size, weights.shape.axes[2].size
    first, nothing = block * b.lanes, [b.scalar(0.0)] * (b.lanes - filters)

    def together(of: Sequence[Value]) -> Value:
        return b.pack([*of, *nothing])

    kit = transforms(size, field)
    for d in b.range(depth, "d"):
        taps = [
            [together([weights[first + k, d, r, c] for k in range(filters)]) for c in range(field)]
            for r in range(field)
        ]
        for p, value in enumerate(value for row in square(b, kit.weights, taps) for value in row):
            u.vector[p, block, d, 0] = value
    padded.vector[block, 0] = together([biases[first + k] for k in range(filters)])
