"""LOCAL of one image: a vector holds ``lanes`` of the numbers that a position sees, and each weight is read once."""

from __future__ import annotations

from striate.emit.builder import Builder
from striate.emit.index import Index, Span
from striate.emit.loops import items, tiles
from striate.emit.tensor import Tensor
from striate.plan.sweep import Sweep


def single_local(
    b: Builder,
    x: Tensor,
    weights: Tensor,
    biases: Tensor,
    y: Tensor,
    line: Tensor,
    *,
    rows: Sweep,
    columns: Sweep,
    tile: int,
    relu: bool,
    span: Span | None = None,
) -> None:
    """y = [RELU] (weights * x + biases) of x, (H, W, D), ``tile`` filters at a time; span: of rows.

    ``line`` holds what one position sees, in the order of its weights: (D, F, F).
    """
    filters, each = weights.shape.axes[2].size, line.shape.axes[0].size
    numbers, whole = weights.flat, each - each % b.lanes
    for v in items(b, rows.count, "y", span):
        for u in b.range(columns.count, "x"):
            _gather(b, x, line, (v, u), rows, columns)
            for k, many in tiles(b, filters, tile, "k"):
                first = ((v * columns.count + u) * filters + k) * each
                totals = [b.register("total", biases[v, u, k + n]) for n in range(many)]
                if whole:
                    sums = [b.register("sum", b.zero()) for _ in range(many)]
                    for e in b.range(whole, "e", step=b.lanes):
                        value = line.vector[e]
                        for n in range(many):
                            sums[n].value = b.fma(value, numbers.vector[first + n * each + e], sums[n].value)
                    for n in range(many):
                        totals[n].value = totals[n].value + b.reduce_add(sums[n].value)
                if whole < each:
                    for e in b.range(each, "rest", start=whole):
                        for n in range(many):
                            totals[n].value = b.fma(line[e], numbers[first + n * each + e], totals[n].value)
                for n, total in enumerate(cell.value for cell in totals):
                    y[v, u, k + n] = b.maximum(b.scalar(0.0), total) if relu else total


def _gather(b: Builder, x: Tensor, line: Tensor, at: tuple[Index, Index], rows: Sweep, columns: Sweep) -> None:
    high, wide = len(rows.taps), len(columns.taps)
    down, across = at[0] * rows.step + rows.taps[0].offset, at[1] * columns.step + columns.taps[0].offset
    for d in b.range(x.shape.axes[2].size, "d"):
        for i in b.range(high, "i"):
            for j in b.range(wide, "j"):
                line[(d * high + i) * wide + j] = x[down + i, across + j, d]
