"""Loops over tiles: an axis cut into near-equal pieces, one loop for each width that occurs."""

from __future__ import annotations

from collections.abc import Iterator

from striate.emit.builder import Builder
from striate.emit.index import Index
from striate.plan.sweep import split_evenly


def tiles(b: Builder, total: int, most: int, name: str) -> Iterator[tuple[Index, int]]:
    """(first index, width) of every tile of at most ``most`` along an axis of ``total``."""
    for start, width, repetitions in split_evenly(total, most):
        if repetitions == 1:
            yield Index.of(start), width
        else:
            for i in b.range(start + width * repetitions, name, step=width, start=start):
                yield i, width
