"""Ways out of slips of the pen: characters of other scripts and programs, and words that other programs use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from striate.notation.edits import Edit
from striate.notation.pointed import Place

__all__ = ["SLIP_RULES"]


def _put(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    yield place.put(match[1])


def _equals(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    yield place.put("=")


def _gone(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    yield place.put("", "leave it out")


def _unquoted(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    yield Edit("without quotes", 0, len(place.text), re.sub("['\"`‘’“”]", "", place.text))


def _unnamed(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    """Without what makes a name of its own of a layer's word."""
    rest = re.compile(r"\w+").match(place.text, place.start)
    yield Edit("without the name", place.start, rest.end() if rest else place.end, "")


def _times(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    """One repetition in place of two."""
    before = re.search(r"[*×∗·xX]\s*\d+\s*$", place.text[: place.start])
    if before:
        yield Edit(match[1], before.start(), place.end, match[1])


def _inner(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    """Without the bracket that is pointed at."""
    close = place.text.find("]", place.end)
    if close >= 0:
        inside = place.text[place.end : close]
        yield Edit("one bracket", place.start, close + 1, inside)


def _with_entry(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    """POOL or CONV with what the reason says at the end of its bracket."""
    rest = re.compile(r"(\d*)(?:\s*\[([^\[\]]*)\])?").match(place.text, place.end)
    entries = [rest[1], (rest[2] or "").strip()] if rest else []
    new = f"{match[1]}[{', '.join([*filter(None, entries), match[2]])}]"
    yield Edit(f"{match[1]}, {match[2]}", place.start, rest.end() if rest else place.end, new)


def _usual(place: Place, match: re.Match[str]) -> Iterator[Edit]:
    """The value that the range of a real number gives for example."""
    yield place.put(match[2], f"{match[1]}={match[2]}")


SLIP_RULES: tuple[tuple[str, Callable[[Place, re.Match[str]], Iterator[Edit]]], ...] = (
    (r": write '(.)'$", _put),
    (r"^':' has no meaning", _equals),
    (r"^U\+[0-9A-F]+ has no meaning|^'[^\x00-\x7f]' has no meaning", _gone),
    (r"quotes have no meaning", _unquoted),
    (r"^'_' has no meaning", _unnamed),
    (r"stand one behind the other: write (\*\d+)", _times),
    (r"write it out, as in ([\d.]+)", _put),
    (r"stand by themselves: write (\w+)$", _put),
    (r"it is (POOL|CONV) with .*, as in .* ([\w=]+)\]$", _with_entry),
    (r"^W, H and D of INPUT .*INPUT\[([\dx]+)\]$", _put),
    (r"^(\w+)(?:,| of) .*is a number (?:from|above) .*such as ([\d.]+), not", _usual),
    (r"^a bracket stands in", _inner),
    (r"(?:begins with its word|joined by x|repeats what).*: write (INPUT\[[\dx]+\]|[\dx]+|\*\d+)", _put),
)
