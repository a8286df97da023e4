"""The notation: one line of text to a Network.

    network    = layers { given } | named
    named      = name [ "[" ( size | number ) { "," ( size | number ) } "]" ]
    layers     = item { separator item }
    item       = (layer | "[" layers "]" | residual | branches) [ "?" ] [ "*" ( number | letter ) ] [ "?" ]
    residual   = "(" way [ "|" way ] ")" "+"
    branches   = "{" way "|" way { "|" way } "}"
    way        = "." | layers
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
docs/notation.md says what skips and branches mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from striate.errors import ArgumentError, NotationError
from striate.layers import LAYERS, Layer
from striate.layers.layer import FITS
from striate.notation.brackets import Placed, read_layer
from striate.notation.cursor import Cursor
from striate.notation.groups import TOO_DEEP, Group, Item, Step, filled, left_over, no_way, over, read_ways
from striate.notation.named import expand
from striate.notation.network import Mark, Network, chain, unbiased
from striate.notation.pattern import Pattern, read_pattern
from striate.notation.tokens import Token

__all__ = ["parse", "read"]

_DEEPEST = 32  # brackets within brackets, of all kinds


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
        return _place(text, _steps(text, fit))
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
    return [(step.what, step.rounds) for step in _steps(text, fit) if isinstance(step.what, Placed)]


def _steps(text: str, fit: str) -> list[Step]:
    """Layers, and marks where ways part, in the order in which ``chain`` takes them."""
    cursor = Cursor(text)
    pattern = read_pattern(cursor)
    cursor.bare = pattern.bare
    items = _layers(cursor, fit, pattern, 0)
    if cursor.now.kind != "end":
        raise left_over(cursor)
    group = Group(filled(items), 1, 0, len(text))
    group.count(text)
    steps = list(group.unfold(pattern))
    settled = iter(pattern.settle([(step.what, step.rounds) for step in steps if isinstance(step.what, Placed)]))
    return [replace(step, what=next(settled)[0]) if isinstance(step.what, Placed) else step for step in steps]


def _place(text: str, steps: list[Step]) -> Network:
    """The layers as a network; what ``chain`` complains about is pointed at."""
    now: Step | None = None

    def taken() -> Iterator[Layer | Mark]:
        nonlocal now
        for now in steps:
            yield now.what.layer if isinstance(now.what, Placed) else now.what

    try:
        return Network(unbiased(chain(taken())))
    except NotationError as error:
        if now is None:
            raise
        where = f" (in repetition {', and in it '.join(now.rounds)} of its bracket)" if now.rounds else ""
        where += now.what.way if isinstance(now.what, Placed) else ""
        raise type(error)(error.reason + where, text, *now.place) from None


def _layers(cursor: Cursor, fit: str, pattern: Pattern, depth: int) -> list[Item]:
    """Items and separators up to the end, a bar or a closing bracket."""
    items: list[Item] = []
    cursor.skip_lines()
    while not over(cursor):
        items.append(_item(cursor, fit, pattern, depth))
        separated = cursor.skip_lines()
        if cursor.now.kind in ("dash", "arrow"):
            separator = cursor.take()
            cursor.skip_lines()
            if over(cursor):
                raise cursor.error(f"a layer is missing behind {separator.text}: add one, or leave it out", separator)
        elif not separated and not over(cursor):
            raise _not_separated(cursor)
    return items


def _item(cursor: Cursor, fit: str, pattern: Pattern, depth: int) -> Item:
    """A layer or a bracketed group, with its repetition and whether it is optional."""
    start = cursor.now
    item: Item
    if start.kind == "open":
        item = _group(cursor, fit, pattern, depth)
    elif start.kind == "begin":
        item = read_ways(cursor, lambda: _layers(cursor, fit, pattern, depth + 1), depth == _DEEPEST)
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
    inside = item.items if isinstance(item, Group) and item.times == 1 and not item.optional else (item,)
    return _optional(cursor, Group(inside if times else (), times, sign.position, cursor.last.end - sign.position))


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


def _optional(cursor: Cursor, item: Item) -> Item:
    """The item, or one that a pattern may leave out if ? is behind it."""
    if cursor.now.kind != "question":
        return item
    mark = cursor.take()
    if (isinstance(item, Group) and item.optional) or cursor.now.kind == "question":
        raise cursor.error("? is said twice: leave one out", mark)
    if isinstance(item, Group) and not item.items:
        return item
    group = Group((item,), 1, mark.position, 1)
    return replace(group, optional=group.first)


def _group(cursor: Cursor, fit: str, pattern: Pattern, depth: int) -> Group:
    opening = cursor.take()
    if depth == _DEEPEST:
        raise cursor.error(TOO_DEEP, opening)
    items = _layers(cursor, fit, pattern, depth + 1)
    if cursor.now.kind != "close":
        raise cursor.error("this bracket is not closed: put ] behind its last layer", opening)
    closing = cursor.take()
    length = closing.end - opening.position
    if not items:
        raise cursor.error("this bracket is empty: put layers in it, or leave it out", opening, length)
    return Group(filled(items), 1, opening.position, length)


def _not_separated(cursor: Cursor) -> NotationError:
    now = cursor.now
    if now.kind in ("word", "open", "begin"):
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
    if now.kind in ("plus", "dot"):
        return no_way(cursor)
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
    if now.kind in ("plus", "dot"):
        return no_way(cursor)
    return cursor.error(f"{now} is no layer: layers are words with brackets, as in CONV[10, 5x5] - RELU")
