"""RELU of one image, where no CONV or FC before it takes it along."""

from __future__ import annotations

from striate.emit.builder import Builder
from striate.emit.index import Span
from striate.emit.loops import vectors
from striate.emit.tensor import Tensor


def single_relu(b: Builder, x: Tensor, y: Tensor, *, span: Span | None = None) -> None:
    """y = max(0, x), (H, W, D)."""
    for at in vectors(b, y, span):
        y.vector[at] = b.relu(x.vector[at])
