"""RELU where no CONV or FC before it takes it along."""

from __future__ import annotations

from striate.emit.builder import Builder
from striate.emit.index import Span
from striate.emit.loops import places
from striate.emit.tensor import Tensor


def relu_forward(b: Builder, x: Tensor, y: Tensor, *, span: Span | None = None) -> None:
    """y = max(0, x)."""
    for at in places(b, y, span):
        y[at] = b.relu(x[at])


def relu_backward(
    b: Builder, dy: Tensor, x: Tensor, dx: Tensor, *, mask: bool, add: bool = False, span: Span | None = None
) -> None:
    """dx = dy, where ``mask`` holds only in places where x is above zero; elsewhere zero. add: dx += that."""
    for at in places(b, dx, span):
        value = b.where(x[at], ">", b.zero(), dy[at], b.zero()) if mask else dy[at]
        dx[at] = dx[at] + value if add else value
