"""Edits of a line of notation, and a layer with another setting in the writer's own style."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from striate.errors import NotationError
from striate.layers import Layer
from striate.notation.brackets import read_layer
from striate.notation.cursor import Cursor

__all__ = ["Edit", "set_depth", "set_setting"]


@dataclass(frozen=True)
class Edit:
    """``new`` in place of ``text[start:end]``; the label says what it does in a word or two."""

    label: str
    start: int
    end: int
    new: str

    def apply(self, text: str) -> str:
        """The text after the edit.

        >>> Edit("S=1", 5, 8, "S=1").apply("POOL[S=2]")
        'POOL[S=1]'
        """
        return text[: self.start] + self.new + text[self.end :]


def set_setting(layer: str, letter: str, value: int | str, fit: str = "raise") -> Iterator[str]:
    """The text of a layer with one setting changed: first as its writer put it, then in canonical form.

    >>> next(set_setting("CONV[4, S=2, P=0]", "S", 1)), next(set_setting("POOL", "fit", "pad"))
    ('CONV[4, S=1, P=0]', 'POOL[fit=pad]')
    >>> next(set_setting("conv[4, 5x5]", "F", 3)), list(set_setting("CONV5-16", "F", 3))[-1]
    ('conv[4, 3x3]', 'CONV[16, P=2]')
    """
    yield from _in_place(layer, letter, value)
    read = _read(layer, fit)
    name = next((each.name for each in read.settings if each.letter == letter), "fit") if read else ""
    if read is not None and hasattr(read, name):
        changes: dict[str, Any] = {name: _number(value)}
        try:
            yield replace(read, **changes).notation()
        except NotationError:
            return


def set_depth(text: str, end: int, depth: int) -> Iterator[Edit]:
    """The edits of ``text`` that give the last layer before ``end`` that decides on a depth another one.

    >>> text = "INPUT[8x8x1] - CONV[9] - RELU - MAXOUT - FC[3]"
    >>> [edit.apply(text) for edit in set_depth(text, text.index("MAXOUT"), 8)][-1]
    'INPUT[8x8x1] - CONV[8] - RELU - MAXOUT - FC[3]'
    """
    found = list(re.finditer(r"\b(input|conv|local|fc)\d*\s*(?:\[[^\[\]]*\]|-\s*\d+)", text[:end], re.IGNORECASE))
    if found:
        last = found[-1]
        letter = {"INPUT": "D", "CONV": "K", "LOCAL": "K", "FC": "n"}[last[1].upper()]
        for new in set_setting(last[0], letter, depth):
            yield Edit(f"D={depth}", last.start(), last.end(), new)


def _number(value: int | str) -> int | str | tuple[int, ...]:
    """``"3"`` and ``"3x5"`` as numbers; words as they are."""
    sides = str(value).split("x")
    if not all(side.isdecimal() for side in sides):
        return value
    return int(sides[0]) if len(sides) == 1 else tuple(map(int, sides))


def _in_place(layer: str, letter: str, value: int | str) -> Iterator[str]:
    said = re.compile(rf"(\b{letter}\s*=\s*)\w+(?:\s*[xX×*]\s*\d+)?", re.IGNORECASE)
    if said.search(layer):
        yield said.sub(rf"\g<1>{value}", layer, count=1)
        return
    wide, _, high = str(value).partition("x")
    high = high or wide
    if letter == "F":
        size = re.compile(r"\b\d+(\s*[xX×*]\s*)\d+\b")
        if size.search(layer):
            yield size.sub(rf"{wide}\g<1>{high}", layer, count=1)
            return
    bare = re.compile(r"(\[\s*)\d+(?=\s*[,\]])")
    if letter == "K" and bare.search(layer):
        yield bare.sub(rf"\g<1>{value}", layer, count=1)
        return
    entry = f"{wide}x{high}" if letter == "F" else f"{letter}={value}"
    if layer.rstrip().endswith("]"):
        end = layer.rindex("]")
        comma = "" if layer[:end].rstrip().endswith("[") else ", "
        yield f"{layer[:end].rstrip()}{comma}{entry}{layer[end:]}"
    else:
        yield f"{layer}[{entry}]"


def _read(layer: str, fit: str) -> Layer | None:
    """The layer alone; a default that its F does not have is given, so that other settings can be changed."""
    for text in (layer, next(_in_place(layer, "P", 0))):
        try:
            return read_layer(Cursor(text), fit).layer
        except NotationError:
            continue
    return None
