"""The volumes of a lane group: activations, choices and gradients, each with the halo its reader needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from striate.layers import Conv, Gap, Lrn, Maxout, Pool
from striate.notation.network import Network
from striate.plan import activation, normalization, pooling
from striate.plan.fuse import Unit
from striate.plan.geometry import gradient_shape, volume_shape, wider
from striate.plan.kernels import Kernels
from striate.plan.shape import Shape
from striate.volume import Volume


def first_learner(units: Sequence[Unit]) -> int:
    """The index of the first unit with parameters: gradients go back no further."""
    return next((i for i, unit in enumerate(units) if unit.learns), len(units))


def volumes(
    network: Network, units: Sequence[Unit], chosen: Mapping[str, Kernels], inside: bool = False
) -> Iterator[tuple[str, Shape]]:
    """Name and shape of every volume of the units; ``inside``: with gradients back to the images."""
    last, units = units[-1].output, [unit for unit in units if unit.makes]
    first = units[0] if units else None
    yield "input.y", _read_by(network.input, first, chosen)
    learner = -1 if inside else first_learner(units)
    if inside:
        yield "input.dy", _gradient(network.input, first)
    yield "dscores", Shape.of(last.depth, last.height, last.width)
    for i, (unit, reader) in enumerate(zip(units, [*units, None][1:], strict=True)):
        yield f"{unit.name}.y", _read_by(unit.output, reader, chosen)
        yield from _kept(unit)
        if i >= learner:
            yield from _gradients(unit, reader, i > learner, chosen)


def _kept(unit: Unit) -> Iterator[tuple[str, Shape]]:
    """Name and shape of what a unit keeps from the way there for the way back."""
    layer = unit.node.layer
    if isinstance(layer, Lrn):
        return normalization.kept_volumes(unit)
    if isinstance(layer, Maxout):
        return activation.kept_volumes(unit)
    return pooling.kept_volumes(unit)


def _read_by(volume: Volume, reader: Unit | None, chosen: Mapping[str, Kernels]) -> Shape:
    tile = chosen[reader.name].source_tile if reader and reader.name in chosen else 1
    return volume_shape(volume, reader, tile)


def _gradient(volume: Volume, reader: Unit | None) -> Shape:
    """A volume's gradient: POOL of maxima alone gives some to the zeros around, too."""
    pools = reader is not None and isinstance(reader.node.layer, Pool) and reader.node.layer.of == "max"
    return volume_shape(volume, reader if pools else None)


def _gradients(
    unit: Unit, reader: Unit | None, goes_on: bool, chosen: Mapping[str, Kernels]
) -> Iterator[tuple[str, Shape]]:
    """``dy`` is the gradient of what the unit makes, ``dz`` that of the CONV results behind a fused POOL."""
    output = _gradient(unit.output, reader)
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
