"""LEAKY, ELU, GELU, SILU, SIGMOID and TANH: what each does to a number, by the kind of the layer.

Where a slope can be told from the result, the function works in place, on the volume of the layer before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from striate.emit.builder import Builder, Value
from striate.emit.dropout import SCALE
from striate.emit.index import Span
from striate.emit.loops import places
from striate.emit.mathematics import exp_minus_one, normal, sigmoid, tanh
from striate.emit.tensor import Tensor

Function = Callable[[Builder, Value, Value], Value]  #: of a number and the layer's parameter


@dataclass(frozen=True)
class Form:
    """y of x; and the slope at x, of y where it ``tells``, else of x itself."""

    function: Function
    slope: Function
    tells: bool


def _leaky(b: Builder, x: Value, a: Value) -> Value:
    return b.where(x, ">", b.zero(), x, a * x)


def _leaky_slope(b: Builder, y: Value, a: Value) -> Value:
    return b.where(y, ">", b.zero(), b.constant(1.0), a)


def _elu(b: Builder, x: Value, a: Value) -> Value:
    below = b.where(x, ">", b.zero(), b.zero(), x)
    return b.where(x, ">", b.zero(), x, a * exp_minus_one(b, below))


def _elu_slope(b: Builder, y: Value, a: Value) -> Value:
    return b.where(y, ">", b.zero(), b.constant(1.0), y + a)


def _gelu(b: Builder, x: Value, a: Value) -> Value:
    return x * normal(b, x)[0]


def _gelu_slope(b: Builder, x: Value, a: Value) -> Value:
    share, density = normal(b, x)
    return b.fma(x, density, share)


def _silu(b: Builder, x: Value, a: Value) -> Value:
    return x * sigmoid(b, x)


def _silu_slope(b: Builder, x: Value, a: Value) -> Value:
    s = sigmoid(b, x)
    return s * b.fma(x, b.constant(1.0) - s, b.constant(1.0))


def _sigmoid(b: Builder, x: Value, a: Value) -> Value:
    return sigmoid(b, x)


def _sigmoid_slope(b: Builder, y: Value, a: Value) -> Value:
    return y * (b.constant(1.0) - y)


def _tanh(b: Builder, x: Value, a: Value) -> Value:
    return tanh(b, x)


def _tanh_slope(b: Builder, y: Value, a: Value) -> Value:
    return (b.constant(1.0) - y) * (b.constant(1.0) + y)


FORMS = {
    "LEAKY": Form(_leaky, _leaky_slope, True),
    "ELU": Form(_elu, _elu_slope, True),
    "GELU": Form(_gelu, _gelu_slope, False),
    "SILU": Form(_silu, _silu_slope, False),
    "SIGMOID": Form(_sigmoid, _sigmoid_slope, True),
    "TANH": Form(_tanh, _tanh_slope, True),
}


def activation(b: Builder, *volumes: Tensor, kind: str, a: float, span: Span | None = None) -> None:
    """y = the function of x, for ``volumes`` x and y; of a single one, in place."""
    form, parameter, x, y = FORMS[kind], b.constant(a), volumes[0], volumes[-1]
    for at in places(b, y, span):
        y[at] = form.function(b, x[at], parameter)


def activation_slope(
    b: Builder, dy: Tensor, y: Tensor, *rates: Tensor, kind: str, a: float, span: Span | None = None
) -> None:
    """dy = dy * slope, told from y, on which DROPOUTs of these ``rates`` have worked since.

    They have made y larger by their scales; where they dropped it, dy is zero, whatever the slope.
    """
    form, parameter, grown = FORMS[kind], b.constant(a), b.constant(1.0)
    for rate in rates:
        grown = grown * b.splat(rate[SCALE])
    shrink = b.divide(b.constant(1.0), grown) if rates else grown
    for at in places(b, dy, span):
        value = y[at] * shrink if rates else y[at]
        dy[at] = dy[at] * form.slope(b, value, parameter)


def activation_backward(
    b: Builder, dy: Tensor, x: Tensor, dx: Tensor, *, kind: str, a: float, mask: bool, span: Span | None = None
) -> None:
    """dx = dy * slope at x; nothing where ``mask`` says that a RELU held x at zero."""
    form, parameter = FORMS[kind], b.constant(a)
    for at in places(b, dx, span):
        value = x[at]
        known = form.function(b, value, parameter) if form.tells else value
        gradient = dy[at] * form.slope(b, known, parameter)
        dx[at] = b.where(value, ">", b.zero(), gradient, b.zero()) if mask else gradient
