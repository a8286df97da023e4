"""Layers to text: what repeats exactly is folded into a bracket again."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["canonical"]


def canonical(layers: Sequence[str]) -> str:
    """The layers' texts in a row, with runs that repeat folded into ``[ ... ]*n``.

    >>> print(canonical(["INPUT[8x8x1]"] + ["CONV[10]", "RELU", "CONV[10]", "RELU", "POOL"] * 3 + ["FC[10]"]))
    INPUT[8x8x1] - [[CONV[10] - RELU]*2 - POOL]*3 - FC[10]
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
        block = items[at : at + period]
        times = 1
        while len(block) == period and items[at + times * period : at + (times + 1) * period] == block:
            times += 1
        folded.append(f"[{' - '.join(block)}]*{times}" if times > 1 else items[at])
        at += times * period if times > 1 else 1
    return folded
