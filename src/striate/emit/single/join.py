"""ADD and CONCAT of one image."""

from __future__ import annotations

from striate.emit.builder import Builder
from striate.emit.index import Span
from striate.emit.loops import items
from striate.emit.tensor import Tensor


def single_add(b: Builder, x: Tensor, shortcut: Tensor, y: Tensor, *, relu: bool, span: Span | None = None) -> None:
    """y = [RELU] (x + shortcut), (H, W, D)."""
    height, width, depth = (axis.size for axis in y.shape.axes)
    for v in items(b, height, "y", span):
        for u in b.range(width, "x"):
            for d in b.range(depth, "d", step=b.lanes):
                value = x.vector[v, u, d] + shortcut.vector[v, u, d]
                y.vector[v, u, d] = b.relu(value) if relu else value


def single_concat(b: Builder, *volumes: Tensor, span: Span | None = None) -> None:
    """The last of the volumes, (H, W, D), = all others, one behind the other along the depth."""
    *ways, y = volumes
    height, width, _ = (axis.size for axis in y.shape.axes)
    for v in items(b, height, "y", span):
        for u in b.range(width, "x"):
            first = 0
            for x in ways:
                depth = x.shape.axes[2].size
                whole = depth - depth % b.lanes
                for d in b.range(whole, "d", step=b.lanes) if whole else ():
                    y.vector[v, u, d + first] = x.vector[v, u, d]
                for d in b.range(depth, "rest", start=whole) if whole < depth else ():
                    y[v, u, d + first] = x[v, u, d]
                first += depth
