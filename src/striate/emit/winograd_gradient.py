"""Winograd's weight gradient: transformed dz times transformed x, summed over tiles, turned back at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from striate.emit.builder import Builder, Value
from striate.emit.index import Index, Span
from striate.emit.loops import stretch, tiles
from striate.emit.tensor import Tensor
from striate.emit.winograd import blocks, square, transform, whole
from striate.plan.sweep import Sweep
from striate.plan.tiles import WinogradTile
from striate.plan.winograd import transforms, transposed

#: For a point, filters (the first, how many) and numbers across: what is to be multiplied, in order of its sum.
Terms = Callable[[Index, Index, int, Index, int], Iterator[tuple[Iterable[Value], list[Value]]]]


def winograd_weight_gradient(
    b: Builder,
    x: Tensor,
    dz: Tensor,
    dweights: Tensor,
    v: Tensor,
    z: Tensor,
    s: Tensor,
    *,
    rows: Sweep,
    columns: Sweep,
    tile: WinogradTile,
    far: bool = False,
    span: Span | None = None,
) -> None:
    """dweights += the sum over positions and lanes of dz times the x that each weight met.

    z is to dz what v is to x; s (points, filters x depth) gathers their products over all tiles. far: as for
    ``transform``.
    """
    kit, room = transforms(tile.size, len(rows.taps)), tile.down * tile.across
    filters, depth = dweights.shape.axes[0].size, dweights.shape.axes[1].size
    first = rows.taps[0].offset, columns.taps[0].offset
    chosen = stretch(b, filters, tile.filters, span)
    clear(b, s, chosen, depth)
    for block in blocks(b, rows, columns, tile):
        block = whole(block, tile.size)  # beyond the end dz is zero
        transform(b, x, v, kit.data, first, tile.size, room, block, far=far)
        transform(b, dz, z, transposed(kit.result), (0, 0), tile.size, room, block, chosen, far=far)
        terms = partial(_terms, b, v, z, room, len(block[2]) * len(block[3]))
        gather(b, s, (filters, depth), tile, (span, None), Index(), terms)
    for k in b.range(chosen[1], "k", start=chosen[0]):
        for d in b.range(depth, "d"):
            sums = [[s[r * kit.tile + c, k * depth + d] for c in range(kit.tile)] for r in range(kit.tile)]
            for r, line in enumerate(square(b, transposed(kit.weights), sums)):
                for c, value in enumerate(line):
                    dweights[k, d, r, c] = dweights[k, d, r, c] + b.reduce_add(value)


def clear(b: Builder, s: Tensor, filters: tuple[Index, Index], each: int) -> None:
    """The sums of every point begin at zero: ``each`` for a filter from the first up to the last."""
    for p in b.range(s.shape.axes[0].size, "p"):
        for i in b.range(filters[1] * each, "i", start=filters[0] * each):
            s[p, i] = b.zero()


def gather(
    b: Builder,
    s: Tensor,
    sizes: tuple[int, int],
    tile: WinogradTile,
    spans: tuple[Span | None, Span | None],
    first: Index,
    terms: Terms,
) -> None:
    """s[p, k, n] += the sum over a block's terms of what is given for k times the data of n; k from ``first``.

    spans: of the tiles of filters, and across. A block's sums start at zero: of many numbers, sums of sums are
    rounded less.
    """
    filters, across = sizes
    for p in b.range(s.shape.axes[0].size, "p"):
        for k, many in tiles(b, filters, tile.filters, "k", spans[0]):
            for n, wide in tiles(b, across, tile.slices, "n", spans[1]):
                sums = [[b.register("sum", b.zero()) for _ in range(wide)] for _ in range(many)]
                for given, data in terms(p, k - first, many, n, wide):
                    for i, factor in enumerate(given):
                        for j in range(wide):
                            sums[i][j].value = b.fma(data[j], factor, sums[i][j].value)
                for i in range(many):
                    for j in range(wide):
                        at = (p, (k - first + i) * across + n + j)
                        s[at] = s[at] + sums[i][j].value


def _terms(
    b: Builder, v: Tensor, z: Tensor, room: int, count: int, p: Index, k: Index, many: int, d: Index, deep: int
) -> Iterator[tuple[Iterable[Value], list[Value]]]:
    """z[p, k, t] and v[p, d, t] of every tile t."""
    for t in b.range(count, "t"):
        data = [v[p, (d + j) * room + t] for j in range(deep)]
        yield (z[p, (k + i) * room + t] for i in range(many)), data
