"""MAXOUT of one image, number by number: its slices are neighbours in memory."""

from __future__ import annotations

from striate.emit.builder import Builder
from striate.emit.index import Span
from striate.emit.loops import items
from striate.emit.tensor import Tensor


def single_maxout(b: Builder, x: Tensor, y: Tensor, *, pieces: int, span: Span | None = None) -> None:
    """y = the maximum of every ``pieces`` slices of x, (H, W, D)."""
    height, width, depth = (axis.size for axis in y.shape.axes)
    for v in items(b, height, "y", span):
        for u in b.range(width, "x"):
            for d in b.range(depth, "d"):
                best, total = (b.register(name, x[v, u, d * pieces]) for name in ("best", "total"))
                for j in b.range(pieces, "j", start=1):
                    value = x[v, u, d * pieces + j]
                    best.value = b.maximum(value, best.value)
                    total.value = total.value + value
                y[v, u, d] = best.value + (total.value - total.value)
