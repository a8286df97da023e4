"""exp, log, sigmoid, tanh and the normal distribution from the vocabulary alone, so that no program calls a
mathematics library.

Errors are those of float32 with a fused multiply-add against float64, as ``tests/emit/test_mathematics.py`` finds them.
"""

from __future__ import annotations

from math import factorial, log, pi, sqrt

from striate.emit.builder import Builder, Value

ROUNDING = 1.5 * 2**23  #: adding it leaves no bits after the point: float32 has 24 bits

#: e**(t*t/2) times the share of the normal distribution below -t is u * (MILLS[0] + MILLS[1]*u + ...) with
#: u = 1/(1 + t/4), for t >= 0, to 4e-8 relative: interpolated at the ten Chebyshev points of u from 0 to 1.
MILLS = (
    0.099735561, 0.0997373968, 0.0934395147, 0.0818896318, 0.0574462582,
    0.0682739958, -0.0397468636, 0.103798858, -0.08538923, 0.0208148884,
)  # fmt: skip


def exp(b: Builder, x: Value) -> Value:
    """e**x for x <= 87, to about 1e-7 relative; below -87 it is e**-87.

    x = n log 2 + r with |r| <= log(2)/2; the Taylor polynomial of degree 7 leaves r**8/8! < 6e-9.
    """
    n, r = _reduced(b, x)
    return b.scale2(_taylor(b, r, 0), n)


def exp_minus_one(b: Builder, x: Value) -> Value:
    """e**x - 1 for x <= 0, to about 2e-7 relative, as close to zero as may be; below -87 it is -1.

    (e**r - 1) * 2**n + (2**n - 1), where n and r are those of ``exp``: n is 0 where the result is small.
    """
    n, r = _reduced(b, x)
    one = b.constant(1.0)
    return b.scale2(_taylor(b, r, 1) * r, n) + (b.scale2(one, n) - one)


def _reduced(b: Builder, x: Value) -> tuple[Value, Value]:
    """n and r of ``exp``."""
    x = b.maximum(b.constant(-87.0), x)
    magic = b.constant(ROUNDING)
    n = b.fma(x, b.constant(1 / log(2)), magic) - magic
    high = 0.693359375  # log 2 in two parts: n * high is exact
    r = b.fma(n, b.constant(-high), x)
    return n, b.fma(n, b.constant(high - log(2)), r)


def _taylor(b: Builder, r: Value, first: int) -> Value:
    """The sum of r**(i - first) / i! for i from ``first`` to 7."""
    total = b.constant(1 / factorial(7))
    for degree in range(6, first - 1, -1):
        total = b.fma(total, r, b.constant(1 / factorial(degree)))
    return total


def absolute(b: Builder, x: Value) -> Value:
    """|x|."""
    return b.maximum(x, b.zero() - x)


def sigmoid(b: Builder, x: Value) -> Value:
    """1/(1 + e**-x), to about 3e-7 relative; below -87 it is e**-87."""
    power = exp(b, b.zero() - absolute(b, x))
    share = b.divide(b.constant(1.0), b.constant(1.0) + power)
    return b.where(x, ">", b.zero(), share, power * share)


def tanh(b: Builder, x: Value) -> Value:
    """The hyperbolic tangent, to about 4e-7 relative: m/(m + 2) at -|x|, where m = e**(-2|x|) - 1."""
    m = exp_minus_one(b, b.constant(-2.0) * absolute(b, x))
    below = b.divide(m, m + b.constant(2.0))
    return b.where(x, ">", b.zero(), b.zero() - below, below)


def normal(b: Builder, x: Value) -> tuple[Value, Value]:
    """The share of the normal distribution below x, (1 + erf(x/sqrt(2)))/2, and its density at x.

    Both to about 1e-6 relative for x from -4 to 4, and to 3e-7 absolute everywhere; below -13 they are as good as zero.
    """
    t, power = absolute(b, x), exp(b, b.constant(-0.5) * (x * x))
    u = b.divide(b.constant(1.0), b.fma(t, b.constant(0.25), b.constant(1.0)))
    total = b.constant(MILLS[-1])
    for number in MILLS[-2::-1]:
        total = b.fma(total, u, b.constant(number))
    beyond = power * (total * u)
    return b.where(x, ">", b.zero(), b.constant(1.0) - beyond, beyond), power * b.constant(1 / sqrt(2 * pi))


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
