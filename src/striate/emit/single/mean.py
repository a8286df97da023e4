"""POOL of averages and of l2 norms, and GAP, of one image: a vector holds ``lanes`` depth slices of one position."""

from __future__ import annotations

from collections.abc import Iterator

from striate.emit.builder import Builder, Value
from striate.emit.index import Index, Span
from striate.emit.loops import items, tiles
from striate.emit.tensor import Tensor
from striate.plan.sweep import Sweep, pieces

VECTORS = 4  #: of depth slices side by side, so that no sum waits for its own last addition


def _sums(
    b: Builder, x: Tensor, y: Tensor, rows: Sweep, columns: Sweep, squares: bool, span: Span | None
) -> Iterator[tuple[tuple[Index, Index, Index], Value]]:
    """Every vector of y, (H, W, D), with the sum of its windows, or of their ``squares``."""
    down, across = rows.taps[0].offset, columns.taps[0].offset
    for v in items(b, rows.count, "y", span):
        for u in b.range(columns.count, "x"):
            for n, many in tiles(b, pieces(y.shape.axes[2].size, b.lanes), VECTORS, "d"):
                sums = [b.register("sum", b.zero()) for _ in range(many)]
                for i in b.range(len(rows.taps), "i"):
                    for j in b.range(len(columns.taps), "j"):
                        for c, cell in enumerate(sums):
                            at = (v * rows.step + down + i, u * columns.step + across + j, (n + c) * b.lanes)
                            value = x.vector[at]
                            cell.value = b.fma(value, value, cell.value) if squares else cell.value + value
                for c, cell in enumerate(sums):
                    yield (v, u, (n + c) * b.lanes), cell.value


def single_average(b: Builder, x: Tensor, y: Tensor, *, rows: Sweep, columns: Sweep, span: Span | None = None) -> None:
    """y = the sum of each window of x, (H, W, D), divided by how many numbers it has, the halo's zeros among them."""
    share = 1 / (len(rows.taps) * len(columns.taps))
    for at, total in _sums(b, x, y, rows, columns, False, span):
        y.vector[at] = total * b.constant(share)


def single_l2(b: Builder, x: Tensor, y: Tensor, *, rows: Sweep, columns: Sweep, span: Span | None = None) -> None:
    """y = the root of the sum of squares of each window of x, (H, W, D)."""
    for at, total in _sums(b, x, y, rows, columns, True, span):
        y.vector[at] = b.sqrt(total)
