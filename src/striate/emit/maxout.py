"""MAXOUT: the largest of every few neighbouring depth slices, and which one it was."""

from __future__ import annotations

from striate.emit.builder import Builder
from striate.emit.index import Span
from striate.emit.loops import places
from striate.emit.tensor import Tensor


def maxout_forward(b: Builder, x: Tensor, y: Tensor, *choice: Tensor, pieces: int, span: Span | None = None) -> None:
    """y = the maximum of every ``pieces`` slices of x; ``choice`` keeps which it was, the first of equal ones."""
    for d, v, u in places(b, y, span):
        first = x[d * pieces, v, u]
        best, which = b.register("best", first), b.register("which", b.zero())
        total, number = b.register("total", first), b.register("number", b.constant(1))
        for j in b.range(pieces, "j", start=1):
            value = x[d * pieces + j, v, u]
            which.value = b.where(value, ">", best.value, number.value, which.value)
            best.value = b.maximum(value, best.value)
            total.value = total.value + value
            number.value = number.value + b.constant(1)
        y[d, v, u] = best.value + (total.value - total.value)  # zero, unless one of the numbers is none
        if choice:
            choice[0][d, v, u] = which.value


def maxout_backward(
    b: Builder, dy: Tensor, choice: Tensor, dx: Tensor, *y: Tensor, pieces: int, span: Span | None = None
) -> None:
    """dx = dy in the slice that was chosen, zero in the others; and where y, if given, is not above zero: what was
    chosen was then held there by a RELU."""
    for d, v, u in places(b, dy, span):
        value, which = dy[d, v, u], choice[d, v, u]
        if y:
            value = b.where(y[0][d, v, u], ">", b.zero(), value, b.zero())
        number = b.register("number", b.zero())
        for j in b.range(pieces, "j"):
            dx[d * pieces + j, v, u] = b.where(which, "==", number.value, value, b.zero())
            number.value = number.value + b.constant(1)
