"""Where the columns of an image's way stand: sizes of maps, gaps that hold the names, rows of about equal width."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from striate.look import bars
from striate.look.columns import Column, Group
from striate.look.paper import DENSITY, text_width
from striate.volume import Volume

WIDE = 1240  # CSS pixels that a row may fill
EDGE = 28  # around everything
LEAST, LARGEST = 38.0, 64.0  # the longer side of a map
HIGH = 480  # of a column of maps, about
BETWEEN = 3  # two maps
PAIR = 7  # a volume and the RELU behind it
LEAD = 20  # a group and the next
SKIP = 40  # more, where layers are left out
CELL = 15  # the width of a single number
FAN = 42  # lines from the scores to their names
INPUT = 2.2  # the image's side, as that of a map
NAME, SMALL, TINY = 10.5, 10, 8.5  # sizes of letters


@dataclass(frozen=True, eq=False)
class Placed:
    """A column and where it stands: x of its left edge, the width and the height of one of its maps."""

    column: Column
    x: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """The x of its middle."""
        return self.x + self.width / 2

    @property
    def right(self) -> float:
        """The x of its right edge."""
        return self.x + self.width

    def pitch(self, high: float) -> float:
        """From one map or cell to the next; cells fill the height ``high`` of the row, up to a measure."""
        if not self.column.cells:
            return self.height + BETWEEN
        return min(high / len(self.column.slices), 3.4 * CELL)


@dataclass(frozen=True, eq=False)
class Row:
    """One row of groups, from left to right."""

    groups: tuple[tuple[Placed, ...], ...]

    @property
    def placed(self) -> Iterator[Placed]:
        """Yield its columns."""
        for group in self.groups:
            yield from group

    @property
    def right(self) -> float:
        """The x of its last column's right edge."""
        return self.groups[-1][-1].right

    @property
    def high(self) -> float:
        """The height of its highest column of maps, and never too little for the cells and the bars."""
        tall = [len(each.column.slices) * each.pitch(0) for each in self.placed if not each.column.cells]
        return max([*tall, bars.bars_height(5)])


@dataclass(frozen=True, eq=False)
class Layout:
    """All rows, and the image: the room it stands in, its width and its height."""

    rows: tuple[Row, ...]
    room: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x where the widest row ends, bars included."""
        ends = [row.right for row in self.rows]
        ends[-1] += FAN + bars.WIDTH
        return max(*ends, EDGE + self.room)


def lay_out(columns: list[Group], image: Volume, skip: int | None = None) -> Layout:
    """Place the groups: in one row if they fit, else in few, of about equal width.

    ``skip`` is the group before which layers are left out.
    """
    wanted = _wanted_side(columns)
    sides = [_whole(factor * wanted, image) for factor in (1.0, 0.92, 0.84)]
    # Maps a little smaller are no loss when they save a row.
    tries = [_Try(columns, image, side, skip) for side in sides]
    chosen = min(tries, key=lambda each: len(each.rows(WIDE)))
    many, narrow, wide = len(chosen.rows(WIDE)), 400, WIDE
    while wide - narrow > 10:
        middle = (narrow + wide) // 2
        narrow, wide = (narrow, middle) if len(chosen.rows(middle)) == many else (middle, wide)
    width, height = fitted(image, INPUT * chosen.side)
    return Layout(chosen.rows(wide), chosen.room, width, height)


def fitted(volume: Volume, side: float) -> tuple[float, float]:
    """Width and height of a map whose longer side is ``side``; no side is too thin to be seen.

    >>> fitted(Volume(12, 4, 3), 60)
    (60.0, 20.0)
    """
    longer = max(volume.width, volume.height)
    return max(side * volume.width / longer, 6.0), max(side * volume.height / longer, 6.0)


def size_text(volume: Volume) -> str:
    """The volume as people write it.

    >>> size_text(Volume(32, 32, 10))
    '32x32x10'
    """
    return str(volume)[1:-1]


def _wanted_side(columns: list[Group]) -> float:
    """The longer side of a map: large where there are few columns."""
    flat = [column for group in columns for column in group]
    maps = [column for column in flat if not column.cells]
    most = max([len(column.slices) for column in maps], default=1)
    room = WIDE - 2 * EDGE - bars.WIDTH - FAN - 2 * CELL - LEAD * len(columns)
    return min(LARGEST, max(LEAST, room / (len(maps) + INPUT)), max(LEAST, HIGH / most))


def _whole(side: float, image: Volume) -> float:
    """The nearest side that gives every number of the image a whole number of the file's pixels."""
    largest, across = max(image.width, image.height), side * DENSITY
    return (round(across / largest) * largest if across >= largest else across) / DENSITY


class _Try:
    """The columns with maps of one size, to be broken into rows of one width or another."""

    def __init__(self, columns: list[Group], image: Volume, side: float, skip: int | None) -> None:
        self.columns, self.side, self.skip = columns, side, skip
        self.room = max(fitted(image, INPUT * side)[0], 84)

    def rows(self, limit: float) -> tuple[Row, ...]:
        """The groups in rows, none wider than ``limit`` unless it is a single group."""
        rows: list[list[tuple[Placed, ...]]] = [[]]
        end, half = EDGE + self.room, 0.0
        for number, group in enumerate(self.columns):
            last = number == len(self.columns) - 1
            placed = self._place(group, end + SKIP * (number == self.skip), half)
            if placed[-1].right + last * (FAN + bars.WIDTH) > limit - EDGE and rows[-1]:
                rows.append([])
                placed = self._place(group, EDGE + 14, 0)
            rows[-1].append(placed)
            end, half = placed[-1].right, placed[-1].width / 2
        return tuple(Row(tuple(row)) for row in rows)

    def _place(self, group: Group, start: float, half: float) -> tuple[Placed, ...]:
        """A group's columns from ``start`` on, so far apart that names, numbers and sizes have room.

        ``half`` is half the width of the column before, whose middle the arrow comes from.
        """
        placed: list[Placed] = []
        for column in group:
            width, height = (CELL, CELL) if column.cells else fitted(column.node.output, self.side)
            name = text_width(column.node.layer.kind, NAME, bold=True) + 12
            gap = max(PAIR if placed else max(LEAD, numbers_width(column) + 12), name - width / 2 - half)
            placed.append(Placed(column, start + gap, width, height))
            start, half = start + gap + width, width / 2
        across = placed[-1].right - placed[0].x
        lack = max(0.0, (text_width(size_text(group[0].node.output), SMALL) + 8 - across - LEAD) / 2)
        return tuple(Placed(each.column, each.x + lack, each.width, each.height) for each in placed)


def numbers_width(column: Column) -> float:
    """How much room the numbers of the slices take, to the left of their maps; cells have none."""
    if not column.how or column.cells:
        return 0.0
    return max(text_width(str(number), TINY) for number in column.slices) + 4
