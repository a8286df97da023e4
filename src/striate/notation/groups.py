"""Brackets around layers: repetitions [ ... ]*n, residual groups ( ... )+ and branches { ... | ... }."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from striate.errors import NotationError
from striate.layers import Add, Concat, Join
from striate.notation.brackets import Placed
from striate.notation.cursor import Cursor
from striate.notation.network import MOST_LAYERS, Mark
from striate.notation.pattern import Pattern
from striate.notation.tokens import Token

__all__ = [
    "TOO_DEEP", "Group", "Item", "Step", "Ways", "filled", "left_over", "no_way", "over", "read_ways",
]  # fmt: skip

ENDS = ("end", "close", "finish", "bar")  # kinds of tokens that end a row of layers
TOO_DEEP = "brackets are nested at most 32 deep: leave some out"
_CLOSING = {"[": "]", "(": ")+", "{": "}"}
_OPENING = {"]": "[", ")": "(", "}": "{"}


@dataclass(frozen=True)
class Step:
    """A layer or a mark in its turn, its place in the text, and the repetitions it is in, outermost first."""

    what: Placed | Mark
    place: tuple[int, int]
    rounds: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Items that stand ``times`` times; a layer alone is a group of itself. The place is that of ``*n``.

    ``optional``: the word that a pattern gives for it, which is its first layer's, if ? is behind it.
    """

    items: tuple[Item, ...]
    times: int
    position: int
    length: int
    optional: str = ""

    @property
    def first(self) -> str:
        """The kind of its first layer."""
        return first(self.items)

    def count(self, text: str) -> int:
        """How many layers it stands for; NotationError, with the numbers, if those are too many."""
        inside = sum(1 if isinstance(item, Placed) else item.count(text) for item in self.items)
        if inside * self.times > MOST_LAYERS:
            product = f"{self.times:,} x {inside:,} = " if self.times > 1 else ""
            way = f"repeat at most {MOST_LAYERS // inside:,} times" if inside <= MOST_LAYERS else "leave some out"
            count = f"{product}{self.times * inside:,}"
            reason = f"{count} layers are too many: a network has at most {MOST_LAYERS:,}; {way}"
            raise NotationError(reason, text, self.position, self.length)
        return inside * self.times

    def unfold(self, pattern: Pattern, rounds: tuple[str, ...] = ()) -> Iterator[Step]:
        """Every layer and mark in its turn."""
        if self.optional:
            place = self.optional, pattern.places[self.optional]
            if pattern.keeps(self.optional):
                for step in replace(self, optional="").unfold(pattern, rounds):
                    placed = step.what
                    if isinstance(placed, Placed) and not placed.optional:
                        step = replace(step, what=replace(placed, optional=place))
                    yield step
            return
        for turn in range(1, self.times + 1):
            here = (*rounds, f"{turn} of {self.times}") if self.times > 1 else rounds
            for item in self.items:
                if isinstance(item, Placed):
                    yield Step(item, (item.position, item.length), here)
                else:
                    yield from item.unfold(pattern, here)


@dataclass(frozen=True)
class Ways:
    """Ways side by side on the same input, some perhaps empty, and what joins them. The place is all of it."""

    ways: tuple[Group, ...]
    join: Join
    position: int
    length: int

    @property
    def first(self) -> str:
        """The kind of its first layer."""
        return next((way.first for way in self.ways if way.items), self.join.kind)

    def count(self, text: str) -> int:
        """How many layers it stands for, the join being one."""
        return 1 + sum(way.count(text) for way in self.ways)

    def unfold(self, pattern: Pattern, rounds: tuple[str, ...] = ()) -> Iterator[Step]:
        """Every layer and mark in its turn."""
        place = self.position, self.length
        for number, way in enumerate(self.ways):
            yield Step(Mark.WAY if number else Mark.FORK, place, rounds)
            yield from way.unfold(pattern, rounds)
        yield Step(Placed(self.join, *place), place, rounds)


Item = Group | Ways | Placed


def first(items: tuple[Item, ...]) -> str:
    """The kind of the first layer among items."""
    return items[0].layer.kind if isinstance(items[0], Placed) else items[0].first


def filled(items: list[Item]) -> tuple[Item, ...]:
    """Those in which there is anything: a letter may stand for 0."""
    return tuple(item for item in items if not isinstance(item, Group) or item.items)


def over(cursor: Cursor) -> bool:
    """Whether no layer can follow: at the end, a bar or a closing bracket, and where something is given, as N=2."""
    return cursor.now.kind in ENDS or (cursor.now.kind == "word" and cursor.after.kind == "equals")


def read_ways(cursor: Cursor, layers: Callable[[], list[Item]], too_deep: bool) -> Ways:
    """``( way | way )+`` or ``{ way | way }`` at the cursor; ``layers`` reads a row of them."""
    opening = cursor.take()
    if too_deep:
        raise cursor.error(TOO_DEEP, opening)
    residual, ways = opening.text == "(", [_way(cursor, layers, opening)]
    while cursor.now.kind == "bar":
        bar = cursor.take()
        if residual and len(ways) == 2:
            reason = "a residual group has two ways, its layers and the shortcut; { ... | ... } has as many as you like"
            raise cursor.error(reason, bar)
        ways.append(_way(cursor, layers, bar))
    if cursor.now.text != (")" if residual else "}"):
        behind = _CLOSING[opening.text]
        raise cursor.error(f"this bracket is not closed: put {behind} behind its last layer", opening)
    end = cursor.take().end
    if residual:
        end = _plus(cursor, opening, end)
    length = end - opening.position
    if not residual and len(ways) == 1:
        reason = "branches are two or more ways with | between them: add one, or write [ ... ] around layers"
        raise cursor.error(reason, opening, length)
    return Ways(tuple(ways), Add() if residual else Concat(), opening.position, length)


def _plus(cursor: Cursor, opening: Token, end: int) -> int:
    """The + behind a residual group; the place behind it."""
    if cursor.now.kind == "plus":
        return cursor.take().end
    if cursor.beyond_lines().kind == "times":
        reason = "around layers that repeat, brackets are square: write [ ... ]*2, as in [CONV[10, 5x5] - RELU]*2"
    else:
        reason = "a + is missing behind this bracket: a residual group is written ( ... )+, any other group [ ... ]"
    raise cursor.error(reason, opening, end - opening.position)


def _way(cursor: Cursor, layers: Callable[[], list[Item]], before: Token) -> Group:
    """One way: layers, or a dot for none."""
    cursor.skip_lines()
    start = cursor.now.position
    if cursor.now.kind == "dot":
        cursor.take()
        cursor.skip_lines()
        if not over(cursor):
            raise cursor.error("a dot is a way without layers: leave it out, or put | behind it", cursor.last)
        return Group((), 1, start, 1)
    items = layers()
    if not items:
        reason = f"a way is missing behind {before.text}: put layers there, or a dot for the input as it is"
        raise cursor.error(reason, before)
    return Group(filled(items), 1, start, cursor.last.end - start)


def left_over(cursor: Cursor) -> NotationError:
    """The error for a token that ends a row of layers where none was begun."""
    now = cursor.now
    if now.kind == "bar":
        return no_way(cursor)
    group, sign = _OPENING[now.text], ")+" if now.text == ")" and cursor.after.kind == "plus" else now.text
    reason = f"this {sign} closes no bracket: leave it out, or put {group} where its group begins"
    return cursor.error(reason, now, cursor.after.end - now.position if sign == ")+" else 1)


def no_way(cursor: Cursor) -> NotationError:
    """The error for a sign of ways where there are none."""
    now = cursor.now
    if now.kind == "dot":
        return cursor.error(
            "a dot is a way without layers, as in { . | CONV[4] }: it has no meaning here, leave it out"
        )
    joined = "layers are separated by - or -> or → or a new line"
    where = "between the ways in { ... | ... }" if now.kind == "bar" else "behind the bracket in ( ... )+"
    return cursor.error(f"{now.text!r} has no meaning here: {joined}; it stands {where}")
