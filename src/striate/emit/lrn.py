"""LRN: each number by those of neighbouring depth slices; the formulas are in ``striate.plan.normalization``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from striate.emit.builder import Builder, Value
from striate.emit.index import Index, Span
from striate.emit.loops import items, tiles
from striate.emit.mathematics import exp, logarithm
from striate.emit.tensor import Tensor
from striate.plan.shape import Shape

WIDE = 4  #: sums side by side, so that none waits for its own last addition

At = tuple[Index, Index, Index]  #: slice, row, column


def power(b: Builder, x: Value, exponent: float) -> Value:
    """x**exponent for 0 < x <= 1000 and exponents from 0 to 10.

    Roots and products give 0, 1/2, 3/4 and 1, to about 2e-7 relative. Others go by way of logarithm and exp: to about
    ``(1 + exponent * (1 + |log x|)) * 1.5e-7``, and never below e**-87.
    """
    if exponent == 0:
        return b.constant(1.0)
    if exponent == 1:
        return x
    if exponent == 0.5:
        return b.sqrt(x)
    if exponent == 0.75:
        root = b.register("root", b.sqrt(x)).value
        return root * b.sqrt(root)
    return exp(b, logarithm(b, x) * b.constant(exponent)) + (x - x)  # what is no number stays none


def normalized(b: Builder, squares: Value, alpha: float, beta: float, k: float) -> tuple[Value, Value]:
    """(1/base, base^-beta) of base = k + alpha * squares."""
    base = b.fma(squares, b.constant(alpha), b.constant(k))
    inverse = b.register("inverse", b.divide(b.constant(1.0), base)).value
    return inverse, b.register("scale", power(b, inverse, beta)).value


def _sums(
    b: Builder, shape: Shape, before: int, after: int, term: Callable[[Value, At], Value], span: Span | None
) -> Iterator[tuple[At, Value]]:
    """Every place of a volume with the sum of the terms of ``before`` slices ahead of its own to ``after`` behind."""
    depth, height, width = (axis.size for axis in shape.axes)
    for d in items(b, depth, "d", span):
        start, stop = b.larger(d - before, 0), b.smaller(d + (after + 1), depth)
        for v in b.range(height, "y"):
            for u, wide in tiles(b, width, WIDE, "x"):
                sums = [b.register("sum", b.zero()) for _ in range(wide)]
                for j in b.range(stop, "j", start=start):
                    for c, cell in enumerate(sums):
                        cell.value = term(cell.value, (j, v, u + c))
                for c, cell in enumerate(sums):
                    yield (d, v, u + c), cell.value


def lrn_forward(
    b: Builder,
    x: Tensor,
    y: Tensor,
    *kept: Tensor,
    before: int,
    after: int,
    alpha: float,
    beta: float,
    k: float,
    span: Span | None = None,
) -> None:
    """y = x * scale; ``kept`` are scale and pull, for the way back."""

    def square(total: Value, at: At) -> Value:
        value = x[at]
        return b.fma(value, value, total)

    for at, squares in _sums(b, x.shape, before, after, square, span):
        inverse, scale = normalized(b, squares, alpha, beta, k)
        made = b.register("made", x[at] * scale).value
        y[at] = made
        if kept:
            kept[0][at], kept[1][at] = scale, made * inverse


def lrn_backward(
    b: Builder,
    dy: Tensor,
    x: Tensor,
    scale: Tensor,
    pull: Tensor,
    dx: Tensor,
    *,
    before: int,
    after: int,
    pulled: float,
    mask: bool,
    span: Span | None = None,
) -> None:
    """dx = dy * scale + pulled * x * the sum of dy * pull; 0 where ``mask`` says that a RELU held x at zero.

    A number is in the windows of ``after`` slices ahead of its own to ``before`` behind it.
    """
    for at, total in _sums(b, x.shape, after, before, lambda total, at: b.fma(dy[at], pull[at], total), span):
        value = x[at]
        part = b.fma(value * b.constant(pulled), total, dy[at] * scale[at])
        dx[at] = b.where(value, ">", b.zero(), part, b.zero()) if mask else part
