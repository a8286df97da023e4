"""Ways out of what is wrong with a pattern: other letters, other values behind the last layer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from striate.notation.edits import Edit
from striate.notation.pointed import Place

__all__ = ["PATTERN_RULES", "give"]


def give(place: Place, word: str, value: str) -> Edit:
    """``word=value`` behind the last layer, in place of what is given there or beside it."""
    text, label = place.text, f"{word}={value}"
    said = re.compile(rf"\b{word}\s*=\s*[\dxX,]*\d", re.IGNORECASE).search(text, text.rfind("]") + 1)
    if said:
        return Edit(label, said.start(), said.end(), label)
    end = len(text.rstrip())
    return Edit(label, end, len(text), f" {label}")


def _missing(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    for value in ("2", "1"):
        yield give(place, match[1], value)


def _optional(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    yield give(place, match[1], match[2])


def _first(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    yield give(place, match[1], match[2].split(",")[0])


def _either(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    for value in "10":
        yield give(place, match[1], value)


def _in_bracket(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    yield place.put(match[1])


def _size(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    sides = match[1].split("x")
    for depth in "31":
        size = [*sides, depth] if len(sides) == 2 else [sides[0], sides[0], depth]
        yield give(place, "INPUT", "x".join(size))


def _number(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    yield give(place, match[1], re.split("[x,]", match[2])[-1])


def _alone(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    """A network with a name, in place of all."""
    yield Edit(match[1], 0, len(place.text), match[1])


def _least(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    yield give(place, match[1], match[2])


def _into_bracket(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    """A setting behind its layer's bracket, moved into it."""
    before = place.text[: place.start].rstrip()
    if before.endswith("]"):
        yield Edit(f"put {match[1]} into the bracket", len(before) - 1, place.end, f", {match[1]}]")


PATTERN_RULES: tuple[tuple[str, Callable[[Place, re.Match[str]], Iterator[Edit]]], ...] = (
    (r"^(\w+) is not given", _missing),
    (r"optional: (\w+)=([\d,]+) does", _optional),
    (r"^(\w+)=([\d,]+) has .* give 1", _first),
    (r"^(\w+) is optional here", _either),
    (r"or write (\w+\[[\dx,]+\])", _in_bracket),
    (r"^(\w+=[\dx,]+) stands amid", _into_bracket),
    (r"gives what cannot be: .* write it as in (INPUT)=([\dx]+)$", _least),
    (r"given in vain: write (.*)$", _in_bracket),
    (r"given in vain, .*, or write (classes=\d+)$", _in_bracket),
    (r"^(\w+)=[\dx,]+ gives what cannot be: .* is a whole number from (\d+)", _least),
    (r"^INPUT takes width x height x depth, not ([\dx]+): write it as in INPUT=", _size),
    (r"^(\w+) (?:takes|is) one number, not ([\dx,]+): (?:its bracket|the times|write \w+=)", _number),
    (r"its name stands alone, .* as in ([\w-]+)$", _alone),
    (r"write it as in ([a-z][\w-]*\[[\dx, ]+\])$", _alone),
)
