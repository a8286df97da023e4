"""The notation: one line of text to a Network.

    network    = layers
    layers     = item { separator item }
    item       = (layer | "[" layers "]") [ "*" number ]
    layer      = word [ shorthand ] [ "[" entry { "," entry } "]" ]
    entry      = number | size | letter "=" (number | size) | "fit" "=" ("raise" | "pad" | "crop")
               | "dilation" "=" (number | size) | "groups" "=" (number | "each")
    separator  = "-" | "->" | "→" | new line

Letters may be of any case; sizes are width x height and read 5x5, 5×5 or 5*5; blanks mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from striate.errors import ArgumentError, NotationError
from striate.layers.layer import FITS
from striate.notation.brackets import Placed, read_layer
from striate.notation.cursor import Cursor
from striate.notation.network import MOST_LAYERS, Network, Node, chain

__all__ = ["parse", "read"]

_DEEPEST = 32  # brackets within brackets


@dataclass(frozen=True)
class _Group:
    """Items that stand ``times`` times; a layer alone is a group of itself. The place is that of ``*n``."""

    items: tuple[_Group | Placed, ...]
    times: int
    position: int
    length: int

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

    def unfold(self, rounds: tuple[str, ...] = ()) -> Iterator[tuple[Placed, tuple[str, ...]]]:
        """Every layer in its turn, with the repetitions it is in, outermost first."""
        for turn in range(1, self.times + 1):
            here = (*rounds, f"{turn} of {self.times}") if self.times > 1 else rounds
            for item in self.items:
                if isinstance(item, Placed):
                    yield item, here
                else:
                    yield from item.unfold(here)


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
    return _place(text, read(text, fit))


def read(text: str, fit: str = "raise") -> list[tuple[Placed, tuple[str, ...]]]:
    """The layers of ``text`` in their order, repetitions written out; whether they fit each other is not asked.

    With each layer come the repetitions it is in, outermost first. Raises NotationError.

    >>> [(placed.layer.notation(), rounds) for placed, rounds in read("RELU - [POOL]*2")]
    [('RELU', ()), ('POOL', ('1 of 2',)), ('POOL', ('2 of 2',))]
    """
    cursor = Cursor(text)
    items = _layers(cursor, fit, 0)
    if cursor.now.kind != "end":
        raise cursor.error("this ] closes no bracket: leave it out, or put [ where its group begins")
    group = _Group(tuple(items), 1, 0, len(text))
    group.count(text)
    return list(group.unfold())


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
        raise type(error)(error.reason + where, text, placed.position, placed.length) from None
    return Network(tuple(nodes))


def _layers(cursor: Cursor, fit: str, depth: int) -> list[_Group | Placed]:
    """Items and separators up to the end or a closing bracket."""
    items: list[_Group | Placed] = []
    cursor.skip_lines()
    while cursor.now.kind not in ("end", "close"):
        items.append(_item(cursor, fit, depth))
        separated = cursor.skip_lines()
        if cursor.now.kind in ("dash", "arrow"):
            separator = cursor.take()
            cursor.skip_lines()
            if cursor.now.kind in ("end", "close"):
                raise cursor.error(f"a layer is missing behind {separator.text}: add one, or leave it out", separator)
        elif not separated and cursor.now.kind not in ("end", "close"):
            raise _not_separated(cursor)
    return items


def _item(cursor: Cursor, fit: str, depth: int) -> _Group | Placed:
    """A layer or a bracketed group, with its repetition."""
    start = cursor.now
    item: _Group | Placed
    if start.kind == "open":
        item = _group(cursor, fit, depth)
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
    inside = item.items if isinstance(item, _Group) and item.times == 1 else (item,)
    return _Group(inside, times, sign.position, length)


def _group(cursor: Cursor, fit: str, depth: int) -> _Group:
    opening = cursor.take()
    if depth == _DEEPEST:
        raise cursor.error(f"brackets are nested at most {_DEEPEST} deep: leave some out", opening)
    items = _layers(cursor, fit, depth + 1)
    if cursor.now.kind != "close":
        raise cursor.error("this bracket is not closed: put ] behind its last layer", opening)
    closing = cursor.take()
    length = closing.end - opening.position
    if not items:
        raise cursor.error("this bracket is empty: put layers in it, or leave it out", opening, length)
    return _Group(tuple(items), 1, opening.position, length)


def _not_separated(cursor: Cursor) -> NotationError:
    now = cursor.now
    if now.kind in ("word", "open"):
        return cursor.error("a separator is missing before this: layers are separated by - or -> or → or a new line")
    if now.kind == "comma":
        return cursor.error("layers are separated by - or -> or → or a new line; commas stand inside brackets only")
    if now.kind == "number":
        return cursor.error(f"{now.text} is left over: numbers stand in the bracket of a layer, as in CONV[10, 5x5]")
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
    return cursor.error(f"{now} is no layer: layers are words with brackets, as in CONV[10, 5x5] - RELU")
