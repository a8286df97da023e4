"""The zeros around the maps of a volume, where other buffers have been."""

from __future__ import annotations

from striate.emit.builder import Builder
from striate.emit.index import Span
from striate.emit.loops import items
from striate.emit.tensor import Tensor


def clear_halo(b: Builder, x: Tensor, *, span: Span | None = None) -> None:
    """x = 0 outside of its rows and columns."""
    depth, rows, columns = x.shape.axes
    left, right = -columns.before, columns.size + columns.after
    beside = [*range(left, 0), *range(columns.size, right)]
    for d in items(b, depth.size, "d", span):
        for nearest, outwards, many in ((-1, -1, rows.before), (rows.size, 1, rows.after)):
            for i in b.range(many, "y") if many else ():
                for column in b.range(right, "x", start=left):
                    x[d, i * outwards + nearest, column] = b.zero()
        for y in b.range(rows.size + rows.after, "y", start=-rows.before) if beside else ():
            for column in beside:
                x[d, y, column] = b.zero()
