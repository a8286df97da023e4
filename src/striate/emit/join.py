"""ADD, and what CONCAT copies where a way could not write into its volume."""

from __future__ import annotations

from striate.emit.builder import Builder
from striate.emit.index import Span
from striate.emit.loops import places
from striate.emit.tensor import Tensor


def add_forward(b: Builder, x: Tensor, shortcut: Tensor, y: Tensor, *, relu: bool, span: Span | None = None) -> None:
    """y = [RELU] (x + shortcut)."""
    for at in places(b, y, span):
        value = x[at] + shortcut[at]
        y[at] = b.relu(value) if relu else value


def copy(b: Builder, x: Tensor, y: Tensor, *, span: Span | None = None) -> None:
    """y = x, whatever halos they have."""
    for at in places(b, y, span):
        y[at] = x[at]


def mask_gradient(b: Builder, y: Tensor, dy: Tensor, *, span: Span | None = None) -> None:
    """dy = 0 where a RELU held y at zero, in place."""
    for at in places(b, dy, span):
        dy[at] = b.where(y[at], ">", b.zero(), dy[at], b.zero())
