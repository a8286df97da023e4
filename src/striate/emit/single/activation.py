"""LEAKY and its like for one image, in place where a CONV or FC has just made the volume."""

from __future__ import annotations

from striate.emit.activation import FORMS
from striate.emit.builder import Builder
from striate.emit.index import Span
from striate.emit.loops import vectors
from striate.emit.tensor import Tensor


def single_activation(b: Builder, *volumes: Tensor, kind: str, a: float, span: Span | None = None) -> None:
    """y = the function of x, (H, W, D), for ``volumes`` x and y; of a single one, in place."""
    form, parameter, x, y = FORMS[kind], b.constant(a), volumes[0], volumes[-1]
    for at in vectors(b, y, span):
        y.vector[at] = form.function(b, x.vector[at], parameter)
