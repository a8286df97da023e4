"""A LOCAL's calls and its scratch: every position has filters of its own, so none is loaded for two of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from striate.layers import Local
from striate.plan.call import Call, call
from striate.plan.fuse import Unit
from striate.plan.geometry import forward, volume_shape
from striate.plan.shape import Axis, Shape
from striate.plan.target import Target
from striate.plan.tiles import Tile, correlation_tile

SINGLE = 8  #: filters that are summed at a time for one image
FREE = 4  #: registers beside the sums of the way back
MOST = 12  #: filters whose gradients are held beside a vector of inputs


def weight_bytes(unit: Unit) -> int:
    """Of a LOCAL's weights."""
    return 4 * prod(unit.node.layer.parameter_shapes(unit.input)["weights"])


def forward_call(unit: Unit, x: str, target: Target) -> Call:
    """The unit's results, row by row."""
    name, (rows, columns) = unit.name, forward(unit)
    # Columns share no weight, and serve only to keep enough sums going where filters are few.
    sums = correlation_tile(unit.output.depth, 1, columns.count, 1, 2, 1, target.registers)
    wide = max(1, min(sums.columns, 8 // sums.filters))
    tile = Tile(min(unit.output.depth, max(sums.filters, 8)), 1, wide)
    buffers = [x, f"{name}.weights", f"{name}.biases", f"{name}.y"]
    return call("local_forward", buffers, rows.count, rows=rows, columns=columns, tile=tile, relu=unit.relu)


def backward_calls(unit: Unit, x: str, dx: str, mask: bool, target: Target) -> Iterator[Call]:
    """Weights and biases, and if ``dx`` is named the gradient of the input."""
    name, (rows, columns) = unit.name, forward(unit)
    dy, weights = f"{name}.dy", f"{name}.weights"
    named = [x, dy, f"{weights}.gradient", f"{name}.biases.gradient", f"{name}.line.weights"]
    many = min(MOST, target.registers - FREE)
    yield call("local_weight_gradient", named, rows.count, rows=rows, columns=columns, tile=many)
    if dx:
        held = target.registers - FREE
        named = [dy, weights, x, dx, f"{name}.line.data"]
        yield call("local_data_gradient", named, unit.input.depth, rows=rows, columns=columns, tile=held, mask=mask)


def scratch_shapes(units: Sequence[Unit], made: Call) -> Iterator[tuple[str, Shape]]:
    """The shapes of the scratch buffers that a call of a LOCAL names."""
    if made.family not in ("local_weight_gradient", "local_data_gradient"):
        return
    name = made.buffers[-1]
    unit = next(unit for unit in units if unit.name == name.partition(".")[0])
    if made.family == "local_data_gradient":
        yield name, volume_shape(unit.input, unit)
    else:
        yield name, Shape.of(unit.node.layer.connections(unit.input))


def single_call(unit: Unit, x: str) -> Call:
    """The results of one image."""
    name, (rows, columns) = unit.name, forward(unit)
    buffers = [x, f"{name}.weights", f"{name}.biases", f"single.{name}.y", single_scratch(unit)[0]]
    how = {"rows": rows, "columns": columns, "tile": SINGLE, "relu": unit.relu}
    return call("single_local", buffers, rows.count, **how)


def single_scratch(unit: Unit) -> tuple[str, Shape]:
    """What one position sees, in the order of its weights."""
    return f"{unit.name}.line.single", Shape((Axis(unit.node.layer.connections(unit.input)),), "f32")


def is_local(unit: Unit) -> bool:
    """Whether the unit's layer is a LOCAL."""
    return isinstance(unit.node.layer, Local)
