"""Layers to text: what repeats exactly is folded into a bracket again."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["canonical"]

_OPENING = ("CONV", "LOCAL", "FC", "[")  # what people begin a repeated group with


def canonical(layers: Sequence[str]) -> str:
    """The layers' texts in a row, with runs that repeat folded into ``[ ... ]*n``.

    >>> print(canonical(["INPUT[8x8x1]"] + ["CONV[10]", "RELU", "CONV[10]", "RELU", "POOL"] * 3 + ["FC[10]"]))
    INPUT[8x8x1] - [[CONV[10] - RELU]*2 - POOL]*3 - FC[10]
    >>> print(canonical(["INPUT[8x8x1]", "CONV[9]", "RELU"] + ["CONV[10]", "RELU"] * 2 + ["FC[10]"]))
    INPUT[8x8x1] - CONV[9] - RELU - [CONV[10] - RELU]*2 - FC[10]
    """
    items = list(layers)
    period = 1
    while period <= len(items) // 2:
        folded = _fold(items, period)
        # A fold can make a shorter period repeat, so the search begins again after one.
        period = 1 if len(folded) < len(items) else period + 1
        items = folded
    return " - ".join(items)


def _fold(items: list[str], period: int) -> list[str]:
    """Every run of equal neighbours of ``period`` items, from the left, becomes one item."""
    folded: list[str] = []
    at = 0
    while at < len(items):
        times = _times(items, at, period)
        if times > 1:
            start = _better_start(items, at, period, times)
            folded += items[at:start]
            folded.append(f"[{' - '.join(items[start : start + period])}]*{times}")
            at = start + times * period
        else:
            folded.append(items[at])
            at += 1
    return folded


def _times(items: list[str], at: int, period: int) -> int:
    """How often the ``period`` items at ``at`` follow each other."""
    block, times = items[at : at + period], 1
    while len(block) == period and items[at + times * period : at + (times + 1) * period] == block:
        times += 1
    return times


def _better_start(items: list[str], at: int, period: int, times: int) -> int:
    """The first place of the run from which as many repetitions begin with a layer that has parameters.

    CONV - [RELU - POOL - CONV]*2 - RELU - POOL says the same as [CONV - RELU - POOL]*3, less well.
    """
    for start in range(at, at + period):
        if items[start].startswith(_OPENING) and _times(items, start, period) == times:
            return start
    return at
