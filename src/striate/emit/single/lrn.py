"""LRN of one image: a vector holds ``lanes`` neighbouring depth slices, and its windows are that vector, shifted."""

from __future__ import annotations

from collections.abc import Iterator

from striate.emit.builder import Builder
from striate.emit.index import Index, Span
from striate.emit.loops import items, tiles
from striate.emit.lrn import normalized
from striate.emit.tensor import Tensor

RUN = 11  #: slices of a window that the code names one by one


def single_lrn(
    b: Builder,
    x: Tensor,
    squares: Tensor,
    y: Tensor,
    *,
    before: int,
    after: int,
    alpha: float,
    beta: float,
    k: float,
    span: Span | None = None,
) -> None:
    """y = x / (k + alpha * the sum of squares)^beta, (H, W, D); ``squares`` holds those of one position.

    x may hold anything behind its last slice, so the squares there are set to zero.
    """
    height, width, depth = (axis.size for axis in y.shape.axes)
    rest = depth % b.lanes
    inside = b.pack([b.scalar(1.0)] * rest + [b.scalar(0.0)] * (b.lanes - rest))
    for v in items(b, height, "y", span):
        for u in b.range(width, "x"):
            for d, whole in _vectors(b, depth):
                value = x.vector[v, u, d]
                square = value * value
                squares.vector[d] = square if whole else b.where(inside, ">", b.zero(), square, b.zero())
            for d, _ in _vectors(b, depth):
                total = b.register("total", b.zero())
                for j, many in tiles(b, before + 1 + after, RUN, "j"):
                    for t in range(many):
                        total.value = total.value + squares.vector[d + j + (t - before)]
                _, scale = normalized(b, total.value, alpha, beta, k)
                y.vector[v, u, d] = x.vector[v, u, d] * scale


def _vectors(b: Builder, depth: int) -> Iterator[tuple[Index, bool]]:
    """The first slice of every vector, and whether all of its slices are there."""
    whole = depth - depth % b.lanes
    for d in b.range(whole, "d", step=b.lanes) if whole else ():
        yield d, True
    if whole < depth:
        yield Index.of(whole), False
