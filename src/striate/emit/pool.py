"""POOL, any field and stride: the largest of each window, and which one it was."""

from __future__ import annotations

from collections.abc import Iterator

from striate.emit.builder import Builder, Register, Value
from striate.emit.index import Index, Span
from striate.emit.loops import items, tiles
from striate.emit.tensor import Tensor
from striate.plan.sweep import Sweep


def pool_forward(
    b: Builder, x: Tensor, y: Tensor, *choice: Tensor, rows: Sweep, columns: Sweep, span: Span | None = None
) -> None:
    """y = the maximum of each window of x; ``choice`` keeps its number within the window.

    Windows are numbered row by row; F*F stands for none: a zero of the padding won.
    """
    depth, height, width = (axis.size for axis in x.shape.axes)
    none = len(rows.taps) * len(columns.taps)
    for d in items(b, depth, "d", span):
        for y0, y1, over in _stretches(rows, height):
            for v in b.range(y1, "y", start=y0):
                for x0, x1, beside in _stretches(columns, width):
                    for u in b.range(x1, "x", start=x0):
                        first = b.zero() if over or beside else b.constant(float("-inf"))
                        best, which = b.register("best", first), b.register("which", b.constant(none))
                        total = _scan(b, x, (d, v, u), rows, columns, best, which)
                        y[d, v, u] = best.value + (total - total)  # zero, unless a number of the window is none
                        if choice:
                            choice[0][d, v, u] = which.value


def _stretches(sweep: Sweep, size: int) -> Iterator[tuple[int, int, bool]]:
    """(start, stop, touches padding) runs of windows along an axis."""
    starts = [sweep.step * j + sweep.taps[0].offset for j in range(sweep.count)]
    padded = [start < 0 or start + len(sweep.taps) > size for start in starts]
    begin = 0
    for j in range(1, sweep.count + 1):
        if j == sweep.count or padded[j] != padded[begin]:
            yield begin, j, padded[begin]
            begin = j


def _scan(
    b: Builder,
    x: Tensor,
    at: tuple[Index, Index, Index],
    rows: Sweep,
    columns: Sweep,
    best: Register,
    which: Register,
) -> Value:
    """Walk one window; the first of equal values stays. Returns their sum."""
    d, v, u = at
    number, total = b.register("number", b.zero()), b.register("total", b.zero())
    for i in b.range(len(rows.taps), "i"):
        for tap in columns.taps:
            value = x[d, v * rows.step + rows.taps[0].offset + i, u * columns.step + tap.offset]
            which.value = b.where(value, ">", best.value, number.value, which.value)
            best.value = b.maximum(value, best.value)
            total.value = total.value + value
            number.value = number.value + b.constant(1)
    return total.value


def pool_backward(
    b: Builder,
    dy: Tensor,
    y: Tensor,
    choice: Tensor,
    dx: Tensor,
    *,
    rows: Sweep,
    columns: Sweep,
    mask: bool,
    add: bool = False,
    span: Span | None = None,
) -> None:
    """dx = each dy at the place its window chose; nothing where ``mask`` says that a RELU held it at zero.

    add: dx += that.
    """
    depth, height, width = (axis.size for axis in dx.shape.axes)
    apart = not add and rows.step >= len(rows.taps) and columns.step >= len(columns.taps)
    for d in items(b, depth, "d", span):
        for v in b.range(height, "y") if not add else ():
            for u, wide in tiles(b, width, 4, "x"):
                for column in range(wide):
                    dx[d, v, u + column] = b.zero()
        for v in b.range(rows.count, "y"):
            for u in b.range(columns.count, "x"):
                value, which = dy[d, v, u], choice[d, v, u]
                if mask:
                    value = b.where(y[d, v, u], ">", b.zero(), value, b.zero())
                number = b.register("number", b.zero())
                for i in b.range(len(rows.taps), "i"):
                    for tap in columns.taps:
                        at = (d, v * rows.step + rows.taps[0].offset + i, u * columns.step + tap.offset)
                        part = b.where(which, "==", number.value, value, b.zero())
                        dx[at] = part if apart else dx[at] + part
                        number.value = number.value + b.constant(1)


def unpool(b: Builder, dy: Tensor, choice: Tensor, dz: Tensor, dbiases: Tensor, *, span: Span | None = None) -> None:
    """dz = dy at the position of each 2x2 window that won, zero elsewhere; dbiases += its sums."""
    filters, height, width = (axis.size for axis in dy.shape.axes)
    for k in items(b, filters, "k", span):
        total = b.register("total", b.zero())
        for y in b.range(height, "y"):
            for x, wide in tiles(b, width, 4, "x"):
                for column in range(wide):
                    at = (k, y, x + column)
                    value, which = dy[at], choice[at]
                    for n in range(4):
                        part = b.where(which, "==", b.constant(n), value, b.zero())
                        dz[k, y * 2 + n // 2, (x + column) * 2 + n % 2] = part
                    total.value = total.value + b.where(which, "==", b.constant(4), b.zero(), value)
        dbiases[k] = dbiases[k] + b.reduce_add(total.value)
