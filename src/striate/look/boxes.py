"""A network without weights: its volumes as boxes to scale, with what every layer holds and sees.

After the first figures of the CS231n notes on ConvNets: width goes into the depth of the page, height upwards,
and depth to the right. All sides of all boxes are drawn on one scale, and the picture says which.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, log2, radians, sin, sqrt
from typing import TYPE_CHECKING

from striate.errors import ArgumentError
from striate.layers import Activation, Bn, Dropout, Relu
from striate.look.heads import EDGE, head, head_height
from striate.look.lanes import lanes
from striate.look.layout import size_text
from striate.look.palette import kind_colour, mixed
from striate.look.paper import Paper, shortened, text_width
from striate.notation.network import Network, Node
from striate.notation.parse import parse
from striate.notation.table import Row, summary
from striate.notation.tree import sources

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDE = 1180  # CSS pixels of a row
LONGEST = 132.0  # of a side
APART = 20  # two boxes
LEANING = radians(40)  # how the width goes into the page
SHORTER = 0.5  # a length that goes into the page
NAME, SMALL = 10.5, 9.5  # sizes of letters
WORDS = 58  # the lines beneath a box
LINE = 13  # the names above it, one under the other
LANE = 8  # lines over the boxes, from one to the next
GROUPS = 60  # boxes; of longer networks, layers in the middle are left out

Point = tuple[float, float]

SCALES: dict[str, tuple[Callable[[int], float], str]] = {
    "linear": (float, "All sides are to scale."),
    "sqrt": (sqrt, "Sides are drawn as the square root of their length."),
    "log": (lambda size: log2(1 + size), "Sides are drawn as the logarithm of their length."),
}
RATIO = 14.0  # between the longest side and the shortest that a scale is still good for


@dataclass(frozen=True)
class Box:
    """A volume with the layers that made it: a CONV or FC and the RELU or its like behind it, or another alone."""

    nodes: tuple[Node, ...]
    rows: tuple[Row, ...]
    depth: float
    height: float
    into: float  # the width's length on the page, before it leans

    @property
    def lean(self) -> Point:
        """How far right and up the back of the box is."""
        return self.into * SHORTER * cos(LEANING), self.into * SHORTER * sin(LEANING)

    @property
    def across(self) -> float:
        """All of it, from left to right."""
        return self.depth + self.lean[0]

    @property
    def words(self) -> tuple[str, str, str]:
        """What stands beneath: its volume, its parameters, its receptive field."""
        row = self.rows[0]
        wide, high = row.receptive_field
        learned = f"{row.parameters:,} parameters" if row.parameters else ""
        seen = f"sees {wide}x{high}" if self.nodes[0].layer.kind != "INPUT" else ""
        return size_text(row.output), learned, seen

    @property
    def width(self) -> float:
        """The room it needs, words included."""
        names = [_notation(node) for node in self.nodes[:1]]
        return max(self.across, *(text_width(word, SMALL) for word in self.words),
                   *(text_width(name, NAME, True) for name in names))  # fmt: skip


def architecture(network: Network | str, *, scale: str = "auto", dark: bool = False, title: str = "") -> Figure:
    """The volumes of a network, or of a line of notation, as boxes, with sizes, parameters and receptive fields.

    ``scale`` is linear, sqrt or log; auto takes the first of these on which the shortest side can still be seen.
    A window drawn on a box, with lines to the next, is what one neuron of that reads. A line over the boxes leads to
    one that reads an earlier one, where both are in the same row.
    Raises ArgumentError for another scale, NotationError for a wrong line.

    >>> figure = architecture("INPUT[32x32x3] - CONV[12, 5x5] - RELU - POOL - FC[10]")
    >>> [text.get_text() for text in figure.axes[0].texts if text.get_gid() == "size"]
    ['32x32x3', '32x32x12', '16x16x12', '1x1x10']
    """
    network = parse(network) if isinstance(network, str) else network
    if not isinstance(network, Network):
        raise ArgumentError(f"an architecture is that of a network or a line, not of {type(network).__name__}")
    chosen = choose_scale(network) if scale == "auto" else scale
    if chosen not in SCALES:
        raise ArgumentError(f"scale is one of auto, {', '.join(SCALES)}, not {scale!r}")
    boxes, left_out = _boxes(network, SCALES[chosen][0])
    rows = _rows(boxes)
    table = summary(network).totals
    note = f"{network}\n{table.parameters:,} parameters, {table.neurons:,} neurons. {SCALES[chosen][1]}"
    if left_out:
        note += f" {left_out:,} layers in the middle are left out."
    return _Drawing(rows, SCALES[chosen][0], title or "Architecture", note, dark).figure


def choose_scale(network: Network) -> str:
    """The first scale on which the shortest side is long enough to be seen beside the longest.

    >>> choose_scale(parse("INPUT[32x32x3] - CONV[10] - POOL - FC[10]"))
    'linear'
    >>> choose_scale(parse("INPUT[227x227x3] - CONV[96, 11x11, S=4, P=0] - FC[4096]"))
    'log'
    """
    sides = [side for node in network.nodes for side in node.output.shape if side > 1] or [1]
    for name, (length, _) in SCALES.items():
        if length(max(sides)) <= RATIO * length(min(sides)):
            return name
    return "log"


def _boxes(network: Network, length: Callable[[int], float]) -> tuple[list[Box], int]:
    """A box for every volume, with BN, RELU, its like and DROPOUT behind it; and how many layers have none."""
    unit = LONGEST / max(length(side) for node in network.nodes for side in node.output.shape)
    table = summary(network).rows
    groups: list[list[int]] = []
    for place, node in enumerate(network.nodes):
        behind = groups and node.inputs == (network.nodes[groups[-1][-1]].name,)
        kept = isinstance(node.layer, Activation | Bn | Dropout | Relu)
        if behind and kept and network.nodes[groups[-1][0]].layer.kind != "INPUT":
            groups[-1].append(place)
        else:
            groups.append([place])
    left_out = 0
    if len(groups) > GROUPS:
        middle = groups[GROUPS // 2 : -GROUPS // 2]
        left_out = sum(map(len, middle))
        groups = [*groups[: GROUPS // 2], *groups[-GROUPS // 2 :]]
    boxes = []
    for group in groups:
        volume = network.nodes[group[-1]].output
        sides = [max(unit * length(side), 1.5) for side in (volume.depth, volume.height, volume.width)]
        boxes.append(Box(tuple(network.nodes[k] for k in group), tuple(table[k] for k in group), *sides))
    return boxes, left_out


def _rows(boxes: list[Box]) -> list[list[Box]]:
    """The boxes in few rows of about equal width."""
    total = sum(box.width + APART for box in boxes)
    count = max(1, round(total / (WIDE - 2 * EDGE) + 0.49))
    limit = max(total / count * 1.04, max(box.width for box in boxes))
    rows: list[list[Box]] = [[]]
    for box in boxes:
        taken = sum(each.width + APART for each in rows[-1])
        if rows[-1] and taken + box.width > limit and len(rows) < count:
            rows.append([])
        rows[-1].append(box)
    return rows


def _skips(row: list[Box]) -> list[tuple[int, int, int]]:
    """(box, box that reads it, lane) for those of a row that do not stand side by side."""
    places = {box.nodes[-1].name: place for place, box in enumerate(row)}
    spans = [
        (places[name], place)
        for place, box in enumerate(row)
        for name in box.nodes[0].inputs
        if places.get(name, place) < place - 1
    ]
    return [(*span, lane) for span, lane in zip(spans, lanes(spans), strict=True)]


def _notation(node: Node) -> str:
    """The layer as it is written; INPUT without its size, which stands beneath; a join as what it joins."""
    return "INPUT" if node.layer.kind == "INPUT" else sources(node) or node.layer.notation()


class _Drawing:
    """The figure: rows of boxes, each with its words."""

    def __init__(
        self, rows: list[list[Box]], length: Callable[[int], float], title: str, note: str, dark: bool
    ) -> None:  # fmt: skip
        self.length = length
        wide = max([sum(box.width + APART for box in row) - APART for row in rows] + [420.0]) + 2 * EDGE
        line, facts = note.split("\n")
        top = head_height(line, wide, 2) + 18
        heights = [self._above(row) + self._tall(row) + WORDS + 24 for row in rows]
        self.paper = Paper(wide, top + sum(heights) + 8, dark)
        head(self.paper, title, line, 2)
        self.paper.text(EDGE, top - 14, shortened(facts, 10, wide - 2 * EDGE), 10, self.paper.colours["ink"])
        for row, height in zip(rows, heights, strict=True):
            self._row(row, top, self._tall(row))
            top += height

    @property
    def figure(self) -> Figure:
        """What was drawn."""
        return self.paper.figure

    @staticmethod
    def _above(row: list[Box]) -> float:
        over = max((lane for _, _, lane in _skips(row)), default=-2)
        return 10 + LINE * max(len(box.nodes) for box in row) + LANE * (over + 2) + (4 if over >= 0 else 0)

    @staticmethod
    def _tall(row: list[Box]) -> float:
        return max(box.height + box.lean[1] for box in row)

    def _row(self, row: list[Box], top: float, tall: float) -> None:
        """Boxes on one middle line, windows and lines between them, words above and beneath."""
        x, middle = float(EDGE), top + self._above(row) + tall / 2
        before: tuple[Box, float] | None = None
        tops: list[Point] = []
        for box in row:
            left = x + (box.width - box.across) / 2
            if before is not None and before[0].nodes[-1].name in box.nodes[0].inputs:
                self._window(before, box, left, middle)
            self._box(box, left, middle)
            self._words(box, x + box.width / 2, top, middle + tall / 2)
            before = (box, left)
            tops.append((left + box.across / 2, middle - (box.height + box.lean[1]) / 2))
            x += box.width + APART
        for source, place, lane in _skips(row):
            colour = kind_colour(self.paper.colours, row[place].nodes[0].layer.kind)
            self._skip(tops[source], tops[place], middle - tall / 2 - LANE * lane - 13, colour)

    def _skip(self, source: Point, target: Point, y: float, colour: str) -> None:
        """A line over the boxes, from the top of one to the top of another; what arrives there keeps to the left."""
        colour = mixed(self.paper.colours["ground"], colour, 0.8)
        (x0, y0), (x1, y1) = (source[0] + 5, source[1]), (target[0] - 5, target[1])
        self.paper.stroke([(x0, y0 - 2), (x0, y), (x1, y), (x1, y1 - 2)], colour, 1.1)
        self.paper.stroke([(x1 - 3.5, y1 - 7), (x1, y1 - 2), (x1 + 3.5, y1 - 7)], colour, 1.1)

    def _box(self, box: Box, x: float, middle: float) -> None:
        """The three faces that can be seen: front, top and right."""
        colours = self.paper.colours
        colour = kind_colour(colours, box.nodes[0].layer.kind)
        right, up = box.lean
        low = middle + (box.height + up) / 2
        high = low - box.height
        end = x + box.depth
        faces = [
            ([(x, low), (end, low), (end, high), (x, high)], 0.30),
            ([(x, high), (end, high), (end + right, high - up), (x + right, high - up)], 0.16),
            ([(end, low), (end + right, low - up), (end + right, high - up), (end, high)], 0.44),
        ]
        edge = mixed(colours["ground"], colour, 0.9)
        for points, part in faces:
            self.paper.polygon(points, mixed(colours["ground"], colour, part), edge, 0.9)

    def _window(self, before: tuple[Box, float], box: Box, left: float, middle: float) -> None:
        """What one neuron of the box reads, on the right face of the box before, and lines to that neuron."""
        source, x = before
        layer, volume = box.nodes[0].layer, box.nodes[0].input
        across, down, *_ = layer.receptive(volume)
        wide = min(self.length(across) / self.length(volume.width), 1.0)
        high = min(self.length(down) / self.length(volume.height), 1.0)
        right, up = source.lean
        low = middle + (source.height + up) / 2
        corner = x + source.depth + right * (1 - wide) / 2, low - up * (1 - wide) / 2 - source.height * (1 - high) / 2
        points = [
            corner,
            (corner[0] + right * wide, corner[1] - up * wide),
            (corner[0] + right * wide, corner[1] - up * wide - source.height * high),
            (corner[0], corner[1] - source.height * high),
        ]
        colour = kind_colour(self.paper.colours, layer.kind)
        target = (left, middle + box.lean[1] / 2)
        for point in points:
            self.paper.stroke([point, target], mixed(self.paper.colours["ground"], colour, 0.55), 0.7)
        self.paper.outline(points, colour, 1.1)

    def _words(self, box: Box, middle: float, top: float, bottom: float) -> None:
        """The layers above, sizes beneath."""
        colours = self.paper.colours
        for place, node in enumerate(box.nodes):
            colour = kind_colour(colours, node.layer.kind)
            y = top + 12 + place * LINE
            self.paper.text(middle, y, _notation(node), NAME, colour, bold=True, align="center", name="layer")
        y = bottom + 20
        size, learned, seen = box.words
        self.paper.text(middle, y, size, SMALL + 0.5, colours["ink"], align="center", name="size")
        for place, word in enumerate(word for word in (learned, seen) if word):
            self.paper.text(middle, y + 14 + 13 * place, word, SMALL, colours["pale"], align="center", name="facts")
