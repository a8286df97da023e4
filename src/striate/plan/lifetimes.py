"""When buffers are of use, and where they lie: two that no call finds in use together may share bytes.

A halo is zero from the start and never written, unless another buffer has its bytes in the meantime: then it is cleared
before each use.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from striate.plan.call import Call, call
from striate.plan.shape import Shape


@dataclass(frozen=True)
class Lifetime:
    """From the first to the last call, by index in the training step, that finds a buffer in use."""

    first: int
    last: int

    def meets(self, other: Lifetime) -> bool:
        """Whether some call finds both in use."""
        return self.first <= other.last and other.first <= self.last


def lifetimes(calls: Sequence[Call]) -> dict[str, Lifetime]:
    """Of every buffer that a training step names; the calls for scores are those it begins with."""
    found: dict[str, Lifetime] = {}
    for index, made in enumerate(calls):
        for name in made.named:
            found[name] = Lifetime(found[name].first if name in found else index, index)
    return found


def pack(sizes: Mapping[str, int], lives: Mapping[str, Lifetime]) -> dict[str, int]:
    """Offsets for blocks of ``sizes`` bytes: the largest first, each into the tightest gap among those it meets."""
    offsets: dict[str, int] = {}
    for name in sorted(sizes, key=lambda name: (-sizes[name], lives[name].first)):
        end, gaps = 0, []
        for start, other in sorted((at, other) for other, at in offsets.items() if lives[other].meets(lives[name])):
            if start - end >= sizes[name]:
                gaps.append((start - end, end))
            end = max(end, start + sizes[other])
        offsets[name] = min(gaps)[1] if gaps else end
    return offsets


def overlapped(sizes: Mapping[str, int], offsets: Mapping[str, int]) -> set[str]:
    """The names of blocks that share bytes with another."""
    spans = [(offsets[name], offsets[name] + size, name) for name, size in sizes.items()]
    return {
        name
        for start, end, name in spans
        if any(start < other_end and other < end and name != twin for other, other_end, twin in spans)
    }


def clear_halos(
    calls: Sequence[Call], names: Collection[str], shapes: Mapping[str, Shape], whole: Callable[[str], str]
) -> Iterator[Call]:
    """The calls; before the first that names one of the buffers, or a part of it, one that clears the buffer's halo.

    whole: the name of the buffer that another is a part of.
    """
    left = {name for name in names if shapes[name].halo}
    for made in calls:
        for name in map(whole, made.named):
            if name in left:
                left.remove(name)
                yield call("clear_halo", [name], shapes[name].axes[0].size)
        yield made
