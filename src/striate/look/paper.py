"""A sheet to draw on: one matplotlib figure, measured in CSS pixels from its upper left corner.

Everything a picture needs is asked of the sheet, so that no picture depends on matplotlib's settings. Text is
never read as formulas, and images land on whole pixels of the file.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.look.letters import families, quiet
from striate.look.palette import theme
from striate.look.pixels import Bytes, resampled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UNIT = 96  # CSS pixels an inch
DENSITY = 2.5  # pixels of the file for one of CSS
POINTS = 0.75  # a CSS pixel in points


@functools.lru_cache(4096)
def text_width(text: str, size: float, bold: bool = False) -> float:
    """How wide the text is, in CSS pixels, set at ``size`` CSS pixels.

    >>> text_width("CONV", 10, bold=True) > text_width("FC", 10, bold=True) > 0
    True
    """
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.font_manager import FontProperties

    font = FontProperties(family=families(text), size=size * POINTS, weight="bold" if bold else "normal")
    with quiet():
        renderer: Any = RendererAgg
        wide, _, _ = renderer(1, 1, 8 * UNIT).get_text_width_height_descent(text, font, ismath=False)
    return float(wide) / 8


def shortened(text: str, size: float, width: float, bold: bool = False) -> str:
    """The text on one line, its end left out for an ellipsis where it would be wider than ``width``.

    >>> shortened("a very long name of a class", 10, 80)
    'a very long n…'
    """
    text = " ".join(text.split()) or "(no name)"
    if text_width(text, size, bold) <= width:
        return text
    while text and text_width(text + "…", size, bold) > width:
        text = text[:-1].rstrip()
    return text + "…"


def wrapped(text: str, size: float, width: float, most: int = 99) -> list[str]:
    """The words in lines no wider than ``width``, at most so many lines.

    >>> wrapped("the 10 most active of 512", 10, 90)
    ['the 10 most', 'active of 512']
    """
    lines: list[str] = []
    words = text.split()
    while words:
        line = words.pop(0)
        while words and text_width(f"{line} {words[0]}", size) <= width:
            line += f" {words.pop(0)}"
        if len(lines) == most - 1 and words:
            line, words = " ".join([line, *words]), []
        lines.append(shortened(line, size, width))
    return lines


@functools.cache
def _sheet() -> type[Figure]:
    """Figures that a notebook shows, at their natural size, whether pyplot is loaded or not."""
    from matplotlib.figure import Figure

    from striate.look.save import picture_bytes

    class Sheet(Figure):
        """A matplotlib figure."""

        def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
            wide, high = (round(float(inches) * UNIT) for inches in self.get_size_inches())
            return picture_bytes(self), {"width": wide, "height": high}

    return Sheet


class Paper:
    """A sheet of ``width`` x ``height`` CSS pixels; y grows downwards.

    >>> paper = Paper(200, 100)
    >>> paper.text(10, 20, "32x32x10", 10)
    >>> [text.get_text() for text in paper.axes.texts]
    ['32x32x10']
    """

    def __init__(self, width: float, height: float, dark: bool = False) -> None:
        self.colours = theme(dark)
        self.width, self.height = np.ceil(width), np.ceil(height)
        self.figure = _sheet()(
            (self.width / UNIT, self.height / UNIT), dpi=UNIT * DENSITY, facecolor=self.colours["ground"]
        )
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_xlim(0, self.width)
        self.axes.set_ylim(self.height, 0)
        self.axes.set_axis_off()
        self.axes.set_autoscale_on(False)

    def text(
        self, x: float, y: float, text: str, size: float, colour: str = "", *, bold: bool = False, align: str = "left",
        name: str | None = None, turn: float = 0.0,
    ) -> None:  # fmt: skip
        """Write one line whose baseline is at y; ``align``: left, center or right of x."""
        self.axes.text(
            x, y, text, fontsize=size * POINTS, color=colour or self.colours["ink"], ha=align, va="baseline",
            fontweight="bold" if bold else "normal", family=families(text), parse_math=False, gid=name,
            rotation=turn, rotation_mode="anchor",
        )  # fmt: skip

    def lines(
        self, x: float, y: float, lines: list[str], size: float, colour: str = "", leading: float = 1.35
    ) -> float:
        """Write lines one under the other; returns the y beneath them."""
        for number, line in enumerate(lines):
            self.text(x, y + number * leading * size, line, size, colour)
        return y + len(lines) * leading * size

    def image(self, x: float, y: float, pixels: Bytes, width: float, height: float, name: str | None = None) -> None:
        """Place (H, W, 3) pixels with their upper left corner near (x, y), on whole pixels of the file."""
        left, top = snap(x), snap(y)
        wide, high = max(1, round(width * DENSITY)), max(1, round(height * DENSITY))
        right, bottom = left + wide / DENSITY, top + high / DENSITY
        image = self.axes.imshow(
            resampled(pixels, high, wide), extent=(left, right, bottom, top), interpolation="nearest", aspect="auto",
            origin="upper", zorder=2,
        )  # fmt: skip
        image.set_gid(name)

    def box(
        self, x: float, y: float, width: float, height: float, fill: str | None = None, edge: str | None = None,
        line: float = 1.0, radius: float = 0.0, name: str | None = None, layer: float = 1.0,
    ) -> None:  # fmt: skip
        """Draw a rectangle."""
        from matplotlib.patches import FancyBboxPatch, Rectangle

        look: dict[str, Any] = {
            "facecolor": fill or "none", "edgecolor": edge or "none", "linewidth": line * POINTS, "gid": name,
            "zorder": layer,
        }  # fmt: skip
        if radius:
            style = f"round,pad=0,rounding_size={radius}"
            self.axes.add_patch(FancyBboxPatch((x, y), width, height, boxstyle=style, mutation_aspect=1, **look))
        else:
            self.axes.add_patch(Rectangle((x, y), width, height, **look))

    def polygon(self, points: list[tuple[float, float]], fill: str, edge: str, line: float = 1.0) -> None:
        """Draw a closed polygon."""
        from matplotlib.patches import Polygon

        self.axes.add_patch(
            Polygon(points, closed=True, facecolor=fill, edgecolor=edge, linewidth=line * POINTS, joinstyle="round")
        )

    def outline(self, points: list[tuple[float, float]], edge: str, line: float = 1.0) -> None:
        """Draw a closed polygon that is not filled."""
        self.stroke([*points, points[0]], edge, line, layer=3)

    def stroke(
        self, points: list[tuple[float, float]], colour: str, line: float = 1.0, layer: float = 1.5
    ) -> None:  # fmt: skip
        """Draw a line through the points."""
        from matplotlib.lines import Line2D

        across, down = zip(*points, strict=True)
        self.axes.add_line(
            Line2D(across, down, color=colour, linewidth=line * POINTS, solid_capstyle="round", zorder=layer)
        )  # fmt: skip

    def arrow(self, start: float, end: float, y: float, colour: str) -> None:
        """Draw a horizontal arrow from left to right."""
        head = min(5.0, (end - start) / 2)
        self.stroke([(start, y), (end - head / 2, y)], colour, 1.4)
        self.polygon([(end, y), (end - head, y - 0.55 * head), (end - head, y + 0.55 * head)], colour, colour, 0.4)

    def curve(self, start: tuple[float, float], end: tuple[float, float], colour: str, line: float = 1.0) -> None:
        """Draw a curve that leaves and arrives horizontally."""
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        middle = (start[0] + end[0]) / 2
        path = Path(
            [start, (middle, start[1]), (middle, end[1]), end], [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
        )
        self.axes.add_patch(
            PathPatch(path, facecolor="none", edgecolor=colour, linewidth=line * POINTS, zorder=1.2, capstyle="round")
        )


def snap(value: float) -> float:
    """The nearest place that begins a pixel of the file."""
    return round(value * DENSITY) / DENSITY
