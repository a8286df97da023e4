"""Volumes that are parts of others: ways of a CONCAT write straight into its volume, and find their gradients there.

And the gradient of a sum is that of each of its terms: a unit that only an ADD reads takes the ADD's for its own. What
an ADD passes by has that and what comes back through the other way: it grows in the place of the ADD's, once read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from striate.layers import Activation, Add, Bn, Concat, Conv, Fc, Gap, Local, Lrn, Maxout, Pool, Relu
from striate.layers.sides import both
from striate.plan.arena import Arena, Buffer
from striate.plan.flow import Flow
from striate.plan.fuse import Unit
from striate.plan.geometry import wider
from striate.plan.lifetimes import Lifetime
from striate.plan.shape import Axis, Shape

#: Layers that leave the gradient of their results as it is.
READ_ONLY = Activation | Add | Bn | Conv | Fc | Gap | Local | Lrn | Maxout | Pool | Relu


@dataclass(frozen=True)
class Part:
    """Slices of another volume, from ``first``."""

    of: str
    first: int = 0


Parts = Mapping[str, Part]


def parts(flow: Flow) -> dict[str, Part]:
    """Of every buffer that is a part of another: which."""
    found: dict[str, Part] = {}
    for unit in flow.units:
        if isinstance(unit.node.layer, Concat):
            for name, _, part in ways(flow, unit):
                found[name] = part
        elif isinstance(unit.node.layer, Add) and unit.name in flow.wanted:
            for source in flow.sources[unit.name]:
                if takes_over(flow, source) or inherits(flow, source, unit):
                    found[source.gradient] = Part(unit.gradient)
    return found


def writes_there(flow: Flow, source: Unit, concat: Unit) -> bool:
    """Whether a way of a CONCAT makes its volume in its place: nothing else reads it, nor changes it there."""
    return source.makes and len(flow.readers[source.name]) == 1 and source.name in flow.sources and not concat.dropouts


def takes_over(flow: Flow, source: Unit) -> bool:
    """Whether the gradient of an ADD's result is that of its input as it is, and stays so."""
    if source.masked or source.rider or source.dropouts or not isinstance(source.node.layer, READ_ONLY):
        return False
    return len(flow.readers[source.name]) == 1 and source.name in flow.wanted


def inherits(flow: Flow, source: Unit, add: Unit) -> bool:
    """Whether the gradient of a volume that an ADD passes by begins as the ADD's, in its place.

    All that else read the volume are CONVs whose gradients are added, with its RELU's zeros, everywhere; and whoever
    else takes the ADD's gradient for its own comes before them on the way back.
    """
    readers, (last, *_) = flow.readers[source.name], flow.readers[add.name] or (add,)
    others = [unit for unit in readers if unit is not add]
    terms = [unit for unit in flow.sources[add.name] if unit is not source]
    if flow.inside or source.name not in flow.wanted or not source.makes or len(others) != len(readers) - 1:
        return False
    if not others or len(terms) != 1 or isinstance(terms[0].node.layer, Add | Concat):
        return False
    if isinstance(last.node.layer, Add) and takes_over(flow, add):  # others read that gradient later
        return False
    order = {unit.name: number for number, unit in enumerate(flow.units)}
    return terms[0].name in order and all(
        _adds_everywhere(unit) and order[unit.name] < order[terms[0].name] for unit in others
    )


def _adds_everywhere(unit: Unit) -> bool:
    layer = unit.node.layer
    return isinstance(layer, Conv) and both(layer.stride) == (1, 1) and layer.parts(unit.input)[0] == 1


def ways(flow: Flow, concat: Unit) -> Iterator[tuple[str, Shape, Part]]:
    """Name, shape and place of what the ways of a CONCAT write, and of their gradients there."""
    at = 0
    for number, source in enumerate(flow.sources[concat.name]):
        volume = source.output
        shape = Shape.of(volume.depth, volume.height, volume.width)
        for what in ("y", "dy"):
            yield slices(flow, concat, number, what), shape, Part(f"{concat.name}.{what}", at)
        at += volume.depth


def slices(flow: Flow, concat: Unit, number: int, what: str) -> str:
    """The buffer of a way's slices in the volume (``y``) or the gradient (``dy``) of a CONCAT."""
    source = flow.sources[concat.name][number]
    return f"{source.name}.{what}" if writes_there(flow, source, concat) else f"{concat.name}.{what}{number}"


def root(parts: Parts, name: str) -> Part:
    """The volume that a buffer is a part of, in the end; itself if of none."""
    part = Part(name)
    while part.of in parts:
        above = parts[part.of]
        part = Part(above.of, part.first + above.first)
    return part


def wholes(parts: Parts) -> Callable[[str], str]:
    """What tells the volume that a buffer is a part of in the end, or the buffer itself."""
    return lambda name: root(parts, name).of


def fitted(shapes: Mapping[str, Shape], parts: Parts) -> dict[str, Shape]:
    """The shapes, with the halos of all in each that lies in the same volume."""
    widest: dict[str, Shape] = {}
    for name, shape in shapes.items():
        whole = root(parts, name).of
        flat = _deep(shape, 1)
        widest[whole] = wider(widest[whole], flat) if whole in widest else flat
    return {
        name: _deep(widest[root(parts, name).of], shape.axes[0].size) if _shared(name, parts) else shape
        for name, shape in shapes.items()
    }


def _shared(name: str, parts: Parts) -> bool:
    return name in parts or any(part.of == name for part in parts.values())


def _deep(shape: Shape, depth: int) -> Shape:
    return replace(shape, axes=(Axis(depth), *shape.axes[1:]))


def whole_lives(lives: Mapping[str, Lifetime], parts: Parts) -> dict[str, Lifetime]:
    """The lifetimes of volumes, each as long as those of all its parts together."""
    found: dict[str, Lifetime] = {}
    for name, life in lives.items():
        whole = root(parts, name).of
        so_far = found.get(whole, life)
        found[whole] = Lifetime(min(so_far.first, life.first), max(so_far.last, life.last))
    return found


def book_parts(arena: Arena, shapes: Mapping[str, Shape], parts: Parts, names: Collection[str]) -> None:
    """A place for each of ``names`` that is a part of a volume that has one."""
    for name, shape in shapes.items():
        place = root(parts, name)
        if name in parts and name in names and place.of in arena.buffers:
            volume = arena.buffers[place.of]
            offset = volume.offset + place.first * shape.strides(arena.lanes)[0]
            arena.add(Buffer(name, shape, volume.scope, offset, shape.bytes(arena.lanes), volume.stride))
