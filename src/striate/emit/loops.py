"""Loops over tiles: an axis cut into near-equal pieces, one loop for each width that occurs."""

from __future__ import annotations

from collections.abc import Iterator

from striate.emit.builder import Builder
from striate.emit.index import Index, Span
from striate.emit.tensor import Tensor
from striate.plan.sweep import split_evenly


def tiles(b: Builder, total: int, most: int, name: str, span: Span | None = None) -> Iterator[tuple[Index, int]]:
    """(first index, width) of every tile of at most ``most`` along an axis of ``total``; or of a ``span`` of them."""
    number = 0
    for start, width, repetitions in split_evenly(total, most):
        if span:
            first, last = b.larger(span.first, number), b.smaller(span.last, number + repetitions)
            for i in b.range(last, name, start=first):
                yield i * width + (start - number * width), width
        elif repetitions == 1:
            yield Index.of(start), width
        else:
            for i in b.range(start + width * repetitions, name, step=width, start=start):
                yield i, width
        number += repetitions


def stretch(b: Builder, total: int, most: int, span: Span | None) -> tuple[Index, Index]:
    """(first, last) index along an axis of ``total`` that the tiles of a span cover; all of it for None."""
    if span is None:
        return Index(), Index.of(total)
    runs = split_evenly(total, most)
    wide = runs[0][2] if len(runs) > 1 else 0  # so many tiles are one wider than the others
    width = runs[-1][1]
    first, last = (end * width + (b.smaller(end, wide) if wide else 0) for end in span)
    return first, last


def items(b: Builder, count: int, name: str, span: Span | None) -> Iterator[Index]:
    """0 to ``count - 1``, or a span of it."""
    return b.range(span.last, name, start=span.first) if span else b.range(count, name)


def places(b: Builder, volume: Tensor, span: Span | None) -> Iterator[tuple[Index, Index, Index]]:
    """Every index of a volume, (d, y, x), or of a span of its slices; the halo left out."""
    depth, height, width = (axis.size for axis in volume.shape.axes)
    for d in items(b, depth, "d", span):
        for y in b.range(height, "y"):
            for x, wide in tiles(b, width, 4, "x"):
                for i in range(wide):
                    yield d, y, x + i


def vectors(b: Builder, volume: Tensor, span: Span | None) -> Iterator[tuple[Index, Index, Index]]:
    """The index of every vector of one image's volume, (y, x, d), or of a span of its rows; the halo left out."""
    height, width, depth = (axis.size for axis in volume.shape.axes)
    for y in items(b, height, "y", span):
        for x in b.range(width, "x"):
            for d in b.range(depth, "d", step=b.lanes):
                yield y, x, d
