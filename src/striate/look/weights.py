"""What a network has learned to look for: the weights of every CONV and FC, filter by filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np

from striate.errors import ArgumentError
from striate.look.heads import EDGE, head, head_height
from striate.look.layout import size_text
from striate.look.palette import kind_colour, rgb, theme
from striate.look.paper import DENSITY, Paper, shortened, text_width, wrapped
from striate.look.pixels import Bytes, signed, tiled
from striate.look.subject import Numbers, Source, subject
from striate.notation.network import Network, Node
from striate.train.match import some

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDE = 1120  # CSS pixels
SCALE = 130  # the room for the scale of colours
APART = 36  # two layers
HEAD = 52  # a layer's name and what its tiles are
GAP = 2.0  # two tiles
MANY = 16  # filters and depth slices of a deep layer
MANY_FIRST = 128  # filters whose tiles are whole, as those of the first layer
LABEL = 110  # the widest name of a class
SIZE = 9  # of letters beside the tiles


@dataclass(frozen=True, eq=False)
class Block:
    """The tiles of one layer in rows, their side in pixels, what stands left of the rows, and two lines above."""

    node: Node
    tiles: list[list[Bytes]]
    side: tuple[float, float]  # height, width
    labels: tuple[str, ...]
    words: str
    coloured: bool = False  # as filters that look at colours

    @property
    def margin(self) -> float:
        """The room for the labels."""
        return min(LABEL, max((text_width(label, SIZE) for label in self.labels), default=-6.0)) + 6

    @property
    def width(self) -> float:
        """All of it, wide enough for its name."""
        tiles = self.margin + max(map(len, self.tiles)) * (self.side[1] + GAP)
        return max(tiles, 130.0)

    @property
    def lines(self) -> list[str]:
        """What its tiles are."""
        return wrapped(self.words, SIZE, self.width, 2)

    @property
    def height(self) -> float:
        """All of it."""
        return HEAD + len(self.tiles) * (self.side[0] + GAP)


def filters(
    model: Source, *, layers: Sequence[str] | None = None, dark: bool = False, title: str = "Learned filters"
) -> Figure:
    """The learned filters of every layer; those that look at colours as colours, all others one tile a slice.

    Blue weights are negative, orange ones positive; each layer has its own scale, from minus its largest
    absolute weight to plus that, and in a first layer each filter. An FC's weights are folded to the volume that
    they read. Of a layer with more than 16 filters or slices, the 16 with the largest sum of squares are shown.
    ``layers`` are the names of those to show, such as conv1; all if None. Raises ArgumentError or ModelError.

    >>> import striate
    >>> program = striate.compile(striate.parse("INPUT[8x8x1] - CONV[4] - RELU - FC[3]"), batch=1)
    >>> [text.get_text() for text in filters(program).axes[0].texts if text.get_gid() == "layer"]
    ['conv1', 'fc1']
    """
    about = subject(model)
    blocks, parameters = [], about.parameters
    for node in _learning(about.network, layers):
        weights = parameters[f"{node.name}.weights"]
        names = about.classes if node is about.network.nodes[-1] and len(about.classes) == len(weights) else ()
        blocks.append(_block(node, folded(node, weights), names, theme(dark)))
    return _draw(blocks, title, str(about.network), dark)


def _learning(network: Network, layers: Sequence[str] | None) -> list[Node]:
    """The layers with weights, or those of these names; ArgumentError for names of no such layer."""
    known = {node.name: node for node in network.nodes if "weights" in node.layer.parameter_shapes(node.input)}
    if not known:
        raise ArgumentError(f"{network} has no weights: there are no filters to show")
    if layers is not None and not layers:
        raise ArgumentError(f"no layers are named: there are {some(tuple(known))}")
    for name in layers or ():
        if name not in known:
            raise ArgumentError(f"there is no layer {name!r} with weights: there are {some(tuple(known))}")
    return [node for name, node in known.items() if layers is None or name in layers]


def folded(node: Node, weights: Numbers) -> Numbers:
    """Weights as (filters, D, F, F): an FC's in the shape of the volume it reads, a LOCAL's position by position."""
    height, width, depth = node.input.shape
    if weights.ndim > 2:
        return weights.reshape(-1, *weights.shape[-3:])
    return weights.reshape(len(weights), depth, height, width)


def largest(squares: Numbers, most: int) -> list[int]:
    """The places of the ``most`` largest numbers, in ascending order; of equal ones the first.

    >>> largest(np.array([1.0, 5.0, 2.0, 5.0]), 2)
    [1, 3]
    """
    return sorted(int(k) for k in np.argsort(-squares, kind="stable")[:most])


def _block(node: Node, whole: Numbers, names: Sequence[str], colours: dict[str, str]) -> Block:
    """The tiles of one layer, from its weights (filters, D, F, F)."""
    most = max(float(whole.max()), -float(whole.min()))
    depth, high, wide = whole.shape[1:]
    if depth in (1, 3) and high * wide > 1 and not names:
        return _whole_filters(node, whole, colours)
    kept = largest(np.einsum("kdhw,kdhw->k", whole, whole), MANY)
    slices = largest(np.square(whole[kept]).sum((0, 2, 3)), MANY)
    tiles = [[signed(whole[k, d], most, colours) for d in slices] for k in kept]
    step = max(1, round(36 / max(high, wide))) if max(high, wide) <= 18 else 2
    side = max(high, wide) * step / DENSITY
    side = max(side, 11.0)
    labels = tuple(names[k] if names else str(k) for k in kept) if names or len(kept) < len(whole) else ()
    what = "classes" if names else "neurons" if node.layer.kind == "FC" else "filters"
    words = f"{_some(len(kept), len(whole), what)} down, {_some(len(slices), depth, 'depth slices')} across"
    return Block(node, tiles, (side * high / max(high, wide), side * wide / max(high, wide)), labels, words)


def _whole_filters(node: Node, whole: Numbers, colours: dict[str, str]) -> Block:
    """Filters that look at colours or at grey: each is one tile."""
    kept = largest(np.einsum("kdhw,kdhw->k", whole, whole), MANY_FIRST)
    depth, high, wide = whole.shape[1:]
    if depth == 3:
        images = [_coloured(whole[k]) for k in kept]
    else:
        images = [signed(whole[k, 0], float(np.abs(whole[k]).max()), colours) for k in kept]
    across = _across(len(images))
    rows = [images[start : start + across] for start in range(0, len(images), across)]
    step = max(1, round(110 / max(high, wide)))
    side = max(high, wide) * step / DENSITY
    colour = " in colour: grey is 0" if depth == 3 else ""
    words = f"{_some(len(kept), len(whole), 'filters')}{colour}, each on its own scale"
    return Block(node, rows, (side * high / max(high, wide), side * wide / max(high, wide)), (), words, depth == 3)


def _coloured(filter: Numbers) -> Bytes:
    """A filter (3, F, F) as the colours that it answers to: grey is 0."""
    most = float(np.abs(filter).max()) or 1.0
    found: Bytes = (128 + 127 * filter.transpose(1, 2, 0) / most).round().astype(np.uint8)
    return found


def _across(count: int) -> int:
    """How many tiles stand in a row: as few as can be are lacking in the last."""
    wish = sqrt(1.8 * count)
    choices = range(max(1, int(0.75 * wish)), ceil(1.25 * wish) + 1)
    return min(choices, key=lambda across: (-count % across, abs(across - wish)))


def _some(shown: int, total: int, what: str) -> str:
    return f"{total:,} {what}" if shown == total else f"the {shown} largest of {total:,} {what}"


def _draw(blocks: list[Block], title: str, line: str, dark: bool) -> Figure:
    """The blocks in rows, as many beside one another as there is room for."""
    rows: list[list[Block]] = [[]]
    for block in blocks:
        taken = sum(each.width + APART for each in rows[-1])
        if rows[-1] and taken + block.width > WIDE - 2 * EDGE:
            rows.append([])
        rows[-1].append(block)
    wide = max([sum(block.width + APART for block in row) - APART for row in rows] + [360.0]) + 2 * EDGE
    right = 0 if all(block.coloured for block in blocks) else SCALE
    top = head_height(line, wide - right) + 16
    heights = [max((block.height for block in row), default=0.0) + 26 for row in rows]
    paper = Paper(wide, top + sum(heights) + 20, dark)
    head(paper, title, line, right=right)
    if right:
        _scale(paper, wide - EDGE, EDGE)
    for row, height in zip(rows, heights, strict=True):
        x = float(EDGE)
        for block in row:
            _draw_block(paper, block, x, top)
            x += block.width + APART
        top += height
    return paper.figure


def _scale(paper: Paper, right: float, y: float) -> None:
    """The scale of signed weights, at the upper right."""
    ramp = np.linspace(-1, 1, 81)[None].repeat(6, 0)
    paper.image(right - 110, y - 6, signed(ramp, 1.0, paper.colours), 110, 8)
    for x, align, text in ((right - 110, "left", "negative"), (right - 55, "center", "0"),
                           (right, "right", "positive")):  # fmt: skip
        paper.text(x, y + 12, text, 8.5, paper.colours["pale"], align=align)


def _draw_block(paper: Paper, block: Block, x: float, y: float) -> None:
    """One layer: its name, what is to be seen, its tiles."""
    node, colours = block.node, paper.colours
    colour = kind_colour(colours, node.layer.kind)
    paper.text(x, y + 10, node.name, 12, colour, bold=True, name="layer")
    beside = x + text_width(node.name, 12, True) + 8
    weights = size_text(node.input) if node.layer.kind == "FC" else _filter_size(node)
    paper.text(beside, y + 10, shortened(weights, 10, 200), 10, colours["ink"])
    paper.lines(x, y + 25, block.lines, SIZE, colours["pale"])
    high, wide = (max(1, round(side * DENSITY)) for side in block.side)
    gap = round(GAP * DENSITY)
    sheet = tiled(block.tiles, high, wide, gap, rgb(colours["ground"]))
    paper.image(x + block.margin, y + HEAD, sheet, sheet.shape[1] / DENSITY, sheet.shape[0] / DENSITY, node.name)
    pitch = (high + gap) / DENSITY
    for number, label in enumerate(block.labels if pitch >= SIZE else ()):
        middle = y + HEAD + number * pitch + high / DENSITY / 2
        text = shortened(label, SIZE, block.margin)
        paper.text(x + block.margin - 6, middle + SIZE * 0.36, text, SIZE, colours["pale"], align="right")


def _filter_size(node: Node) -> str:
    """The size of a CONV's or LOCAL's filters, as 5x5x3."""
    depth, high, wide = node.layer.parameter_shapes(node.input)["weights"][-3:]
    return f"{wide}x{high}x{depth}"
