"""CONV by Winograd's minimal filtering, stride 1: a small matrix product at each point of a transformed tile.

Volumes are cut into tiles of ``size`` x ``size`` results. A block of tiles goes through three stages: the data of
every slice is transformed into ``v`` (points, depth x tiles); products with the transformed weights ``u``
(points, filters, depth) fill ``m`` (filters, tiles, points); these are turned back into results. Lanes ride along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from striate.emit.builder import Builder, Value
from striate.emit.combine import combine
from striate.emit.conv import Finish, forward_finish, gradient_finish
from striate.emit.index import Index, Span
from striate.emit.loops import tiles
from striate.emit.tensor import Tensor
from striate.plan.sweep import Sweep, split_evenly
from striate.plan.tiles import BlockTile, WinogradTile
from striate.plan.winograd import Matrix, transforms

#: A block's first tile, by row and column among tiles; the results kept of its tiles' rows, of their columns.
Block = tuple[Index, Index, list[int], list[int]]
Cell = tuple[Index, Index, Index, int, int]  #: tile of the block, its row and column among tiles, results kept


def square(b: Builder, matrix: Matrix, rows: Sequence[Sequence[Value]]) -> list[list[Value]]:
    """matrix . rows . matrix^T."""
    columns = [combine(b, matrix, [row[j] for row in rows]) for j in range(len(rows[0]))]
    return [combine(b, matrix, [column[i] for column in columns]) for i in range(len(matrix))]


def _axis_blocks(
    b: Builder, count: int, size: int, most: int, name: str, span: Span | None = None
) -> Iterator[tuple[Index, list[int]]]:
    """(first tile, results kept of each tile) for blocks along an axis; only its last tile may keep fewer."""
    total, number = -(-count // size), 0
    for start, width, repetitions in split_evenly(total, most):
        cut = start + width * repetitions == total and count % size
        whole = repetitions - 1 if cut else repetitions
        if span and whole:
            first, last = b.larger(span.first, number), b.smaller(span.last, number + whole)
            for i in b.range(last, name, start=first):
                yield i * width + (start - number * width), [size] * width
        elif whole == 1:
            yield Index.of(start), [size] * width
        elif whole:
            for i in b.range(start + width * whole, name, step=width, start=start):
                yield i, [size] * width
        if cut:
            at = start + width * whole
            kept = [min(size, count - (at + t) * size) for t in range(width)]
            if span:
                first, last = b.larger(span.first, number + whole), b.smaller(span.last, number + repetitions)
                for _ in b.range(last, name, start=first):  # one turn, or none
                    yield Index.of(at), kept
            else:
                yield Index.of(at), kept
        number += repetitions


def blocks(
    b: Builder, rows: Sweep, columns: Sweep, tile: WinogradTile | BlockTile, span: Span | None = None
) -> Iterator[Block]:
    """Every block: its first tile's row and column among tiles, and the results kept of its tiles' rows, columns.

    ``span``: only these rows of blocks.
    """
    for ty, tall in _axis_blocks(b, rows.count, tile.size, tile.down, "y", span):
        for tx, wide in _axis_blocks(b, columns.count, tile.size, tile.across, "x"):
            yield ty, tx, tall, wide


def whole(block: Block, size: int) -> Block:
    """The block with all its tiles whole."""
    return (*block[:2], [size] * len(block[2]), [size] * len(block[3]))


def cells(b: Builder, block: Block) -> Iterator[Cell]:
    """The tiles of a block; a loop along each row of them, unless the last is cut short."""
    ty, tx, tall, wide = block
    for i, high in enumerate(tall):
        start = i * len(wide)
        if len(wide) > 1 and len(set(wide)) == 1:
            for j in b.range(len(wide), "t"):
                yield j + start, ty + i, tx + j, high, wide[0]
        else:
            for n, broad in enumerate(wide):
                yield Index.of(start + n), ty + i, tx + n, high, broad


def transform(
    b: Builder,
    source: Tensor,
    target: Tensor,
    matrix: Matrix,
    first: tuple[int, int],
    size: int,
    room: int,
    block: Block,
    slices: tuple[Index, Index] | None = None,
    base: Index | int = 0,
    far: bool = False,
) -> None:
    """target[point, room*slice + tile] = matrix . tile of the source's slice . matrix^T; tiles are ``size`` apart.

    slices: (first, last) of them; the target begins with slice ``base``. far: no near cache has the source: each slice
    is fetched while the one before it is transformed.
    """
    reach = range(len(matrix[0]))
    start, stop = slices or (Index(), Index.of(source.shape.axes[0].size))
    for d in b.range(stop, "d", start=start):
        for t, i, j, _, _ in cells(b, block):
            y, x = i * size + first[0], j * size + first[1]
            data = [[source[d, y + r, x + c] for c in reach] for r in reach]
            for r, c in product(range(size), repeat=2) if far else ():
                b.prefetch(source, (d + 1, y + r, x + c))
            for p, value in enumerate(value for row in square(b, matrix, data) for value in row):
                target[p, (d - base) * room + t] = value


def _multiply(
    b: Builder,
    u: Tensor,
    v: Tensor,
    m: Tensor,
    depth: int,
    tile: WinogradTile,
    count: int,
    filters: tuple[Index, int],
) -> None:
    """m[k, t, p] = the sum over slices d of u[p, k, d] * v[p, d, t], as many slices a turn as the cache holds.

    filters: the first of u's, and how many.
    """
    (k0, several), room, first = filters, tile.down * tile.across, min(depth, tile.slices)
    for p in b.range(u.shape.axes[0].size, "p"):
        for start, stop in ((0, first), (first, depth)):
            for d0, deep in tiles(b, stop - start, tile.slices, "d") if stop > start else ():
                for k, wide in tiles(b, several, tile.filters, "k"):
                    spots = [(n, t) for n in range(wide) for t in range(count)]
                    sums = {(n, t): b.register("sum", m[k + n, t, p] if start else b.zero()) for n, t in spots}
                    for step in b.range(deep, "s"):
                        d = d0 + step + start
                        data = [v[p, d * room + t] for t in range(count)]
                        for n in range(wide):
                            weight = b.splat(u[p, k0 + k + n, d])
                            for t in range(count):
                                sums[n, t].value = b.fma(data[t], weight, sums[n, t].value)
                    for n, t in spots:
                        m[k + n, t, p] = sums[n, t].value


def _correlate(
    b: Builder,
    source: Tensor,
    u: Tensor,
    v: Tensor,
    m: Tensor,
    rows: Sweep,
    columns: Sweep,
    tile: WinogradTile,
    finish: Finish,
    start: Tensor | None,
    parts: Mapping[str, Span | None],
    far: bool,
    made: Tensor | None,
) -> None:
    """``finish`` receives the results of every tile of every filter; ``start`` is added to them.

    ``m`` has room for a few filters, which go through all points before the next. parts: a span of rows of blocks, or
    of such few filters. far: as for ``transform``; the places of ``made``, if it is given, are fetched a filter ahead.
    """
    kit = transforms(tile.size, len(rows.taps))
    first = min(tap.offset for tap in rows.taps), min(tap.offset for tap in columns.taps)
    depth, filters = source.shape.axes[0].size, u.shape.axes[1].size
    for block in blocks(b, rows, columns, tile, parts.get("rows")):
        transform(b, source, v, kit.data, first, tile.size, tile.down * tile.across, block, far=far)
        for k0, several in tiles(b, filters, m.shape.axes[0].size, "f", parts.get("filters")):
            _multiply(b, u, v, m, depth, tile, len(block[2]) * len(block[3]), (k0, several))
            for k in b.range(several, "k"):
                bias = None if start is None else b.splat(start[k0 + k])
                for t, i, j, high, broad in cells(b, block):
                    sums = [[m[k, t, r * kit.tile + c] for c in range(kit.tile)] for r in range(kit.tile)]
                    plane = [row[:broad] for row in square(b, kit.result, sums)[:high]]
                    if bias is not None:
                        plane = [[value + bias for value in row] for row in plane]
                    if far and made:
                        for r, c in product(range(high), range(broad)):
                            b.prefetch(made, (k0 + k + 1, i * tile.size + r, j * tile.size + c))
                    finish(k0 + k, i * tile.size, j * tile.size, [plane])


def winograd_forward(
    b: Builder,
    x: Tensor,
    u: Tensor,
    biases: Tensor,
    y: Tensor,
    v: Tensor,
    m: Tensor,
    *choice: Tensor,
    rows: Sweep,
    columns: Sweep,
    tile: WinogradTile,
    relu: bool,
    pool: bool,
    far: bool = False,
    split: str = "",
    span: Span | None = None,
) -> None:
    """y = [POOL] [RELU] (weights * x + biases), as ``conv_forward`` does; far: as for ``transform``."""
    finish = forward_finish(b, y, choice, relu, pool)
    _correlate(b, x, u, v, m, rows, columns, tile, finish, biases, {split: span}, far, None if pool else y)


def winograd_data_gradient(
    b: Builder,
    dz: Tensor,
    u: Tensor,
    x: Tensor,
    dx: Tensor,
    v: Tensor,
    m: Tensor,
    *,
    rows: Sweep,
    columns: Sweep,
    tile: WinogradTile,
    mask: bool,
    add: bool = False,
    far: bool = False,
    split: str = "",
    span: Span | None = None,
) -> None:
    """dx = what dz passes back, as ``conv_data_gradient`` does; u holds the mirrored weights, (points, D, K)."""
    finish = gradient_finish(b, x, dx, rows, columns, mask, add=add)
    _correlate(b, dz, u, v, m, rows, columns, tile, finish, None, {split: span}, far, dx)


def winograd_weights(b: Builder, weights: Tensor, u: Tensor, at: Index, *, size: int, mirror: bool) -> None:
    """u[point, at, :] = the transformed weights of filter ``at``; ``mirror``: those that lead back to slice ``at``.

    Neighbours along the last axis of u share vectors; its rows are padded to whole ones.
    """
    filters, depth, field = (axis.size for axis in weights.shape.axes[:3])
    kit, inner = transforms(size, field), filters if mirror else depth
    for i in b.range(u.shape.axes[2].size, "i", step=b.lanes):
        lanes = [b.smaller(i + lane, inner - 1) for lane in range(b.lanes)]
        taps = [
            [
                b.pack(
                    [
                        weights[lane, at, field - 1 - r, field - 1 - c] if mirror else weights[at, lane, r, c]
                        for lane in lanes
                    ]
                )
                for c in range(field)
            ]
            for r in range(field)
        ]
        for p, value in enumerate(value for row in square(b, kit.weights, taps) for value in row):
            u.vector[p, at, i] = value
