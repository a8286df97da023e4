"""Lanes for lines over a row of things: each line in the lowest one that is free where it runs."""

from __future__ import annotations

from collections.abc import Sequence


def lanes(spans: Sequence[tuple[int, int]]) -> list[int]:
    """The lane, from 0, of each span (from, to); in one lane, spans touch at most at their ends.

    Short spans have the low lanes, so that long ones pass over them.

    >>> lanes([(0, 9), (1, 3), (3, 5), (2, 4)])
    [2, 0, 0, 1]
    """
    taken: list[list[tuple[int, int]]] = []
    found = [0] * len(spans)
    for place in sorted(range(len(spans)), key=lambda place: spans[place][1] - spans[place][0]):
        begin, end = spans[place]
        free = (k for k, others in enumerate(taken) if all(end <= a or b <= begin for a, b in others))
        lane = next(free, len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append(spans[place])
        found[place] = lane
    return found
