"""BN of one image, where no CONV before it has taken it over: a vector holds ``lanes`` depth slices of one position."""

from __future__ import annotations

from striate.emit.builder import Builder
from striate.emit.index import Span
from striate.emit.loops import items
from striate.emit.tensor import Tensor


def single_bn(
    b: Builder, x: Tensor, scale: Tensor, shift: Tensor, y: Tensor, *, relu: bool, span: Span | None = None
) -> None:
    """y = [RELU] (x * scale + shift), (H, W, D)."""
    height, width, depth = (axis.size for axis in y.shape.axes)
    for v in items(b, height, "y", span):
        for u in b.range(width, "x"):
            for d in b.range(depth, "d", step=b.lanes):
                value = b.fma(x.vector[v, u, d], scale.vector[d], shift.vector[d])
                y.vector[v, u, d] = b.relu(value) if relu else value
