"""The volumes of a lane group: activations, choices and gradients, each with the halo its reader needs."""

from __future__ import annotations

from collections.abc import Sequence

from striate.layers import Conv, Pool
from striate.notation.network import Network
from striate.plan.arena import Arena
from striate.plan.fuse import Unit
from striate.plan.geometry import choice_shape, counts, gradient_shape, volume_shape, wider
from striate.plan.shape import Shape


def first_learner(units: Sequence[Unit]) -> int:
    """The index of the first unit with parameters: gradients go back no further."""
    return next((i for i, unit in enumerate(units) if unit.learns), len(units))


def book_volumes(arena: Arena, network: Network, units: Sequence[Unit]) -> None:
    """Book every volume of the units, once a thread."""
    arena.book("line", Shape.of(network.input.width * network.input.depth), "rank")
    arena.book("input.y", volume_shape(network.input, units[0]), "rank")
    learner = first_learner(units)
    last = units[-1].output
    arena.book("dscores", Shape.of(last.depth, last.height, last.width), "rank")
    for i, (unit, reader) in enumerate(zip(units, [*units[1:], None], strict=True)):
        arena.book(f"{unit.name}.y", volume_shape(unit.output, reader), "rank")
        layer = unit.node.layer
        if unit.pool or isinstance(layer, Pool):
            field = layer.field if isinstance(layer, Pool) else 2
            arena.book(f"{unit.name}.choice", choice_shape(unit.output, field), "rank")
        if i >= learner:
            _book_gradients(arena, unit, reader, i > learner)


def _book_gradients(arena: Arena, unit: Unit, reader: Unit | None, goes_on: bool) -> None:
    """``dy`` is the gradient of what the unit makes, ``dz`` that of the CONV results behind a fused POOL."""
    output = volume_shape(unit.output, reader if reader and isinstance(reader.node.layer, Pool) else None)
    if not isinstance(unit.node.layer, Conv):
        arena.book(f"{unit.name}.dy", output, "rank")
        return
    bare = Shape.of(unit.node.output.depth, *counts(unit))
    results = gradient_shape(unit) if goes_on else bare
    arena.book(f"{unit.name}.dy", output if unit.pool else wider(results, output), "rank")
    if unit.pool:
        arena.book(f"{unit.name}.dz", results, "rank")
