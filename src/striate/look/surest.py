"""The surest mistakes: images that a model took for another class, those first of which it was surest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from striate.errors import ArgumentError
from striate.look.heads import EDGE, head, head_height
from striate.look.judged import Data, images_to_test
from striate.look.layout import fitted
from striate.look.paper import Paper, shortened, text_width
from striate.look.pixels import picture
from striate.look.subject import Numbers, Source, subject
from striate.train.guess import Guess, best

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 24
ACROSS = 8  # images in a row
SIDE = 116.0  # CSS pixels of an image's longer side
APART = 18
WORDS = 58  # beneath an image
SIZE = 10


@dataclass(frozen=True)
class Mistake:
    """An image by its number in the data, its class, what it was taken for, and its guess for its own class."""

    image: int
    taken_for: Guess
    own: Guess


def mistakes(model: Source, data: Data = None, *, most: int = MOST, dark: bool = False, title: str = "") -> Figure:
    """The ``most`` surest mistakes: each image with what it was taken for and how surely, and what it is.

    Data are chosen as ``striate test`` does it. With softmax the surest is the one of the highest probability,
    with the SVM the one whose score is furthest above that of its own class.
    Raises ArgumentError, DataError or ModelError.

    >>> import striate
    >>> from striate.data.dataset import Dataset
    >>> program = striate.compile(striate.parse("INPUT[2x2x1] - FC[2]"), batch=1)
    >>> pets = Dataset("pets", np.zeros((3, 2, 2, 1), np.uint8), np.array([0, 0, 1]), ("cat", "dog"))
    >>> [text.get_text() for text in mistakes(program, pets).axes[0].texts if text.get_gid() == "taken for"]
    ['cat']
    """
    if not isinstance(most, int | np.integer) or most < 1:
        raise ArgumentError(f"most is how many mistakes are shown, from 1, not {most!r}")
    about = subject(model)
    dataset, what = images_to_test(about, data)
    scores = about.program.scores(dataset.images)
    found = surest(scores, dataset.labels, dataset.classes, about.loss)
    shown = found[:most]
    note = f"{_counted(len(shown), len(found))}: {what}."
    if found:
        note += " In colour what an image was taken for, beneath it what it is."
    across = min(ACROSS, max(len(shown), 4))
    wide, high = fitted(about.network.input, SIDE)
    width = 2 * EDGE + across * (SIDE + APART) - APART
    top, rows = head_height(note, width), -(-len(shown) // across)
    paper = Paper(width, top + rows * (high + WORDS) + EDGE / 2, dark)
    head(paper, title or "The surest mistakes", note)
    for place, mistake in enumerate(shown):
        down, right = divmod(place, across)
        x, y = EDGE + right * (SIDE + APART), top + down * (high + WORDS)
        paper.image(x, y, picture(dataset.images[mistake.image]), wide, high, f"image {mistake.image}")
        paper.box(x, y, wide, high, None, paper.colours["line"], 0.8, layer=3)
        _words(paper, mistake, x, y + high)
    return paper.figure


def surest(scores: Numbers, labels: Numbers, classes: tuple[str, ...], loss: str) -> list[Mistake]:
    """All mistakes, the surest first; of equal ones the first image.

    >>> scores = np.array([[2.0, 0.0], [0.0, 9.0], [0.0, 3.0]])
    >>> [(each.image, each.taken_for.name) for each in surest(scores, np.array([0, 0, 0]), ("cat", "dog"), "softmax")]
    [(1, 'dog'), (2, 'dog')]
    """
    found = []
    for image in np.flatnonzero(scores.argmax(1) != labels):
        every = best(scores[image], classes, loss, len(classes))
        own = next(guess for guess in every if guess.number == labels[image])
        found.append(Mistake(int(image), every[0], own))
    return sorted(found, key=_sureness, reverse=True)


def _sureness(mistake: Mistake) -> float:
    if mistake.taken_for.probability is not None:
        return mistake.taken_for.probability
    return mistake.taken_for.score - mistake.own.score


def _counted(shown: int, found: int) -> str:
    """How many mistakes there are and how many are shown."""
    if not found:
        return "No mistakes"
    return f"The {shown} surest of {found:,} mistakes" if shown < found else f"{found} mistakes, all there are"


def _words(paper: Paper, mistake: Mistake, x: float, y: float) -> None:
    """Under the image: what it was taken for and how surely, then what it is."""
    colours = paper.colours
    taken, own = mistake.taken_for, mistake.own
    paper.text(x, y + 15, shortened(taken.name, SIZE, _room(taken), True), SIZE, colours["bad"], bold=True,
               name="taken for")  # fmt: skip
    paper.text(x + SIDE, y + 15, taken.value, SIZE, colours["bad"], align="right", name="value")
    paper.text(x, y + 30, shortened(f"is {own.name}", SIZE, _room(own)), SIZE, colours["ink"], name="is")
    paper.text(x + SIDE, y + 30, own.value, SIZE, colours["pale"], align="right")


def _room(guess: Guess) -> float:
    """The room for a name before its value."""
    return SIDE - text_width(guess.value, SIZE) - 4
