"""LEAKY and its like for one image, in place where a CONV or FC has just made the volume."""

from __future__ import annotations

from striate.emit.activation import FORMS
from striate.emit.builder import Builder
from striate.emit.index import Span
from striate.emit.loops import items
from striate.emit.tensor import Tensor


def single_activation(b: Builder, *volumes: Tensor, kind: str, a: float, span: Span | None = None) -> None:
    """y = the function of x, (H, W, D), for ``volumes`` x and y; of a single one, in place."""
    form, parameter, x, y = FORMS[kind], b.constant(a), volumes[0], volumes[-1]
    height, width, depth = (axis.size for axis in y.shape.axes)
    for v in items(b, height, "y", span):
        for u in b.range(width, "x"):
            for d in b.range(depth, "d", step=b.lanes):
                y.vector[v, u, d] = form.function(b, x.vector[v, u, d], parameter)
