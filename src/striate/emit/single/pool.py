"""POOL of one image: a vector holds ``lanes`` depth slices of one position."""

from __future__ import annotations

from collections.abc import Sequence

from striate.emit.builder import Builder, Value
from striate.emit.index import Span
from striate.emit.loops import items
from striate.emit.tensor import Tensor
from striate.plan.sweep import Sweep


def largest(b: Builder, values: Sequence[Value]) -> Value:
    """The largest of a window, lane by lane; no number where one of them is none."""
    best = total = values[0]
    for value in values[1:]:
        best, total = b.maximum(value, best), total + value
    return best + (total - total)


def single_pool(b: Builder, x: Tensor, y: Tensor, *, rows: Sweep, columns: Sweep, span: Span | None = None) -> None:
    """y = the maximum of each window of x, (H, W, D); the halo's zeros are numbers like any other."""
    for v in items(b, rows.count, "y", span):
        for u in b.range(columns.count, "x"):
            for d in b.range(y.shape.axes[2].size, "d", step=b.lanes):
                best, total = b.register("best", b.constant(float("-inf"))), b.register("total", b.zero())
                for i in b.range(len(rows.taps), "i"):
                    down = v * rows.step + rows.taps[0].offset + i
                    for j in b.range(len(columns.taps), "j"):
                        value = x.vector[down, u * columns.step + columns.taps[0].offset + j, d]
                        best.value = b.maximum(value, best.value)
                        total.value = total.value + value
                y.vector[v, u, d] = best.value + (total.value - total.value)
