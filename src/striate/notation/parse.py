"""The notation: one line of text to a Network.

    network    = layers { given } | named
    named      = name [ "[" ( size | number ) { "," ( size | number ) } "]" ]
    layers     = item { separator item }
    item       = (layer | "[" layers "]") [ "?" ] [ "*" ( number | letter ) ] [ "?" ]
    layer      = word [ shorthand ] [ "[" entry { "," entry } "]" ]
    entry      = number | size | letter "=" (number | size) | "fit" "=" ("raise" | "pad" | "crop")
               | "dilation" "=" (number | size) | "groups" "=" (number | "each")
    given      = ( letter | word ) "=" value { "," value }
    value      = number | size
    separator  = "-" | "->" | "→" | new line

A name is one of `striate nets`, as vgg-16 or vgg-16[64x64x3, 10]: for images of another size, with other classes.
Letters that repeat, and ? behind what is optional, make a pattern: what is given for them stands behind the last layer,
as in the notes' INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC  N=2 M=3 K=1 (see ``pattern``).
Letters may be of any case; sizes are width x height and read 5x5, 5×5 or 5*5; blanks mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from striate.errors import ArgumentError, NotationError
from striate.layers import LAYERS
from striate.layers.layer import FITS
from striate.notation.brackets import Placed, read_layer
from striate.notation.cursor import Cursor
from striate.notation.named import expand
from striate.notation.network import MOST_LAYERS, Network, Node, chain
from striate.notation.pattern import Pattern, read_pattern
from striate.notation.tokens import Token

__all__ = ["parse", "read"]

_DEEPEST = 32  # brackets within brackets


@dataclass(frozen=True)
class _Group:
    """Items that stand ``times`` times; a layer alone is a group of itself. The place is that of ``*n``.

    ``optional``: the word that a pattern gives for it, which is its first layer's, if ? is behind it.
    """

    items: tuple[_Group | Placed, ...]
    times: int
    position: int
    length: int
    optional: str = ""

    @property
    def first(self) -> str:
        """The kind of its first layer."""
        first = self.items[0]
        return first.layer.kind if isinstance(first, Placed) else first.first

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

    def unfold(self, pattern: Pattern, rounds: tuple[str, ...] = ()) -> Iterator[tuple[Placed, tuple[str, ...]]]:
        """Every layer in its turn, with the repetitions it is in, outermost first."""
        if self.optional:
            place = self.optional, pattern.places[self.optional]
            if pattern.keeps(self.optional):
                for placed, inside in replace(self, optional="").unfold(pattern, rounds):
                    yield (placed if placed.optional else replace(placed, optional=place)), inside
            return
        for turn in range(1, self.times + 1):
            here = (*rounds, f"{turn} of {self.times}") if self.times > 1 else rounds
            for item in self.items:
                if isinstance(item, Placed):
                    yield item, here
                else:
                    yield from item.unfold(pattern, here)


def parse(text: str, fit: str = "raise") -> Network:
    """The network that ``text`` describes.

    ``fit`` says what a CONV or POOL does that does not fit neatly and whose bracket has no ``fit=``:
    ``raise`` a FitError with the arithmetic, ``pad`` with the missing zeros (the odd one after), or
    ``crop`` the remainder. Raises NotationError (FitError for sizes) that points into the text.

    >>> network = parse("INPUT[32x32x3] - CONV[12, 5x5] - RELU - POOL - FC[10]")
    >>> print(*(node.output for node in network.nodes))
    [32x32x3] [32x32x12] [32x32x12] [16x16x12] [1x1x10]
    >>> print(parse("tiny-vgg[64x64x3, 5]"))
    INPUT[64x64x3] - [[CONV[10] - RELU]*2 - POOL]*3 - FC[5]
    """
    if fit not in FITS:
        raise ArgumentError(f"fit is one of {', '.join(FITS)}, not {fit!r}")
    if not isinstance(text, str):
        raise ArgumentError(f"the notation is a text like 'INPUT[8x8x1] - FC[10]', not {type(text).__name__}")
    named = expand(text)
    if named is None:
        return _place(text, read(text, fit))
    try:
        return parse(named.line, fit)
    except NotationError as error:
        raise named.at(error) from None


def read(text: str, fit: str = "raise") -> list[tuple[Placed, tuple[str, ...]]]:
    """The layers of ``text`` in their order, repetitions written out; whether they fit each other is not asked.

    With each layer come the repetitions it is in, outermost first. Raises NotationError.

    >>> [(placed.layer.notation(), rounds) for placed, rounds in read("RELU - [POOL]*2")]
    [('RELU', ()), ('POOL', ('1 of 2',)), ('POOL', ('2 of 2',))]
    """
    named = expand(text)
    if named is not None:
        return read(named.line, fit)
    cursor = Cursor(text)
    pattern = read_pattern(cursor)
    cursor.bare = pattern.bare
    items = _layers(cursor, fit, pattern, 0)
    if cursor.now.kind != "end":
        raise cursor.error("this ] closes no bracket: leave it out, or put [ where its group begins")
    group = _Group(_filled(items), 1, 0, len(text))
    group.count(text)
    return pattern.settle(list(group.unfold(pattern)))


def _place(text: str, layers: list[tuple[Placed, tuple[str, ...]]]) -> Network:
    """The layers as a network; what ``chain`` complains about is pointed at."""
    nodes: list[Node] = []
    try:
        for node in chain(placed.layer for placed, _ in layers):
            nodes.append(node)  # one at a time: len(nodes) tells which layer an error is about
    except NotationError as error:
        if not layers:
            raise
        placed, rounds = layers[min(len(nodes), len(layers) - 1)]
        where = f" (in repetition {', and in it '.join(rounds)} of its bracket)" if rounds else ""
        raise type(error)(error.reason + where + placed.way, text, placed.position, placed.length) from None
    return Network(tuple(nodes))


def _layers(cursor: Cursor, fit: str, pattern: Pattern, depth: int) -> list[_Group | Placed]:
    """Items and separators up to the end or a closing bracket."""
    items: list[_Group | Placed] = []
    cursor.skip_lines()
    while not _over(cursor):
        items.append(_item(cursor, fit, pattern, depth))
        separated = cursor.skip_lines()
        if cursor.now.kind in ("dash", "arrow"):
            separator = cursor.take()
            cursor.skip_lines()
            if _over(cursor):
                raise cursor.error(f"a layer is missing behind {separator.text}: add one, or leave it out", separator)
        elif not separated and not _over(cursor):
            raise _not_separated(cursor)
    return items


def _over(cursor: Cursor) -> bool:
    """Whether no layer can follow: at the end, at a closing bracket, and where something is given, as N=2."""
    return cursor.now.kind in ("end", "close") or (cursor.now.kind == "word" and cursor.after.kind == "equals")


def _item(cursor: Cursor, fit: str, pattern: Pattern, depth: int) -> _Group | Placed:
    """A layer or a bracketed group, with its repetition and whether it is optional."""
    start = cursor.now
    item: _Group | Placed
    if start.kind == "open":
        item = _group(cursor, fit, pattern, depth)
    elif start.kind == "word":
        item = read_layer(cursor, fit)
    else:
        raise _no_layer(cursor)
    item = _optional(cursor, item)
    if cursor.beyond_lines().kind != "times":
        return item
    cursor.skip_lines()
    sign = cursor.take()
    times = _times(cursor, pattern, sign)
    inside = item.items if isinstance(item, _Group) and item.times == 1 and not item.optional else (item,)
    return _optional(cursor, _Group(inside if times else (), times, sign.position, cursor.last.end - sign.position))


def _times(cursor: Cursor, pattern: Pattern, sign: Token) -> int:
    """What stands behind the sign that repeats: a number from 1, or a letter that stands for one from 0."""
    if cursor.now.kind == "word" and cursor.now.text.upper() not in LAYERS:
        return pattern.times(cursor.take())
    if cursor.now.kind != "number":
        raise cursor.error("a number is missing here: write it as in *3", sign)
    times = cursor.whole(cursor.take())
    if times < 1:
        length = cursor.last.end - sign.position
        raise cursor.error("*0 leaves nothing: leave the whole bracket out, or repeat it once or more", sign, length)
    return times


def _optional(cursor: Cursor, item: _Group | Placed) -> _Group | Placed:
    """The item, or one that a pattern may leave out if ? is behind it."""
    if cursor.now.kind != "question":
        return item
    mark = cursor.take()
    if (isinstance(item, _Group) and item.optional) or cursor.now.kind == "question":
        raise cursor.error("? is said twice: leave one out", mark)
    if isinstance(item, _Group) and not item.items:
        return item
    group = _Group((item,), 1, mark.position, 1)
    return replace(group, optional=group.first)


def _group(cursor: Cursor, fit: str, pattern: Pattern, depth: int) -> _Group:
    opening = cursor.take()
    if depth == _DEEPEST:
        raise cursor.error(f"brackets are nested at most {_DEEPEST} deep: leave some out", opening)
    items = _layers(cursor, fit, pattern, depth + 1)
    if cursor.now.kind != "close":
        raise cursor.error("this bracket is not closed: put ] behind its last layer", opening)
    closing = cursor.take()
    length = closing.end - opening.position
    if not items:
        raise cursor.error("this bracket is empty: put layers in it, or leave it out", opening, length)
    return _Group(_filled(items), 1, opening.position, length)


def _filled(items: list[_Group | Placed]) -> tuple[_Group | Placed, ...]:
    """Those in which there is anything: a letter may stand for 0."""
    return tuple(item for item in items if isinstance(item, Placed) or item.items)


def _not_separated(cursor: Cursor) -> NotationError:
    now = cursor.now
    if now.kind in ("word", "open"):
        return cursor.error("a separator is missing before this: layers are separated by - or -> or → or a new line")
    if now.kind == "comma":
        return cursor.error("layers are separated by - or -> or → or a new line; commas stand inside brackets only")
    if now.kind == "number" and cursor.last.kind == "close":
        return cursor.error(f"{now.text} is left over here; if it repeats what is before it: write *{now.text}")
    if now.kind == "number":
        return cursor.error(f"{now.text} is left over: numbers stand in the bracket of a layer, as in CONV[10, 5x5]")
    if now.kind == "times" and cursor.last.kind == "number" and cursor.after.kind == "number":
        first, second = cursor.last, cursor.after
        product = cursor.whole(first) * cursor.whole(second)
        reason = f"*{first.text} and *{second.text} stand one behind the other: write *{product} for both"
        return cursor.error(reason, now, second.end - now.position)
    if now.kind == "equals":
        return cursor.error("= stands between a setting and its value; layers are separated by - or -> or a new line")
    return cursor.error(f"{now} has no meaning here: layers look like CONV[10, 5x5, S=1, P=2] - RELU - POOL")


def _no_layer(cursor: Cursor) -> NotationError:
    now = cursor.now
    if now.kind == "number":
        sides = cursor.numbers()
        if len(sides) == 3:
            size = "x".join(side.text for side in sides)
            reason = f"a layer begins with its word, and {size} has none: write INPUT[{size}]"
            return cursor.error(reason, now, sides[-1].end - now.position)
        if sides[-1].end < len(cursor.text) and cursor.now.kind == "times":
            return cursor.error(
                f"{now.text}{cursor.now.text} stands behind what it repeats: write it as in [RELU]*2", now
            )
        return cursor.error(
            f"a layer begins with its word, and {now.text} is a number: numbers stand in the bracket behind "
            "the word, on the same line, as in CONV[10]",
            now,
        )
    if now.kind in ("dash", "arrow"):
        return cursor.error(f"a layer is missing before {now.text}: add one, or leave it out")
    if now.kind == "question":
        return cursor.error(
            "? says that what stands before it is optional, and nothing does: leave it out, or write it as in POOL?"
        )
    if now.kind == "times":
        return cursor.error(f"{now.text} repeats what stands before it, and nothing does: write [ ... ]*3")
    return cursor.error(f"{now} is no layer: layers are words with brackets, as in CONV[10, 5x5] - RELU")
