"""Weights in the order in which the way back reads them."""

from __future__ import annotations

from striate.emit.builder import Builder
from striate.emit.index import Index
from striate.emit.tensor import Tensor


def turn_weights(b: Builder, weights: Tensor, turned: Tensor, at: Index) -> None:
    """turned[at, k] = weights[k, at]: what leads back to slice ``at`` side by side, as it will be read."""
    filters, _, high, wide = (axis.size for axis in weights.shape.axes)
    for k in b.range(filters, "k"):
        for i in b.range(high, "i"):
            for j in range(wide):
                turned[at, k, i, j] = weights[k, at, i, j]


def turn_squares(b: Builder, weights: Tensor, turned: Tensor, at: Index) -> None:
    """``turn_weights`` of 1x1 filters, for ``lanes`` slices from ``lanes * at``; filters and slices fill vectors."""
    filters, depth = weights.shape.axes[0].size, weights.shape.axes[1].size
    source, target = weights.flat.vector, turned.flat.vector
    for k in b.range(filters, "k", step=b.lanes):
        square = [source[(k + n) * depth + at * b.lanes] for n in range(b.lanes)]
        for n, line in enumerate(b.transpose(square)):
            target[(at * b.lanes + n) * filters + k] = line
