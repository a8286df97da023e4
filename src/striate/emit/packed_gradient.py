"""The weight gradient of 1x1 filters for deep volumes: a product of matrices, dz as it lies by transposed x."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from striate.emit.builder import Builder, Value
from striate.emit.deep import Bundle, Range, deep_sums
from striate.emit.index import Index, Span
from striate.emit.tensor import Tensor
from striate.emit.winograd import Block, cells
from striate.emit.winograd_gradient import Terms
from striate.plan.sweep import Sweep
from striate.plan.tiles import WinogradTile


def packed_weight_gradient(
    b: Builder,
    x: Tensor,
    dz: Tensor,
    dweights: Tensor,
    v: Tensor,
    s: Tensor,
    *,
    rows: Sweep,
    columns: Sweep,
    tile: WinogradTile,
    split: str = "",
    span: Span | None = None,
) -> None:
    """dweights += the sum over positions and lanes of dz times the x that each weight met.

    v (bundles x positions x lanes) holds a block of x, transposed; s is ``deep_sums``'.
    """
    room = tile.down * tile.across

    def turn(block: Block, over: Iterator[Bundle]) -> None:
        for n, d, _ in over:
            for t, i, j, _, _ in cells(b, block):
                row, column = i * rows.step + rows.taps[0].offset, j * columns.step + columns.taps[0].offset
                turned: list[Value] = b.transpose([x[d + lane, row, column] for lane in range(b.lanes)])
                for image, value in enumerate(turned):
                    v[0, (n * room + t) * b.lanes + image] = value

    def terms(block: Block, chosen: Range, first: Index) -> Terms:
        return partial(_terms, b, v, dz, room, block, first)

    deep_sums(b, dweights, s, turn, terms, rows=rows, columns=columns, tile=tile, split=split, span=span)


def _terms(
    b: Builder,
    v: Tensor,
    dz: Tensor,
    room: int,
    block: Block,
    first: Index,
    p: Index,
    k: Index,
    many: int,
    n: Index,
    wide: int,
) -> Iterator[tuple[Iterable[Value], list[Value]]]:
    """dz[first + k, y, x] image by image, and v[bundle, position], of every position of the block."""
    each, (y, x, tall, broad) = dz.scalars, block
    for i in b.range(len(tall), "i"):
        for j in b.range(len(broad), "j"):
            for image in b.range(b.lanes, "image"):
                at = i * len(broad) + j
                data = [v[p, ((n + m) * room + at) * b.lanes + image] for m in range(wide)]
                yield (b.splat(each[first + k + m, y + i, x + j, image]) for m in range(many)), data
