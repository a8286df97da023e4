"""INPUT and weights of one image: numbers as they come, and filters side by side in the lanes."""

from __future__ import annotations

from math import prod

from striate.emit.builder import Builder
from striate.emit.index import Index, Span
from striate.emit.loops import items
from striate.emit.tensor import Tensor


def single_input(
    b: Builder, scales: Tensor, shifts: Tensor, x: Tensor, image: Tensor, *, span: Span | None = None
) -> None:
    """x, (H, W, D), = image * scales + shifts; image: (H*W*D); scales and shifts: a row of the image, (W*D)."""
    height, width, depth = (axis.size for axis in x.shape.axes)
    across = width * depth
    whole = across - across % b.lanes
    for y in items(b, height, "y", span):
        if x.shape.axes[2].after:  # every position is whole vectors
            for u in b.range(width, "x"):
                for d in b.range(depth, "d"):
                    i = u * depth + d
                    x[y, u, d] = b.fma(image[y * across + i], scales[i], shifts[i])
            continue
        line = x.rows
        if whole:
            for i in b.range(whole, "i", step=b.lanes):
                line.vector[y, i] = b.fma(image.vector[y * across + i], scales.vector[i], shifts.vector[i])
        for rest in range(whole, across):
            line[y, rest] = b.fma(image[y * across + rest], scales[rest], shifts[rest])


def single_weights(
    b: Builder, weights: Tensor, biases: Tensor, prepared: Tensor, padded: Tensor, block: Index, filters: int
) -> None:
    """A block of ``filters`` filters: (K, D, F, F) into (blocks, D, F, F, lanes), biases (K,) into (blocks, lanes).

    Where a block has fewer filters than there are lanes, the others become zeros.
    """
    lanes, first = range(filters), block * b.lanes
    each = prod(axis.size for axis in weights.shape.axes[1:])
    nothing = [b.scalar(0.0)] * (b.lanes - filters)
    source, target = weights.flat, prepared.flat.vector
    whole = each - each % b.lanes
    if whole:
        for e in b.range(whole, "e", step=b.lanes):
            rows = [source.vector[(first + k) * each + e] for k in lanes] + [b.zero() for _ in nothing]
            for j, numbers in enumerate(b.transpose(rows)):
                target[(block * each + e + j) * b.lanes] = numbers
    if whole < each:
        for e in b.range(each, "rest", start=whole):
            target[(block * each + e) * b.lanes] = b.pack([source[(first + k) * each + e] for k in lanes] + nothing)
    padded.vector[block, 0] = b.pack([biases[first + k] for k in lanes] + nothing)
