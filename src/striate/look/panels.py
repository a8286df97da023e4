"""Pictures of one image side by side, with the best classes at their right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from striate.look import bars as bar
from striate.look.heads import EDGE, head, head_height
from striate.look.layout import fitted
from striate.look.paper import Paper
from striate.look.pixels import Bytes
from striate.train.guess import Guess
from striate.volume import Volume

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["beside"]

APART = 20  # CSS pixels between two
WORDS = 10  # the size of a caption


def beside(
    panels: list[tuple[Bytes, str, str]],
    guesses: tuple[Guess, ...],
    number: int,
    words: tuple[str, str],
    volume: Volume,
    side: float,
    dark: bool,
) -> Figure:
    """Panels, each an image, its name and a caption, and at their right the guesses, one of them chosen.

    words: the title of the sheet and what stands below it. Every panel has the proportions of ``volume``, and ``side``
    CSS pixels along the longer one.
    """
    wide, high = fitted(volume, side)
    room = max(wide, 150.0)
    across = 2 * EDGE + len(panels) * (room + APART) + 16 + bar.WIDTH
    top = head_height(words[1], across)
    paper = Paper(across, top + max(high + 26, bar.bars_height(len(guesses))) + EDGE, dark)
    head(paper, *words)
    for place, (shown, name, caption) in enumerate(panels):
        x = EDGE + place * (room + APART)
        paper.image(x, top, shown, wide, high, name)
        paper.box(x, top, wide, high, None, paper.colours["line"], 0.8, layer=3)
        paper.lines(x, top + high + 16, [caption] if caption else [], WORDS, paper.colours["pale"])
    x = EDGE + len(panels) * (room + APART) + 16
    bar.bars(paper, x, top + max(0.0, (high - bar.bars_height(len(guesses))) / 2), guesses, chosen=number)
    return paper.figure
