"""Which class is taken for which: the confusion matrix as a heat map, with every class's accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np

from striate.look.heads import EDGE, head, head_height
from striate.look.judged import Data, judged
from striate.look.palette import contrast, mixed, rgb
from striate.look.paper import DENSITY, Paper, shortened, text_width
from striate.look.subject import Numbers, Source
from striate.train.evaluate import Evaluation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 100  # classes; of more, those with the most mistakes
NAME = 130  # CSS pixels of a class's name, at most
BAR = 90  # of an accuracy
COUNTED = 17  # the least side of a cell that has its count written in it


@dataclass(frozen=True)
class _Sizes:
    """The side of a cell, the size of letters, the room for names, left and above, and the place of the cells."""

    side: float
    letters: float
    names: float
    above: float


def confusion(model: Source | Evaluation, data: Data = None, *, dark: bool = False, title: str = "") -> Figure:
    """A row for each class: how many of its images were taken for which; at right, how many were recognised.

    ``model`` with ``data`` is tested as ``striate test`` does it (the images held out in training, where None);
    an Evaluation is drawn as it is. The stronger the colour, the larger the share of the row's images. Of more
    than 100 classes, the 100 with the most mistakes are shown.
    Raises ArgumentError, DataError or ModelError.

    >>> result = Evaluation(("no", "yes"), np.array([[3, 1], [0, 4]]), 0.5)
    >>> [text.get_text() for text in confusion(result).axes[0].texts if text.get_gid() == "count"]
    ['3', '1', '4']
    """
    result, what = (model, "") if isinstance(model, Evaluation) else judged(model, data)
    shown = worst_classes(result.confusion, MOST)
    names = [result.classes[k] for k in shown]
    of = "" if what else f" of {result.images:,} images"
    note = (
        f"{what + ': ' if what else ''}{100 * result.accuracy:.1f} %{of} recognised."
        " Rows are the classes, columns what they were taken for."
    )
    if len(shown) < len(result.classes):
        note += f" The {len(shown)} of {len(result.classes):,} classes with the most mistakes."
    sizes = _sizes(names, result.confusion[np.ix_(shown, shown)])
    across = EDGE + sizes.names + len(shown) * sizes.side + 18 + BAR + 56 + EDGE
    top = head_height(note, across) + sizes.above
    paper = Paper(across, top + len(shown) * sizes.side + EDGE, dark)
    head(paper, title or "Confusion", note)
    _names(paper, names, sizes, top)
    _cells(paper, result.confusion, shown, sizes, top)
    _accuracies(paper, result, shown, sizes, top)
    return paper.figure


def worst_classes(confusion: Numbers, most: int) -> list[int]:
    """All classes, or the ``most`` with the most mistakes, taken for another or the other way round, in order.

    >>> worst_classes(np.array([[5, 0, 0], [0, 2, 3], [0, 0, 5]]), 2)
    [1, 2]
    """
    wrong = confusion.sum(0) + confusion.sum(1) - 2 * np.diag(confusion)
    return sorted(int(k) for k in np.argsort(-wrong, kind="stable")[:most])


def _sizes(names: list[str], counts: Numbers) -> _Sizes:
    """Large cells with their counts for few classes, small ones for many."""
    side = float(np.clip(620 / len(names), 9.0, 46.0))
    letters = float(np.clip(0.62 * side, 7.0, 11.0))
    widest = max(text_width(shortened(name, letters, NAME), letters) for name in names)
    digits = text_width(f"{counts.max():,}", letters) + 6
    if side >= COUNTED:
        side = max(side, digits)
    side = ceil(side * DENSITY) / DENSITY  # whole pixels
    turned = any(text_width(name, letters) > side - 4 for name in names)
    steep = np.sin(np.radians(_turn(side))) if turned else 0.0
    return _Sizes(side, letters, widest + 10, max(steep * widest, letters) + 14)


def _turn(side: float) -> float:
    """How steep names stand above the columns, in degrees: upright where these are narrow."""
    return 90.0 if side < 20 else 50.0


def _names(paper: Paper, names: list[str], sizes: _Sizes, top: float) -> None:
    """The classes, left of the rows and above the columns: slanted where they would meet."""
    left, size = EDGE + sizes.names, sizes.letters
    turned = any(text_width(name, size) > sizes.side - 4 for name in names)
    for place, name in enumerate(names):
        text = shortened(name, size, NAME)
        middle = (place + 0.5) * sizes.side
        paper.text(left - 8, top + middle + 0.36 * size, text, size, align="right", name="class")
        if turned:
            paper.text(left + middle + 0.34 * size, top - 6, text, size, turn=_turn(sizes.side), name="taken for")
        else:
            paper.text(left + middle, top - 7, text, size, align="center", name="taken for")


def _cells(paper: Paper, confusion: Numbers, shown: list[int], sizes: _Sizes, top: float) -> None:
    """Every pair of classes: green where they agree, red elsewhere, with its count where there is room."""
    left, side, colours = EDGE + sizes.names, sizes.side, paper.colours
    pixels = round(side * DENSITY)
    sheet = np.full((len(shown) * pixels, len(shown) * pixels, 3), rgb(colours["ground"]), np.uint8)
    gap = 2 if side > 12 else 0  # pixels between two cells
    for row, i in enumerate(shown):
        images = max(int(confusion[i].sum()), 1)
        for column, j in enumerate(shown):
            many = int(confusion[i, j])
            # Rare mistakes are to be seen, too.
            strength = 0.9 * (many / images if i == j else sqrt(many / images))
            fill = mixed(colours["raised"], colours["good" if i == j else "bad"], strength)
            y, x = row * pixels, column * pixels
            sheet[y : y + pixels - gap, x : x + pixels - gap] = rgb(fill)
            if many and side >= COUNTED:
                ink = max(colours["ground"], colours["ink"], key=lambda colour: contrast(colour, fill))
                _count(paper, many, left + (column + 0.5) * side, top + (row + 0.5) * side, sizes.letters, ink)
    paper.image(left, top, sheet, len(shown) * side, len(shown) * side, "confusion")


def _count(paper: Paper, many: int, x: float, y: float, size: float, ink: str) -> None:
    """The count of a pair of classes, in the middle of its cell."""
    paper.text(x - 0.4, y + 0.36 * size, f"{many:,}", size, ink, align="center", name="count")


def _accuracies(paper: Paper, result: Evaluation, shown: list[int], sizes: _Sizes, top: float) -> None:
    """How many images of each class were recognised, as a bar."""
    x, colours = EDGE + sizes.names + len(shown) * sizes.side + 18, paper.colours
    paper.text(x, top - 7, "recognised", min(sizes.letters, 10), colours["pale"])
    high = min(0.62 * sizes.side, 12)
    for row, i in enumerate(shown):
        own = result.per_class[i]
        middle = top + (row + 0.5) * sizes.side - 0.5
        text = f"{100 * own.accuracy:.1f} %" if own.images else "no images"
        if own.images:
            paper.box(x, middle - high / 2, BAR, high, colours["line"], layer=1.1)
            paper.box(x, middle - high / 2, BAR * own.accuracy, high, colours["good"], layer=1.2)
        paper.text(x + BAR + 8, middle + 0.36 * sizes.letters, text, sizes.letters, colours["ink"], name="recognised")
