"""An image on its way through a network: every volume a column of activation maps, the best classes at the end.

After the central figure of the CS231n notes on ConvNets. Layers are the arrows, volumes the columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from striate.look import bars as bar
from striate.look.columns import MOST, Column, Group, Numbers, check_slices, groups, shortened_way
from striate.look.layout import BETWEEN, EDGE, FAN, LEAD, NAME, SKIP, SMALL, TINY, Placed, Row, lay_out, size_text
from striate.look.palette import kind_colour
from striate.look.paper import Paper, shortened, text_width, wrapped
from striate.look.pixels import grey, picture
from striate.look.subject import ImageSource, Source, pixels_of, subject
from striate.notation.network import Network
from striate.train.guess import Guess
from striate.volume import Volume

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEAD = 34  # above the maps: an arrow and a name
FOOT = 40  # below them: sizes


def activations(
    model: Source,
    image: ImageSource,
    *,
    slices: Sequence[int] | None = None,
    most: int = MOST,
    dark: bool = False,
    title: str = "",
) -> Figure:
    """The image at left, each volume as a column of its depth slices, the best five classes at right.

    Of volumes with many slices the ``most`` most active are shown (mean absolute activation), or ``slices``.
    Grey goes from black, the least number of a volume, to white, its largest. ``image`` is a file or an
    array (H, W, D). Raises ArgumentError, DataError or ModelError for what cannot be drawn.

    >>> import numpy as np, striate
    >>> program = striate.compile(striate.parse("INPUT[8x8x1] - CONV[4] - RELU - FC[3]"), batch=1)
    >>> figure = activations(program, np.zeros((8, 8, 1), np.uint8))
    >>> [text.get_text() for text in figure.axes[0].texts if text.get_gid() == "layer"]
    ['INPUT', 'CONV', 'RELU', 'FC']
    """
    about = subject(model)
    pixels, name = pixels_of(image, about.network.input)
    check_slices(about.network, slices)
    made = about.activations(pixels)
    way = Way(about.network, pixels, made, about.guesses(pixels))
    return draw_way(way, slices=slices, most=most, dark=dark, title=title or name)


@dataclass(frozen=True, eq=False)
class Way:
    """An image (H, W, D), the volumes (H, W, D) that a network made of it, and the best classes."""

    network: Network
    pixels: Numbers
    made: Mapping[str, Numbers]
    guesses: tuple[Guess, ...]


def draw_way(
    way: Way, *, slices: Sequence[int] | None = None, most: int = MOST, dark: bool = False, title: str = ""
) -> Figure:
    """The figure of ``activations``, of volumes that are there already.

    >>> from striate.notation.parse import parse
    >>> network = parse("INPUT[2x2x1] - FC[3]")
    >>> made = {node.name: np.zeros(node.output.shape) for node in network.nodes}
    >>> figure = draw_way(Way(network, made["input"], made, (Guess(0, "cat", 0.5),)))
    >>> [text.get_text() for text in figure.axes[0].texts if text.get_gid() == "class1"]
    ['cat']
    """
    columns = groups(way.network, way.made, slices, most)
    return _Drawing(columns, way.pixels, way.guesses, dark).draw(title, str(way.network))


class _Drawing:
    """The figure on its way: the layout first, then the paper."""

    def __init__(self, columns: list[Group], pixels: Numbers, guesses: tuple[Guess, ...], dark: bool) -> None:
        self.pixels, self.guesses, self.dark = pixels, guesses, dark
        shown, self.left_out, self.skip = shortened_way(columns)
        self.first_after = shown[self.skip][0] if self.skip is not None else None
        self.some = any(column.how == "most active" for group in shown for column in group)
        self.layout = lay_out(shown, _volume(pixels), self.skip)

    def draw(self, title: str, line: str) -> Figure:
        """Everything on paper."""
        layout, wide = self.layout, self.layout.right + EDGE
        note = wrapped(line, SMALL, wide - 2 * EDGE, 3)
        if self.left_out:
            note.append(f"{self.left_out:,} layers in the middle are left out")
        top = EDGE + 18 * bool(title) + len(note) * SMALL * 1.4 + 10
        heights = [HEAD + row.high + FOOT for row in layout.rows]
        heights[0] = max(heights[0], HEAD + layout.height + (150 if self.some else 90))
        paper = Paper(wide, top + sum(heights) + EDGE / 2, self.dark)
        if title:
            paper.text(EDGE, EDGE + 6, shortened(title, 14, wide - 2 * EDGE, True), 14, bold=True, name="title")
        paper.lines(EDGE, EDGE + 6 + 18 * bool(title), note, SMALL, paper.colours["pale"])
        for number, (row, height) in enumerate(zip(layout.rows, heights, strict=True)):
            self._draw_row(paper, row, top, number)
            top += height
        return paper.figure

    def _draw_row(self, paper: Paper, row: Row, top: float, number: int) -> None:
        maps = top + HEAD
        if number == 0:
            self._draw_input(paper, maps)
        before = EDGE + self.layout.room if number == 0 else EDGE - 6.0
        for placed in row.placed:
            _draw_arrow(paper, placed.column, before, placed.middle, maps - 12)
            before = placed.middle
        for group in row.groups:
            if group[0].column is self.first_after:
                paper.text(group[0].x - LEAD - SKIP / 2, maps + row.high / 2, "· · ·", 14, paper.colours["pale"],
                           bold=True, align="center", name="left out")  # fmt: skip
            for place, each in enumerate(group):
                _draw_column(paper, each, maps, row.high, numbers=place == 0)
            _draw_size(paper, group, maps, row.high)
        if row is self.layout.rows[-1]:
            self._draw_bars(paper, row, maps)

    def _draw_input(self, paper: Paper, top: float) -> None:
        """The image, its size, and how the maps are to be read."""
        pale, room = paper.colours["pale"], self.layout.room
        x = EDGE + (room - self.layout.width) / 2
        paper.text(EDGE + room / 2, top - 18, "INPUT", NAME, paper.colours["INPUT"], bold=True, align="center",
                   name="layer")  # fmt: skip
        paper.image(x, top, picture(self.pixels), self.layout.width, self.layout.height, "input")
        y = top + self.layout.height + SMALL + 5
        paper.text(EDGE + room / 2, y, size_text(_volume(self.pixels)), SMALL, pale, align="center", name="size")
        depth = self.pixels.shape[-1]
        if depth not in (1, 3):
            y += 1.35 * SMALL
            paper.text(EDGE + room / 2, y, f"mean of {depth:,} slices", TINY, pale, align="center")
        y += 24
        ramp = np.linspace(0, 1, 64)[None].repeat(8, 0)
        paper.image(EDGE, y, grey(ramp, 0, 1), room, 7)
        paper.box(EDGE, y, room, 7, None, paper.colours["line"], 0.8, layer=3)
        y += 7 + TINY + 3
        paper.text(EDGE, y, "least", TINY, pale)
        paper.text(EDGE + room, y, "largest", TINY, pale, align="right")
        y = paper.lines(EDGE, y + 1.4 * TINY, wrapped("number in each volume", TINY, room), TINY, pale)
        if self.some:
            words = "Of many depth slices the most active: mean |activation|"
            paper.lines(EDGE, y + 8, wrapped(words, TINY, room), TINY, pale)

    def _draw_bars(self, paper: Paper, row: Row, top: float) -> None:
        """The best classes, each with a line from its score where that is shown."""
        last = row.groups[-1][-1]
        pitch = last.pitch(row.high)
        tall = len(last.column.slices) * pitch
        y = top + max(0.0, (tall - bar.bars_height(len(self.guesses))) / 2)
        middles = bar.bars(paper, row.right + FAN, y, self.guesses)
        if not last.column.cells:
            return
        for place, (guess, middle) in enumerate(zip(self.guesses, middles, strict=True)):
            if guess.number in last.column.slices:
                at = top + (last.column.slices.index(guess.number) + 0.5) * pitch - BETWEEN / 2
                colour = paper.colours["accent" if place == 0 else "line"]
                paper.curve((row.right + 2, at), (row.right + FAN - 6, middle), colour, 1.4 if place == 0 else 1.1)


def _draw_arrow(paper: Paper, column: Column, before: float, middle: float, y: float) -> None:
    """From the volume before to this one, with the layer's name above."""
    kind = column.node.layer.kind
    colour = kind_colour(paper.colours, kind)
    paper.arrow(before + 3, middle - 2, y, colour)
    # Beside its own column, where an arrow comes a long way.
    at = max((before + middle) / 2, middle - 28)
    paper.text(at, y - 7, kind, NAME, colour, bold=True, align="center", name="layer")


def _draw_column(paper: Paper, placed: Placed, top: float, high: float, numbers: bool) -> None:
    """The maps or cells of one volume, one under the other."""
    column, line = placed.column, paper.colours["line"]
    pitch = placed.pitch(high)
    for place, number in enumerate(column.slices):
        y = top + place * pitch
        shades = grey(column.values[..., number], column.low, column.high)
        name = f"{column.node.name}[{number}]"
        paper.image(placed.x, y, shades, placed.width, pitch - BETWEEN, name)
        paper.box(placed.x, y, placed.width, pitch - BETWEEN, None, line, 0.8, layer=3)
        if numbers and column.how and not column.cells:
            paper.text(placed.x - 4, y + (pitch - BETWEEN + TINY * 0.7) / 2, str(number), TINY, paper.colours["pale"],
                       align="right", name="slice")  # fmt: skip


def _draw_size(paper: Paper, group: tuple[Placed, ...], top: float, high: float) -> None:
    """Under the columns, their volume and which slices are shown."""
    first, last = group[0], group[-1]
    tall = len(first.column.slices) * first.pitch(high)
    middle, y = (first.x + last.right) / 2, top + tall + SMALL + 3
    paper.text(middle, y, size_text(first.column.node.output), SMALL, paper.colours["ink"], align="center", name="size")
    if first.column.how:
        words = first.column.chosen
        room = last.right - first.x + LEAD
        if text_width(words, TINY) > room:
            words = f"{len(first.column.slices)} of {first.column.node.output.depth:,}"
        paper.text(middle, y + 1.35 * SMALL, words, TINY, paper.colours["pale"], align="center", name="chosen")


def _volume(pixels: Numbers) -> Volume:
    height, width, depth = pixels.shape
    return Volume(width, height, depth)
