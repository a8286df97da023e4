"""DROPOUT, in place: what is kept is computed anew wherever it is wanted, by the definition in ``striate.masks``."""

from __future__ import annotations

from striate.emit.builder import Builder, Value, Whole
from striate.emit.index import Index, Span
from striate.emit.loops import places
from striate.emit.tensor import Tensor
from striate.masks import BITS, GOLDEN, LAST, ROUNDS

THRESHOLD, SCALE = range(2)  #: places in ``rate``


def dropout(b: Builder, volume: Tensor, seeds: Tensor, rate: Tensor, *, span: Span | None = None) -> None:
    """volume = volume * kept / (1 - p): activations on the way there, their gradient on the way back.

    seeds: one for each image; rate: the threshold below which a number is dropped, and 1 / (1 - p).
    """
    seed, threshold, scale = seeds[0], b.splat(rate[THRESHOLD]), b.splat(rate[SCALE])
    _, height, width = (axis.size for axis in volume.shape.axes)
    for d, y, x in places(b, volume, span):
        drawn = _drawn(b, seed, (d * height + y) * width + x)
        volume[d, y, x] = b.where(threshold, ">", drawn, b.zero(), volume[d, y, x] * scale)


def dropout_scale(b: Builder, volume: Tensor, rate: Tensor, *, span: Span | None = None) -> None:
    """``dropout`` of a gradient that is zero already where numbers were dropped: volume / (1 - p)."""
    scale = b.splat(rate[SCALE])
    for at in places(b, volume, span):
        volume[at] = volume[at] * scale


def _drawn(b: Builder, seed: Whole, place: Index) -> Value:
    """A whole number from 0 to 2**24 - 1 for each image, from its seed and the number's place in the volume."""
    h = b.register("h", seed ^ b.whole(place * GOLDEN))
    for shift, factor in ROUNDS:
        h.value = (h.value ^ (h.value >> shift)) * b.whole(factor)
    return b.real((h.value ^ (h.value >> LAST)) >> (32 - BITS))
