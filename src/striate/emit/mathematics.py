"""exp and log from the vocabulary alone, so that no program calls a mathematics library."""

from __future__ import annotations

from math import factorial, log, sqrt

from striate.emit.builder import Builder, Value

ROUNDING = 1.5 * 2**23  #: adding it leaves no bits after the point: float32 has 24 bits


def exp(b: Builder, x: Value) -> Value:
    """e**x for x <= 87, to about 1e-7 relative; below -87 it is e**-87.

    x = n log 2 + r with |r| <= log(2)/2; the Taylor polynomial of degree 7 leaves r**8/8! < 6e-9.
    """
    x = b.maximum(b.constant(-87.0), x)
    magic = b.constant(ROUNDING)
    n = b.fma(x, b.constant(1 / log(2)), magic) - magic
    high = 0.693359375  # log 2 in two parts: n * high is exact
    r = b.fma(n, b.constant(-high), x)
    r = b.fma(n, b.constant(high - log(2)), r)
    total = b.constant(1 / factorial(7))
    for degree in range(6, -1, -1):
        total = b.fma(total, r, b.constant(1 / factorial(degree)))
    return b.scale2(total, n)


def logarithm(b: Builder, x: Value) -> Value:
    """log x for positive normal x, to about 1e-7.

    x = m 2**e with m from sqrt(1/2) to sqrt(2); log m = 2 artanh((m-1)/(m+1)), five terms of its series.
    """
    m, e = b.frexp(x)
    one, small = b.constant(1.0), b.constant(sqrt(0.5))
    e = b.where(small, ">", m, e - one, e)
    m = b.where(small, ">", m, m + m, m)
    s = b.divide(m - one, m + one)
    square = s * s
    total = b.constant(2 / 9)
    for power in (7, 5, 3, 1):
        total = b.fma(total, square, b.constant(2 / power))
    return b.fma(e, b.constant(log(2)), total * s)
