"""Patterns: lines with letters and question marks, and what is given for them behind the last layer.

    INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC   N=2 M=3 K=1 CONV=16,32,64

A letter is a number of repetitions, from 0. What is optional is there unless its first layer is given as 0, for all its
places or, with commas, for each. In a pattern CONV, FC and INPUT may be bare: without their number, or their size.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import groupby, pairwise
from typing import Any

from striate.errors import NotationError
from striate.layers import LAYERS
from striate.layers.layer import MOST
from striate.notation.brackets import Placed
from striate.notation.cursor import Cursor
from striate.notation.tokens import Token

__all__ = ["BARE", "CLASSES", "Given", "Pattern", "Unfolded", "read_pattern"]

BARE = {"INPUT": {"W": 32, "H": 32, "D": 3}, "CONV": {"K": 10}, "LOCAL": {"K": 10}, "FC": {"n": 64}}
_MOST_SHOWN = 20  # values in a message
CLASSES = 10  # of a bare FC that ends the line

Unfolded = list[tuple[Placed, tuple[str, ...]]]


@dataclass
class Given:
    """``word=value,value``: each value is a number, or three for INPUT's size."""

    word: Token
    values: list[list[int]]
    end: int
    used: bool = False

    @property
    def shown(self) -> str:
        """Its values as text; of very many, the first."""
        more = ",…" if len(self.values) > _MOST_SHOWN else ""
        return ",".join("x".join(map(str, value)) for value in self.values[:_MOST_SHOWN]) + more


@dataclass
class Pattern:
    """What is given for a text, by its word in capital letters; ``active``: whether the text is a pattern at all."""

    text: str
    active: bool
    given: dict[str, Given] = field(default_factory=dict)
    places: Counter[str] = field(default_factory=Counter)  # of what is optional, met so far

    @property
    def bare(self) -> dict[str, dict[str, int]]:
        """The settings that layers may lack here, with what they are if nothing is given."""
        return BARE if self.active else {}

    def times(self, letter: Token) -> int:
        """How often that stands which ``letter`` repeats."""
        given = self._of(letter.text)
        if given is None:
            usual = {"N": " (as a rule 0 to 3)", "K": " (as a rule 0 to 2)"}.get(letter.text.upper(), "")
            reason = (
                f"{letter.text} is not given: say behind the line how often this stands{usual}, as in {letter.text}=2"
            )
            raise NotationError(reason, self.text, letter.position, len(letter.text))
        if len(given.values) != 1 or len(given.values[0]) != 1:
            reason = f"{letter.text} is one number, not {given.shown}: the times that *{letter.text} repeats"
            raise self._error(given, reason)
        return given.values[0][0]

    def keeps(self, word: str) -> bool:
        """Whether what is optional and begins with ``word`` is there, the next time that it comes up."""
        given = self._of(word)
        place = self.places[word]
        self.places[word] += 1
        if given is None:
            return True
        values = given.values if word not in BARE else given.values[:1]
        return values[min(place, len(values) - 1)] != [0]

    def settle(self, layers: Unfolded) -> Unfolded:
        """The layers with what is given for the bare ones; NotationError for what is given wrongly or in vain."""
        self._check_left_out()
        settled = [(self._with_way(placed), rounds) for placed, rounds in layers]
        bare = [at for at, (placed, _) in enumerate(settled) if placed.bare]
        ending = bare[-1:] if bare and bare[-1] == len(settled) - 1 and settled[-1][0].layer.kind == "FC" else []
        for kind in BARE:
            places = [at for at in bare if settled[at][0].layer.kind == kind and at not in ending]
            self._spread(kind, settled, places, ending if kind == "FC" else [])
        self._check_optional()
        for given in self.given.values():
            if not given.used:
                reason = self._in_vain(given, settled)
                length = len(given.word.text) if "did you mean" in reason else given.end - given.word.position
                raise NotationError(reason, self.text, given.word.position, length)
        return settled

    def _of(self, word: str) -> Given | None:
        given = self.given.get(word.upper())
        if given is not None:
            given.used = True
        return given

    def _spread(self, kind: str, settled: Unfolded, places: list[int], ending: list[int]) -> None:
        """The values given for one kind of layer to its bare ones."""
        if ending:
            classes = self._of("classes")
            chosen = self._single(classes) if classes else [CLASSES]
            self._put(settled, ending[0], chosen, classes)
        if not (places or ending):
            return
        if not places and ("CLASSES" in self.given or self._repeats_none(kind, len(ending))):
            return
        given = self._of(kind)
        if given is None or (given.values == [[0]] and kind in self.places):
            return
        values = given.values
        if ending and len(values) == len(places) + 1 and "CLASSES" not in self.given:
            self._put(settled, ending[0], values[-1], given)
            values = values[:-1]
        runs = [list(run) for _, run in groupby(places, lambda at: settled[at][1][:1] or (str(at),))]
        spread = {1: [values[0]] * len(places) if values else [], len(runs): [], len(places): values}
        if len(values) == len(runs):
            spread[len(runs)] = [value for value, run in zip(values, runs, strict=True) for _ in run]
        if len(values) not in spread:
            open_ended = bool(ending) and "CLASSES" not in self.given
            more = {len(places) + 1} if open_ended else set()
            ways = " or ".join(str(count) for count in sorted({1, len(runs), len(places), *more} - {0}))
            bare = len(places) + open_ended
            reason = f"{kind}={given.shown} has {len(given.values)} values for {bare} bare {kind}{'s' * (bare > 1)}"
            raise self._error(given, f"{reason}: give {ways}")
        for at, value in zip(places, spread[len(values)], strict=True):
            self._put(settled, at, value, given)

    def _single(self, given: Given) -> list[int]:
        if len(given.values) != 1 or len(given.values[0]) != 1:
            raise self._error(given, f"{given.word.text} is one number, not {given.shown}: write {given.word.text}=10")
        return given.values[0]

    def _put(self, settled: Unfolded, at: int, value: list[int], given: Given | None) -> None:
        """One layer with its numbers."""
        placed, rounds = settled[at]
        letters = list(BARE[placed.layer.kind])
        if len(value) != len(letters) and given is not None:
            size = "x".join(map(str, value))
            word = given.word.text
            reason = f"{word} takes one number, not {size}: its bracket has the size, as in {word}[5x5] ... {word}=16"
            if len(letters) == 3:
                reason = f"{word} takes width x height x depth, not {size}: write it as in {word}=32x32x3"
            raise self._error(given, reason)
        names = {setting.letter: setting.name for setting in placed.layer.settings}
        settings: dict[str, Any] = {names[letter]: number for letter, number in zip(letters, value, strict=True)}
        try:
            settled[at] = replace(placed, layer=replace(placed.layer, **settings)), rounds
        except NotationError as error:
            if given is None:
                raise
            sizes = f": write it as in {given.word.text}=32x32x3" if len(letters) == 3 else ""
            reason = f"{given.word.text}={given.shown} gives what cannot be: {error.reason}{sizes}"
            raise self._error(given, reason) from None

    def _with_way(self, placed: Placed) -> Placed:
        """An optional layer with the way to leave it out, for an error that concerns it."""
        if not placed.optional:
            return placed
        word, place = placed.optional
        values = ["1"] * self.places[word]
        values[place] = "0"
        out = "0" if len(values) == 1 or word in BARE else ",".join(values)
        return replace(placed, way=f" (it is optional: {word}={out} does without it)")

    def _repeats_none(self, kind: str, ending: int) -> bool:
        """Whether the line has more places for ``kind`` than its end, none of which is repeated even once."""
        given = self.given.get(kind)
        line = self.text[: given.word.position if given else None].upper()
        return given is not None and not self.places[kind] and len(re.findall(rf"\b{kind}(?![A-Z])", line)) > ending

    def _check_left_out(self) -> None:
        """A 0 leaves all out that is optional, so nothing is to be given behind it."""
        for word in BARE:
            given = self.given.get(word)
            if given and self.places[word] and given.values[0] == [0] and len(given.values) > 1:
                ending = f" classes={given.values[-1][0]}" if word == "FC" and "CLASSES" not in self.given else ""
                reason = f"{word}={given.shown}: its 0 leaves {word}? out, so what follows it is given in vain"
                raise self._error(given, f"{reason}: write {word}=0{ending}")

    def _check_optional(self) -> None:
        """What is given for optional layers: 1 or 0, once or for each place."""
        for word, count in self.places.items():
            given = self.given.get(word)
            if given is None or word in BARE:
                continue
            if any(value not in ([0], [1]) for value in given.values):
                reason = f"{word} is optional here, so {word}=1 says that it is there and {word}=0 that it is not"
                raise self._error(given, f"{reason}; {given.shown} is neither")
            if len(given.values) not in (1, count):
                reason = f"{word}={given.shown} has {len(given.values)} values for {count} places of {word}?"
                raise self._error(given, f"{reason}: give 1 or {count}")

    def _in_vain(self, given: Given, settled: Unfolded) -> str:
        """Why what is given has no use."""
        word = given.word.text
        if word.upper() == "CLASSES":
            return "classes is for a bare FC that ends the line, and this ends otherwise: leave it out, or write FC"
        kind = word.upper()
        if kind in LAYERS:
            there = [placed for placed, _ in settled if placed.layer.kind == kind]
            out = f"leave {kind}={given.shown} out"
            if kind == "FC" and any(placed.bare for placed in there):
                reason = "FC is given in vain, for the only bare FC left ends the line and has classes"
                last = "" if "CLASSES" in self.given else f", or write classes={given.values[-1][0]}"
                return f"{reason}: {out}{last}"
            if not there and re.search(rf"\b{kind}", self.text[: given.word.position].upper()):
                return f"{kind} is given, but none is left in the line as it is repeated: {out}, or repeat it"
            why = f"no {kind} is bare or optional" if there else f"there is no {kind}"
            return f"{kind} is given, but {why} in the line: {out}"
        near = get_close_matches(kind, ["CLASSES", *(known for known in BARE if known in LAYERS)], 1, 0.7)
        if near:
            meant = near[0] if near[0] in BARE else near[0].lower()
            return f"nothing in the line asks for {word}: did you mean {meant}?"
        setting = "a setting stands in its layer's bracket"
        return f"{word} is given, but nothing in the line is repeated *{word}: leave it out; {setting}"

    def _error(self, given: Given, reason: str) -> NotationError:
        return NotationError(reason, self.text, given.word.position, given.end - given.word.position)


def read_pattern(cursor: Cursor) -> Pattern:
    """What is given at the end of the cursor's text, which then ends before it.

    >>> cursor = Cursor("[RELU]*N - POOL?  N=2, POOL=0")
    >>> pattern = read_pattern(cursor)
    >>> sorted(pattern.given), pattern.keeps("POOL")
    (['N', 'POOL'], False)
    """
    tokens = cursor.tokens
    start = _start(tokens)
    letters = any(t.kind == "times" and u.kind == "word" for t, u in pairwise(tokens))
    active = start is not None or letters or any(token.kind == "question" for token in tokens)
    pattern = Pattern(cursor.text, active)
    if start is not None:
        rest = cursor.split(start)
        while rest.now.kind != "end":
            given = _given(rest)
            word = given.word.text.upper()
            if word in pattern.given:
                raise pattern._error(given, f"{given.word.text} is said twice: leave one out")
            pattern.given[word] = given
    return pattern


def _start(tokens: list[Token]) -> int | None:
    """Where the first ``word=`` outside of brackets is."""
    depth = 0
    for at, token in enumerate(tokens[:-1]):
        depth = max(0, depth + (token.kind == "open") - (token.kind == "close"))
        if depth == 0 and token.kind == "word" and tokens[at + 1].kind == "equals":
            return at
    return None


def _given(cursor: Cursor) -> Given:
    """One ``word=value,value`` with what separates it from the next."""
    word = cursor.take()
    if word.kind != "word" or cursor.now.kind != "equals":
        raise cursor.error(_stray(word), word)
    cursor.take()
    values = [_value(cursor, word)]
    while cursor.now.kind == "comma" and cursor.after.kind == "number":
        cursor.take()
        values.append(_value(cursor, word))
    given = Given(word, values, cursor.last.end)
    while cursor.now.kind in ("comma", "newline"):
        cursor.take()
    if cursor.now.kind in ("dash", "arrow", "close", "open", "times"):
        shown = f"{word.text}={given.shown}"
        bare = word.text.upper() in BARE
        own = f"write {word.text}[{given.shown}]" if bare else "if it is a setting, put it into its layer's bracket"
        reason = f"{shown} stands amid the line: what is given comes behind the last layer, or {own}"
        raise cursor.error(reason, word, given.end - word.position)
    return given


def _value(cursor: Cursor, word: Token) -> list[int]:
    now, kind = cursor.now, word.text.upper()
    sample = "32x32x3" if kind == "INPUT" else "1" if kind in LAYERS and kind not in BARE else "2"
    if now.kind == "open":
        raise cursor.error(f"no = stands between {word.text} and its bracket: leave it out", cursor.last)
    if now.kind == "dash" and cursor.after.kind == "number":
        reason = f"{word.text} of this pattern is a whole number from 0 to {MOST:,}, not -{cursor.after.text}"
        raise cursor.error(reason, now, cursor.after.end - now.position)
    if word.text.lower() == "fit":
        reason = (
            "fit stands in the bracket of its layer, as in POOL[fit=pad], or for all in --fit pad: leave it out here"
        )
        raise cursor.error(reason, word, now.end - word.position)
    if now.kind != "number":
        raise cursor.error(f"a number is missing behind {word.text}=: write it as in {word.text}={sample}")
    numbers = cursor.numbers()
    for number in numbers:
        if not number.text.isdigit():
            reason = f"{number.text} is no whole number: write one, as in {word.text}={sample}"
            raise cursor.error(reason, number)
    return [cursor.whole(number) for number in numbers]


def _stray(token: Token) -> str:
    if token.kind == "word":
        name = token.text
        if name.upper() in LAYERS:
            value = f"{name}={'32x32x3' if name.upper() == 'INPUT' else 1}"
            way = f"put that behind the last layer, or if it is given, too: write {value}"
            return f"{name} stands behind what is given: {way}"
        return f"behind the last layer comes what is given, as N=2, and {name} has no = behind it: write {name}=2"
    return f"{token} has no meaning here: behind the last layer comes what is given, as N=2 M=3 CONV=16"
