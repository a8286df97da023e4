"""Ways out of errors about ( ... )+ and { ... | ... }: ways that do not fit each other, or are not whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

from striate.notation.edits import Edit
from striate.notation.pointed import Place

__all__ = ["dot", "kept", "plus", "projected", "square"]


def square(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    """Square brackets in place of others, in what is pointed at or everywhere."""
    for start, end in ((place.start, place.end), (0, len(place.text))):
        new = place.text[start:end].translate(str.maketrans("(){}<>", "[][][]"))
        yield Edit("square brackets", start, end, new)


def projected(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    """The projection that the reason names at the end of the shortcut's way, or of the group's."""
    close, projection = place.text.rindex(")", place.start, place.end), match[2]
    bars = [place.start + bar.start() for bar in re.finditer(r"\|", place.pointed)]
    if match[1] == "group":
        for end in (*bars, close):
            if place.text[:end].rstrip().endswith("."):
                yield Edit(projection, place.text.rindex(".", 0, end), end, f"{projection} ")
            yield place.insert(f" - {projection}", len(place.text[:end].rstrip()), projection)
        return
    for bar in bars:
        yield Edit(projection, bar, close, f"| {projection} ")
    for sign in ("|", "-"):
        yield place.insert(f" {sign} {projection}", len(place.text[:close].rstrip()), projection)


def kept(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    """POOLs of a branch with stride 1 and the padding that keeps sizes."""
    for pool in re.finditer(r"POOL(?:\s*\[[^\[\]]*\]|\s*\d+)?", place.pointed, re.IGNORECASE):
        field = re.search(r"\d+", pool[0])
        side = int(field[0][:9]) if field else 3
        for odd in dict.fromkeys((side | 1, 3)):
            new = f"POOL[{odd}x{odd}, S=1, P={odd // 2}]"
            yield Edit(new, place.start + pool.start(), place.start + pool.end(), new)


def plus(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    """A + behind a bracket, or square brackets."""
    yield place.insert("+", place.end, "put + behind it")
    yield from square(place, match)


def dot(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    """A dot for a way that is missing."""
    yield place.insert(" . ", place.end, "a dot")
