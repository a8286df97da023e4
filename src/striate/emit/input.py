"""INPUT: images from the caller's memory, one after the other, into lanes side by side."""

from __future__ import annotations

from striate.emit.builder import Builder
from striate.emit.index import Index, Span
from striate.emit.loops import items
from striate.emit.tensor import Tensor


def input_forward(
    b: Builder,
    scales: Tensor,
    shifts: Tensor,
    line: Tensor,
    x: Tensor,
    *images: Tensor,
    span: Span | None = None,
) -> None:
    """x = images * scales + shifts, per depth slice; one image, (H*W*D), for each lane.

    A row is transposed in squares of ``lanes`` numbers into ``line``, (W*D), and from there dealt to the slices.
    """
    depth, height, width = (axis.size for axis in x.shape.axes)
    across = width * depth
    whole = across - across % b.lanes
    for y in items(b, height, "y", span):
        if whole:
            for i in b.range(whole, "i", step=b.lanes):
                for j, value in enumerate(b.transpose([image.vector[y * across + i] for image in images])):
                    line[i + j] = value
        for rest in range(whole, across):
            line[rest] = b.pack([image[y * across + rest] for image in images])
        for d in b.range(depth, "d"):
            scale, shift = b.splat(scales[d]), b.splat(shifts[d])
            for u in b.range(width, "x"):
                x[d, y, u] = b.fma(line[u * depth + d], scale, shift)


def write_scores(b: Builder, scores: Tensor, out: Tensor, first: Index) -> None:
    """Rows ``first``, ``first + 1``, … of ``out``, (N, classes), from the lanes of ``scores``."""
    each = scores.flat.scalars
    for lane in b.range(b.lanes, "lane"):
        for k in b.range(each.shape.axes[0].size, "k"):
            out[first + lane, k] = each[k, lane]
