"""The volumes of a lane group: activations, choices and gradients, each with the halo its readers need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce

from striate.layers import Concat, Conv, Fc, Gap, Join, Lrn, Maxout, Pool
from striate.notation.network import Network
from striate.plan import activation, normalization, pooling
from striate.plan.flow import Flow
from striate.plan.fuse import Unit
from striate.plan.geometry import gradient_shape, volume_shape, wider
from striate.plan.kernels import Kernels
from striate.plan.parts import ways
from striate.plan.shape import Shape
from striate.volume import Volume


def volumes(
    network: Network, flow: Flow, chosen: Mapping[str, Kernels], inside: bool = False
) -> Iterator[tuple[str, Shape]]:
    """Name and shape of every volume of the units; ``inside``: with gradients back to the images."""
    last = flow.last.output
    first = reading(flow, "input")
    yield "input.y", _read_by(network.input, first, chosen)
    if inside:
        yield "input.dy", _gradient(network.input, first)
    yield "dscores", Shape.of(last.depth, last.height, last.width)
    for unit in flow.units:
        if not unit.makes:
            continue
        readers = reading(flow, unit.name)
        yield f"{unit.name}.y", _read_by(unit.output, readers, chosen)
        yield from _kept(unit)
        if isinstance(unit.node.layer, Fc):
            yield f"{unit.name}.x", Shape.of(unit.input.depth, unit.input.height, unit.input.width)
        if unit.name in flow.wanted:
            yield from _gradients(unit, readers, flow.goes_on(unit), chosen)
        yield from _between(flow, unit)


def _kept(unit: Unit) -> Iterator[tuple[str, Shape]]:
    """Name and shape of what a unit keeps from the way there for the way back."""
    layer = unit.node.layer
    if isinstance(layer, Lrn):
        return normalization.kept_volumes(unit)
    if isinstance(layer, Maxout):
        return activation.kept_volumes(unit)
    return pooling.kept_volumes(unit)


def reading(flow: Flow, name: str) -> tuple[Unit, ...]:
    """Those that read a volume; a DROPOUT that works on it in place leaves it to those behind."""
    found: list[Unit] = []
    for reader in flow.readers[name]:
        found += [reader] if reader.makes else reading(flow, reader.name)
    return tuple(found)


def _between(flow: Flow, unit: Unit) -> Iterator[tuple[str, Shape]]:
    """What a unit hands on in a buffer of its own: slices of a CONCAT, and a gradient that is added elsewhere."""
    if isinstance(unit.node.layer, Concat):
        yield from ((name, shape) for name, shape, _ in ways(flow, unit) if name.startswith(f"{unit.name}."))
    if not isinstance(unit.node.layer, Join) and len(flow.readers[unit.reads[0]]) > 1:
        yield f"{unit.name}.dx", _gradient(unit.input, (unit,))


def _read_by(volume: Volume, readers: Sequence[Unit], chosen: Mapping[str, Kernels]) -> Shape:
    shapes = [volume_shape(volume)]
    for reader in readers:
        tile = chosen[reader.name].source_tile if reader.name in chosen else 1
        shapes.append(volume_shape(volume, reader, tile))
    return reduce(wider, shapes)


def _gradient(volume: Volume, readers: Sequence[Unit]) -> Shape:
    """A volume's gradient: POOL of maxima alone gives some to the zeros around, too."""
    pools = [reader for reader in readers if isinstance(reader.node.layer, Pool) and reader.node.layer.of == "max"]
    return reduce(wider, [volume_shape(volume, reader) for reader in pools], volume_shape(volume))


def _gradients(
    unit: Unit, readers: Sequence[Unit], goes_on: bool, chosen: Mapping[str, Kernels]
) -> Iterator[tuple[str, Shape]]:
    """``dy`` is the gradient of what the unit makes, ``dz`` that of the CONV results behind a fused POOL."""
    output = _gradient(unit.output, readers)
    if not isinstance(unit.node.layer, Conv):
        pools = isinstance(unit.node.layer, Pool | Gap)
        yield f"{unit.name}.dy", pooling.output_gradient(unit, output) if pools else output
        return
    kernels = chosen[unit.name]
    tile = kernels.gradient_tile if goes_on else max(kernels.weights.size, 1)
    results = gradient_shape(unit, goes_on, tile)
    yield f"{unit.name}.dy", output if unit.pool else wider(results, output)
    if unit.pool:
        yield f"{unit.name}.dz", results
