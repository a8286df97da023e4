"""FC of one image: a vector holds ``lanes`` inputs, and each weight is read once, from where it is."""

from __future__ import annotations

from collections.abc import Iterator

from striate.emit.builder import Builder, Value
from striate.emit.index import Index, Span
from striate.emit.loops import items, tiles
from striate.emit.tensor import Tensor


def _in_order(b: Builder, x: Tensor, span: Span | None = None) -> Iterator[tuple[Index, Value]]:
    """(place, number) of x, (H, W, D), one depth slice after the other."""
    height, width, depth = (axis.size for axis in x.shape.axes)
    for d in items(b, depth, "d", span):
        for v in b.range(height, "y"):
            for u in b.range(width, "x"):
                yield d * (height * width) + v * width + u, x[v, u, d]


def single_flatten(b: Builder, x: Tensor, y: Tensor, *, span: Span | None = None) -> None:
    """y, (1, 1, D*H*W), = x, (H, W, D), one depth slice after the other."""
    for place, number in _in_order(b, x, span):
        y[0, 0, place] = number


def write_single_scores(b: Builder, scores: Tensor, out: Tensor) -> None:
    """The first row of ``out``, (N, classes)."""
    for place, number in _in_order(b, scores):
        out[0, place] = number


def single_fc(
    b: Builder,
    x: Tensor,
    weights: Tensor,
    biases: Tensor,
    y: Tensor,
    *,
    tile: int,
    relu: bool,
    span: Span | None = None,
) -> None:
    """y, (1, 1, outputs), = [RELU] (weights * x + biases) of x, (1, 1, inputs), ``tile`` outputs at a time."""
    outputs, inputs = (axis.size for axis in weights.shape.axes)
    whole = inputs - inputs % b.lanes
    for k, many in tiles(b, outputs, tile, "k", span):
        totals = [b.register("total", biases[k + n]) for n in range(many)]
        if whole:
            sums = [b.register("sum", b.zero()) for _ in range(many)]
            for i in b.range(whole, "i", step=b.lanes):
                value = x.vector[0, 0, i]
                for n in range(many):
                    sums[n].value = b.fma(value, weights.vector[k + n, i], sums[n].value)
            for n in range(many):
                totals[n].value = totals[n].value + b.reduce_add(sums[n].value)
        if whole < inputs:
            for i in b.range(inputs, "rest", start=whole):
                for n in range(many):
                    totals[n].value = b.fma(x[0, 0, i], weights[k + n, i], totals[n].value)
        for n in range(many):
            total, zero = totals[n].value, b.scalar(0.0)
            y[0, 0, k + n] = b.maximum(zero, total) if relu else total
