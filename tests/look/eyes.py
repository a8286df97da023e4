"""What is on a figure, by the names that its parts carry; and whether it can be read."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from matplotlib.figure import Figure


def texts(figure: Figure, name: str) -> list[str]:
    """The texts of that name, in the order in which they were written."""
    return [text.get_text() for text in figure.axes[0].texts if text.get_gid() == name]


def images(figure: Figure) -> dict[str, Any]:
    """The images by their names."""
    return {image.get_gid(): image for image in figure.axes[0].images if image.get_gid()}


def pixels(figure: Figure, name: str) -> Any:
    """The pixels of the image of that name."""
    return images(figure)[name].get_array()


def tile(figure: Figure, name: str, row: int, column: int, rows: int) -> Any:
    """One of the square tiles, in so many rows, that the image of that name is made of, 5 pixels apart."""
    sheet = pixels(figure, name)
    high = (len(sheet) + 5) // rows - 5
    own = sheet[row * (high + 5) : row * (high + 5) + high]
    return own[:, column * (high + 5) : column * (high + 5) + high]


def widths(figure: Figure, name: str) -> list[float]:
    """The widths of the boxes whose names begin so."""
    return [patch.get_width() for patch in figure.axes[0].patches if (patch.get_gid() or "").startswith(name)]


def check_legible(figure: Figure) -> None:
    """Everything is on the sheet, and no level text lies over another, or over an image (counts in cells apart)."""
    figure.draw_without_rendering()
    sheet = figure.bbox
    boxes = [(text, text.get_window_extent()) for text in figure.axes[0].texts if text.get_text()]
    for thing, box in [*boxes, *((image, image.get_window_extent()) for image in figure.axes[0].images)]:
        assert box.x0 >= -0.5, thing
        assert box.y0 >= -0.5, thing
        assert box.x1 <= sheet.x1 + 0.5, thing
        assert box.y1 <= sheet.y1 + 0.5, thing
    level = [(text, box) for text, box in boxes if not text.get_rotation()]
    for (one, first), (other, second) in combinations(level, 2):
        assert not _meet(first, second), (one, other)
    for text, box in level:
        if text.get_gid() == "count":
            continue  # those stand in their cells
        for image in figure.axes[0].images:
            assert not _meet(box, image.get_window_extent()), (text, image.get_gid())


def _meet(first: Any, second: Any) -> bool:
    """Whether two boxes share more than their edges."""
    across = min(first.x1, second.x1) - max(first.x0, second.x0)
    down = min(first.y1, second.y1) - max(first.y0, second.y0)
    return bool(across > 1 and down > 1)
