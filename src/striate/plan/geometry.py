"""The sweeps of a unit, and the halos that they ask of the volumes they read."""

from __future__ import annotations

from striate.layers import Conv, Gap, Local, Pool
from striate.layers.window import Window
from striate.notation.network import Node
from striate.plan.fuse import Unit
from striate.plan.shape import Axis, Shape
from striate.plan.sweep import Sweep, backward_sweeps, forward_sweep
from striate.volume import Volume

#: Filter fields that Winograd's tiles serve, and how many results a side of the tile has.
TILE_SIZES = {3: 4, 5: 2}

#: The same for weight gradients with slices in lanes; of 1x1 filters there is nothing to save but memory traffic.
DEEP_SIZES = {1: 1, **TILE_SIZES}

MANY_SLICES = 8  #: rows or slices: as many as a set of the first-level cache has places

Sweeps = tuple[tuple[Sweep, ...], tuple[Sweep, ...]]  #: over the rows, over the columns


def windows(node: Node) -> tuple[Window, Window]:
    """The windows of a CONV, LOCAL, POOL or GAP over rows and columns."""
    assert isinstance(node.layer, Conv | Local | Pool | Gap)
    return node.layer.windows(node.input)


def counts(unit: Unit) -> tuple[int, int]:
    """Rows and columns of CONV results that are needed: a fused POOL may crop the last."""
    rows, columns = windows(unit.node)
    if unit.pool:
        return unit.output.height * 2, unit.output.width * 2
    return rows.count, columns.count


def forward(unit: Unit) -> tuple[Sweep, Sweep]:
    """The forward sweeps over rows and columns."""
    down, across = windows(unit.node)
    rows, columns = counts(unit)
    return (
        forward_sweep(rows, down.field, down.stride, down.before, down.dilation),
        forward_sweep(columns, across.field, across.stride, across.before, across.dilation),
    )


def backward(unit: Unit) -> Sweeps:
    """The sweeps over the results' gradients that give the input's."""
    down, across = windows(unit.node)
    rows, columns = counts(unit)
    return (
        backward_sweeps(unit.input.height, rows, down.field, down.stride, down.before, down.dilation),
        backward_sweeps(unit.input.width, columns, across.field, across.stride, across.before, across.dilation),
    )


def _axis(size: int, sweeps: tuple[Sweep, ...], tile: int) -> Axis:
    reaches = [sweep.whole(tile).reach(size) for sweep in sweeps]
    return Axis(size, max(low for low, _ in reaches), max(high for _, high in reaches))


def volume_shape(volume: Volume, reader: Unit | None = None, tile: int = 1) -> Shape:
    """A volume as [depth][row][column][lane], with the zeros that its reader's filter or window meets.

    ``tile``: the reader works in whole tiles of so many results a side, and meets more zeros after the end.
    """
    if reader is None or not isinstance(reader.node.layer, Conv | Local | Pool):
        return Shape.of(volume.depth, volume.height, volume.width)
    rows, columns = forward(reader)
    return Shape((Axis(volume.depth), _axis(volume.height, (rows,), tile), _axis(volume.width, (columns,), tile)))


def gradient_shape(unit: Unit, goes_on: bool, tile: int = 1) -> Shape:
    """The gradient of a CONV's or POOL's results, with the zeros that the way back meets if it ``goes_on``, and whole
    tiles."""
    axes = [Axis(unit.node.output.depth)]
    for size, sweeps in zip(counts(unit), backward(unit), strict=True):
        axis = _axis(size, sweeps, tile) if goes_on else Axis(size)
        axes.append(Axis(size, axis.before, max(axis.after, -size % tile)))
    return Shape(tuple(axes))


def wider(a: Shape, b: Shape) -> Shape:
    """Of two shapes of one volume, the halos of both."""
    axes = [
        Axis(one.size, max(one.before, other.before), max(one.after, other.after))
        for one, other in zip(a.axes, b.axes, strict=True)
    ]
    return Shape(tuple(axes))


def choice_shape(volume: Volume, numbers: int) -> Shape:
    """Which of a window's ``numbers`` won, or none: bytes where that fits one."""
    element = "bytes" if numbers < 256 else "lanes"
    return Shape.of(volume.depth, volume.height, volume.width, element=element)
