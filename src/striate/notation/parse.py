"""The notation: one line of text to a Network.

    network    = layers
    layers     = item { separator item }
    item       = (layer | "[" layers "]" | residual | branches) [ "*" number ]
    residual   = "(" way [ "|" way ] ")" "+"
    branches   = "{" way "|" way { "|" way } "}"
    way        = "." | layers
    layer      = word [ shorthand ] [ "[" entry { "," entry } "]" ]
    entry      = number | size | letter "=" number | "fit" "=" ("raise" | "pad" | "crop")
    separator  = "-" | "->" | "→" | new line

Letters may be of any case; sizes read 5x5, 5×5 or 5*5; blanks mean nothing. docs/notation.md says what each means.
"""

from __future__ import annotations

from collections.abc import Iterator

from striate.errors import ArgumentError, NotationError
from striate.layers import Layer
from striate.layers.layer import FITS
from striate.notation.brackets import Placed, read_layer
from striate.notation.cursor import Cursor
from striate.notation.groups import ENDS, TOO_DEEP, Group, Item, Step, left_over, no_way, read_ways
from striate.notation.network import Mark, Network, chain

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
    """
    if fit not in FITS:
        raise ArgumentError(f"fit is one of {', '.join(FITS)}, not {fit!r}")
    if not isinstance(text, str):
        raise ArgumentError(f"the notation is a text like 'INPUT[8x8x1] - FC[10]', not {type(text).__name__}")
    return _place(text, _steps(text, fit))


def read(text: str, fit: str = "raise") -> list[tuple[Placed, tuple[str, ...]]]:
    """The layers of ``text`` in their order, repetitions written out; whether they fit each other is not asked.

    With each layer come the repetitions it is in, outermost first. Raises NotationError.

    >>> [(placed.layer.notation(), rounds) for placed, rounds in read("RELU - [POOL]*2")]
    [('RELU', ()), ('POOL', ('1 of 2',)), ('POOL', ('2 of 2',))]
    """
    return [(Placed(step.what, *step.place), step.rounds) for step in _steps(text, fit) if isinstance(step.what, Layer)]


def _steps(text: str, fit: str) -> list[Step]:
    """Layers, and marks where ways part, in the order in which ``chain`` takes them."""
    cursor = Cursor(text)
    items = _layers(cursor, fit, 0)
    if cursor.now.kind != "end":
        raise left_over(cursor)
    group = Group(tuple(items), 1, 0, len(text))
    group.count(text)
    return list(group.unfold())


def _place(text: str, steps: list[Step]) -> Network:
    """The layers as a network; what ``chain`` complains about is pointed at."""
    now: Step | None = None

    def taken() -> Iterator[Layer | Mark]:
        nonlocal now
        for now in steps:
            yield now.what

    try:
        return Network(tuple(chain(taken())))
    except NotationError as error:
        if now is None:
            raise
        where = f" (in repetition {', and in it '.join(now.rounds)} of its bracket)" if now.rounds else ""
        raise type(error)(error.reason + where, text, *now.place) from None


def _layers(cursor: Cursor, fit: str, depth: int) -> list[Item]:
    """Items and separators up to the end, a bar or a closing bracket."""
    items: list[Item] = []
    cursor.skip_lines()
    while cursor.now.kind not in ENDS:
        items.append(_item(cursor, fit, depth))
        separated = cursor.skip_lines()
        if cursor.now.kind in ("dash", "arrow"):
            separator = cursor.take()
            cursor.skip_lines()
            if cursor.now.kind in ENDS:
                raise cursor.error(f"a layer is missing behind {separator.text}: add one, or leave it out", separator)
        elif not separated and cursor.now.kind not in ENDS:
            raise _not_separated(cursor)
    return items


def _item(cursor: Cursor, fit: str, depth: int) -> Item:
    """A layer or a bracketed group, with its repetition."""
    start = cursor.now
    item: Item
    if start.kind == "open":
        item = _group(cursor, fit, depth)
    elif start.kind == "begin":
        item = read_ways(cursor, lambda: _layers(cursor, fit, depth + 1), depth == _DEEPEST)
    elif start.kind == "word":
        item = read_layer(cursor, fit)
    else:
        raise _no_layer(cursor)
    if cursor.beyond_lines().kind != "times":
        return item
    cursor.skip_lines()
    sign = cursor.take()
    if cursor.now.kind != "number":
        raise cursor.error("a number is missing here: write it as in *3", sign)
    times = cursor.whole(cursor.take())
    length = cursor.last.end - sign.position
    if times < 1:
        raise cursor.error("*0 leaves nothing: leave the whole bracket out, or repeat it once or more", sign, length)
    inside = item.items if isinstance(item, Group) and item.times == 1 else (item,)
    return Group(inside, times, sign.position, length)


def _group(cursor: Cursor, fit: str, depth: int) -> Group:
    opening = cursor.take()
    if depth == _DEEPEST:
        raise cursor.error(TOO_DEEP, opening)
    items = _layers(cursor, fit, depth + 1)
    if cursor.now.kind != "close":
        raise cursor.error("this bracket is not closed: put ] behind its last layer", opening)
    closing = cursor.take()
    length = closing.end - opening.position
    if not items:
        raise cursor.error("this bracket is empty: put layers in it, or leave it out", opening, length)
    return Group(tuple(items), 1, opening.position, length)


def _not_separated(cursor: Cursor) -> NotationError:
    now = cursor.now
    if now.kind in ("word", "open", "begin"):
        return cursor.error("a separator is missing before this: layers are separated by - or -> or → or a new line")
    if now.kind == "comma":
        return cursor.error("layers are separated by - or -> or → or a new line; commas stand inside brackets only")
    if now.kind == "number":
        return cursor.error(f"{now.text} is left over: numbers stand in the bracket of a layer, as in CONV[10, 5x5]")
    if now.kind in ("plus", "dot"):
        return no_way(cursor)
    return cursor.error(f"{now} has no meaning here: layers look like CONV[10, 5x5, S=1, P=2] - RELU - POOL")


def _no_layer(cursor: Cursor) -> NotationError:
    now = cursor.now
    if now.kind == "number":
        return cursor.error(
            f"a layer begins with its word, and {now.text} is a number: numbers stand in the bracket behind "
            "the word, on the same line, as in CONV[10]"
        )
    if now.kind in ("dash", "arrow"):
        return cursor.error(f"a layer is missing before {now.text}: add one, or leave it out")
    if now.kind == "times":
        return cursor.error(f"{now.text} repeats what stands before it, and nothing does: write [ ... ]*3")
    if now.kind in ("plus", "dot"):
        return no_way(cursor)
    return cursor.error(f"{now} is no layer: layers are words with brackets, as in CONV[10, 5x5] - RELU")
