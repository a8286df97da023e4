"""RELU where no CONV or FC before it takes it along."""

from __future__ import annotations

from collections.abc import Iterator

from striate.emit.builder import Builder
from striate.emit.index import Index, Span
from striate.emit.loops import items, tiles
from striate.emit.tensor import Tensor


def _places(b: Builder, tensor: Tensor, span: Span | None) -> Iterator[tuple[Index, Index, Index]]:
    depth, height, width = (axis.size for axis in tensor.shape.axes)
    for d in items(b, depth, "d", span):
        for y in b.range(height, "y"):
            for x, wide in tiles(b, width, 4, "x"):
                for i in range(wide):
                    yield d, y, x + i


def relu_forward(b: Builder, x: Tensor, y: Tensor, *, span: Span | None = None) -> None:
    """y = max(0, x)."""
    for at in _places(b, y, span):
        y[at] = b.relu(x[at])


def relu_backward(b: Builder, dy: Tensor, x: Tensor, dx: Tensor, *, mask: bool, span: Span | None = None) -> None:
    """dx = dy, where ``mask`` holds only in places where x is above zero; elsewhere zero."""
    for at in _places(b, dx, span):
        dx[at] = b.where(x[at], ">", b.zero(), dy[at], b.zero()) if mask else dy[at]
