"""POOL of averages and of l2 norms, and GAP: sums over windows, forwards, and over those that meet a number, back.

Backwards every number gathers from its windows, so none is written twice and the halo stays zero. Where no two windows
overlap, each is spread instead, which reads its gradient once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from striate.emit.builder import Builder, Value
from striate.emit.index import Index, Span
from striate.emit.loops import items, tiles
from striate.emit.tensor import Tensor
from striate.plan.sweep import Sweep

WIDE = 4  #: sums side by side, so that none waits for its own last addition
RUN = 8  #: numbers of a window's row that the code names one by one

At = tuple[Index, Index, Index]
Add = Callable[[Value, Index, Index, int], Value]  #: (sum so far, row, column of the window, which of the sums)


def window_sums(b: Builder, down: int, across: int, width: int, add: Add) -> list[Value]:
    """``width`` sums over windows of ``down`` rows and ``across`` columns; one alone is summed in WIDE parts."""
    if not (down and across):
        return [b.zero()] * width
    parts = min(max(1, WIDE // width), across)
    cells = [[b.register("sum", b.zero()) for _ in range(parts)] for _ in range(width)]
    for i in b.range(down, "i"):
        for j, many in tiles(b, across, RUN, "j"):
            for t in range(many):
                for c, sums in enumerate(cells):
                    cell = sums[t % parts]
                    cell.value = add(cell.value, i, j + t, c)
    totals = []
    for sums in cells:
        total = sums[0].value
        for more in sums[1:]:
            total = total + more.value
        totals.append(total)
    return totals


def _forward(
    b: Builder, x: Tensor, y: Tensor, rows: Sweep, columns: Sweep, squares: bool, span: Span | None
) -> Iterator[tuple[At, Value]]:
    """Every place of y with the sum of its window, or of its ``squares``."""
    down, across = rows.taps[0].offset, columns.taps[0].offset
    for d in items(b, y.shape.axes[0].size, "d", span):
        for v in b.range(rows.count, "y"):
            for u, width in tiles(b, columns.count, WIDE, "x"):

                def add(total: Value, i: Index, j: Index, c: int) -> Value:
                    value = x[d, v * rows.step + down + i, (u + c) * columns.step + across + j]  # noqa: B023
                    return b.fma(value, value, total) if squares else total + value

                for c, total in enumerate(window_sums(b, len(rows.taps), len(columns.taps), width, add)):
                    yield (d, v, u + c), total


def average_forward(b: Builder, x: Tensor, y: Tensor, *, rows: Sweep, columns: Sweep, span: Span | None = None) -> None:
    """y = the sum of each window of x, divided by how many numbers it has, the halo's zeros among them."""
    share = 1 / (len(rows.taps) * len(columns.taps))
    for at, total in _forward(b, x, y, rows, columns, False, span):
        y[at] = total * b.constant(share)


def l2_forward(
    b: Builder, x: Tensor, y: Tensor, *inverse: Tensor, rows: Sweep, columns: Sweep, span: Span | None = None
) -> None:
    """y = the root of the sum of squares of each window of x; ``inverse`` keeps 1/y, or 0 where y is 0."""
    for at, total in _forward(b, x, y, rows, columns, True, span):
        norm = b.register("norm", b.sqrt(total)).value
        y[at] = norm
        if inverse:
            inverse[0][at] = b.where(norm, "==", b.zero(), b.zero(), b.divide(b.constant(1.0), norm))


Source = Callable[[Value, At], Value]  #: (sum so far, place of a window) -> the sum with that window's gradient


def _backward(
    b: Builder, dx: Tensor, rows: tuple[Sweep, ...], columns: tuple[Sweep, ...], source: Source, span: Span | None
) -> Iterator[tuple[At, Value]]:
    """Every place of dx with the sum over the windows that it is in."""
    for d in items(b, dx.shape.axes[0].size, "d", span):
        for down in rows:
            for across in columns:
                for v in b.range(down.count, "y"):
                    for u, width in tiles(b, across.count, WIDE, "x"):

                        def add(total: Value, i: Index, j: Index, c: int) -> Value:
                            row = v - i + down.taps[0].offset  # noqa: B023
                            return source(total, (d, row, u + c - j + across.taps[0].offset))  # noqa: B023

                        sums = window_sums(b, len(down.taps), len(across.taps), width, add)
                        row = v * down.spread + down.first
                        for c, total in enumerate(sums):
                            yield (d, row, (u + c) * across.spread + across.first), total


def average_backward(
    b: Builder,
    dy: Tensor,
    x: Tensor,
    dx: Tensor,
    *,
    rows: tuple[Sweep, ...],
    columns: tuple[Sweep, ...],
    mask: bool,
    count: int,
    span: Span | None = None,
) -> None:
    """dx = the sum of dy over a number's windows, divided by ``count``; 0 where ``mask`` says a RELU held x there."""
    for at, total in _backward(b, dx, rows, columns, lambda total, at: total + dy[at], span):
        part = total * b.constant(1 / count)
        dx[at] = b.where(x[at], ">", b.zero(), part, b.zero()) if mask else part


def l2_backward(
    b: Builder,
    dy: Tensor,
    inverse: Tensor,
    x: Tensor,
    dx: Tensor,
    *,
    rows: tuple[Sweep, ...],
    columns: tuple[Sweep, ...],
    span: Span | None = None,
) -> None:
    """dx = x times the sum of dy/y over a number's windows: 0 where a RELU held x there, too."""
    for at, total in _backward(b, dx, rows, columns, lambda total, at: b.fma(dy[at], inverse[at], total), span):
        dx[at] = x[at] * total


def _spread(
    b: Builder, dx: Tensor, rows: Sweep, columns: Sweep, part: Callable[[At], Value], span: Span | None
) -> Iterator[tuple[At, Value]]:
    """Every place of dx that a window holds, with the window's ``part``; zeros elsewhere."""
    depth, height, width = (axis.size for axis in dx.shape.axes)
    (top, down), (left, across) = _held(rows, height), _held(columns, width)
    covered = rows.count * down == height and columns.count * across == width
    for d in items(b, depth, "d", span):
        if not covered:
            for y in b.range(height, "y"):
                for x, wide in tiles(b, width, WIDE, "x"):
                    for c in range(wide):
                        dx[d, y, x + c] = b.zero()
        for v in b.range(rows.count, "v"):
            for u in b.range(columns.count, "u"):
                value = b.register("part", part((d, v, u))).value
                for i in b.range(down, "i"):
                    for j, many in tiles(b, across, RUN, "j"):
                        for t in range(many):
                            yield (d, v * rows.step + i + top, u * columns.step + j + (left + t)), value


def _held(sweep: Sweep, size: int) -> tuple[int, int]:
    """The first number of the first window, and how many a window has, along an axis; padding left out."""
    first = max(0, sweep.taps[0].offset)
    return first, min(size, sweep.taps[-1].offset + 1) - first


def average_spread(
    b: Builder,
    dy: Tensor,
    x: Tensor,
    dx: Tensor,
    *,
    rows: Sweep,
    columns: Sweep,
    mask: bool,
    count: int,
    span: Span | None = None,
) -> None:
    """``average_backward`` where no number is in two windows: its window's share of dy, and 0 where it is in none."""
    for at, part in _spread(b, dx, rows, columns, lambda at: dy[at] * b.constant(1 / count), span):
        dx[at] = b.where(x[at], ">", b.zero(), part, b.zero()) if mask else part


def l2_spread(
    b: Builder,
    dy: Tensor,
    inverse: Tensor,
    x: Tensor,
    dx: Tensor,
    *,
    rows: Sweep,
    columns: Sweep,
    span: Span | None = None,
) -> None:
    """``l2_backward`` where no number is in two windows."""
    for at, part in _spread(b, dx, rows, columns, lambda at: dy[at] * inverse[at], span):
        dx[at] = x[at] * part
