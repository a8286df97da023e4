"""The best classes as labelled bars: a probability with softmax, a bare score with the SVM."""

from __future__ import annotations

from striate.look.paper import Paper, shortened, text_width
from striate.train.guess import Guess

WIDTH = 164  # CSS pixels
PITCH = 40  # from one bar to the next
HIGH = 9  # of a bar
SIZE = 12  # of the class's name


def bars_height(count: int) -> float:
    """How much room so many bars take."""
    return PITCH * count - (PITCH - HIGH - SIZE - 6)


def bars(paper: Paper, x: float, y: float, guesses: tuple[Guess, ...], chosen: int | None = None) -> list[float]:
    """Draw the guesses with their upper left corner at (x, y); returns the middle of each.

    The best is drawn in colour, or the class whose number is ``chosen``.
    """
    width = WIDTH
    colours, middles = paper.colours, []
    top = max(guesses[0].score, 1e-30)
    for place, guess in enumerate(guesses):
        above = y + place * PITCH
        part = max(guess.score, 0.0) / top if guess.probability is None else guess.probability
        room = width - text_width(guess.value, SIZE) - 12
        first = place == 0 if chosen is None else guess.number == chosen
        paper.text(
            x, above + SIZE - 1, shortened(guess.name, SIZE, room, first), SIZE, bold=first, name=f"class{place + 1}"
        )
        paper.text(x + width, above + SIZE - 1, guess.value, SIZE, colours["ink" if first else "pale"], align="right")
        paper.box(x, above + SIZE + 5, width, HIGH, colours["line"], layer=1.1)
        if part > 0:
            fill = colours["accent" if first else "pale"]
            long = max(width * min(part, 1.0), 1.0)
            paper.box(x, above + SIZE + 5, long, HIGH, fill, name=f"bar{place + 1}", layer=1.2)
        middles.append(above + (SIZE + 5 + HIGH) / 2)
    return middles
