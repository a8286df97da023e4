"""The colours of every picture and page: one for each kind of layer, on a light and on a dark ground."""

from __future__ import annotations

from striate.errors import ArgumentError

__all__ = ["ALIKE", "COLOURS", "NEGATIVE", "POSITIVE", "contrast", "kind_colour", "mixed", "rgb", "theme"]

COLOURS: dict[str, dict[str, str]] = {
    "light": {
        "ground": "#ffffff", "raised": "#f6f7f9", "line": "#d9dde3", "ink": "#1b2129", "pale": "#5b6570",
        "accent": "#1f63a8", "good": "#2f7a3d", "bad": "#b3261e",
        "INPUT": "#5b6570", "CONV": "#1f63a8", "RELU": "#2f7a3d", "POOL": "#a8470f", "FC": "#7b3fa0",
        "ADD": "#a02c6a", "CONCAT": "#4a56a6", "DROPOUT": "#7a5c00", "LOCAL": "#00707a", "BN": "#566b00",
        "GAP": "#a8470f", "LRN": "#8f2f66",
    },
    "dark": {
        "ground": "#14181d", "raised": "#1d232b", "line": "#353d48", "ink": "#e8ecf1", "pale": "#a3adb9",
        "accent": "#7db7f5", "good": "#7fcf8e", "bad": "#ff8a80",
        "INPUT": "#a3adb9", "CONV": "#7db7f5", "RELU": "#7fcf8e", "POOL": "#f2a365", "FC": "#cf9df0",
        "ADD": "#f49ac6", "CONCAT": "#aab4f7", "DROPOUT": "#d9bd5b", "LOCAL": "#5fd0d8", "BN": "#b9d65a",
        "GAP": "#f2a365", "LRN": "#f29ac6",
    },
}  # fmt: skip
"""Colours of text and lines; each has a contrast of at least 4.5 with its ground (WCAG 2.1), `line` apart."""

ALIKE = dict.fromkeys(("LEAKY", "ELU", "GELU", "SILU", "SIGMOID", "TANH", "MAXOUT"), "RELU")
"""Kinds that have the colour of another."""

NEGATIVE, POSITIVE = "#2b6cb0", "#d9730d"
"""The ends of the scale for signed numbers: weights and gradients. Zero is `raised`."""


def theme(dark: bool = False) -> dict[str, str]:
    """The colours on a light or a dark ground, by name.

    >>> theme()["ground"], theme(dark=True)["CONV"]
    ('#ffffff', '#7db7f5')
    """
    return COLOURS["dark" if dark else "light"]


def kind_colour(colours: dict[str, str], kind: str) -> str:
    """The colour of a kind of layer, or of one like it; a kind without any is written in ink.

    >>> kind_colour(theme(), "POOL"), kind_colour(theme(), "TANH"), kind_colour(theme(), "NORM")
    ('#a8470f', '#2f7a3d', '#1b2129')
    """
    return colours.get(ALIKE.get(kind, kind), colours["ink"])


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255, of ``#rrggbb``; ArgumentError for another text.

    >>> rgb("#1f63a8")
    (31, 99, 168)
    """
    try:
        red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    except ValueError:
        raise ArgumentError(f"a colour is written as #rrggbb, not {colour!r}") from None
    return red, green, blue


def mixed(ground: str, colour: str, part: float) -> str:
    """The colour laid over the ground: 0 is the ground, 1 the colour.

    >>> mixed("#000000", "#ffffff", 0.5)
    '#808080'
    """
    pairs = zip(rgb(ground), rgb(colour), strict=True)
    return "#" + "".join(f"{round(a + part * (b - a)):02x}" for a, b in pairs)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21. Source: WCAG 2.1, contrast ratio.

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    """The relative luminance, 0 to 1."""
    parts = [value / 255 for value in rgb(colour)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
