"""RELU of one image, where no CONV or FC before it takes it along."""

from __future__ import annotations

from striate.emit.builder import Builder
from striate.emit.index import Span
from striate.emit.loops import items
from striate.emit.tensor import Tensor


def single_relu(b: Builder, x: Tensor, y: Tensor, *, span: Span | None = None) -> None:
    """y = max(0, x), (H, W, D)."""
    height, width, depth = (axis.size for axis in y.shape.axes)
    for v in items(b, height, "y", span):
        for u in b.range(width, "x"):
            for d in b.range(depth, "d", step=b.lanes):
                y.vector[v, u, d] = b.relu(x.vector[v, u, d])
