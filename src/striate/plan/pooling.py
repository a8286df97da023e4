"""The calls of POOL and GAP, and what they keep from the way there for the way back.

The largest number of a window keeps its place, ``choice``. An average keeps nothing. An l2 norm keeps its inverse, 0
for a window of zeros, so that the way back is x times the sum of dy * inverse over the windows.
"""

from __future__ import annotations

from collections.abc import Iterator

from striate.layers import Gap, Pool
from striate.plan.call import Call, call
from striate.plan.fuse import Unit
from striate.plan.geometry import backward, choice_shape, forward, gradient_shape, wider
from striate.plan.shape import Shape


def kind_of(unit: Unit) -> str:
    """What the unit's POOL or GAP makes of a window: one of ``striate.layers.pool.KINDS``."""
    layer = unit.node.layer
    assert isinstance(layer, Pool | Gap)
    return layer.of if isinstance(layer, Pool) else "average"


def _apart(unit: Unit) -> bool:
    """Whether no number is in two windows, and none of several windows reaches over the border."""
    sides = zip(forward(unit), (unit.input.height, unit.input.width), strict=True)
    return all(
        sweep.count == 1 or (sweep.step >= len(sweep.taps) and sweep.reach(size) == (0, 0)) for sweep, size in sides
    )


def forward_call(unit: Unit, x: str, training: bool) -> Call:
    """y of every window; only training keeps something for the way back."""
    (rows, columns), name, kind = forward(unit), unit.name, kind_of(unit)
    kept = {"max": [f"{name}.choice"], "average": [], "l2": [f"{name}.inverse"]}[kind] if training else []
    family = "pool_forward" if kind == "max" else f"{kind}_forward"
    return call(family, [x, f"{name}.y", *kept], unit.output.depth, rows=rows, columns=columns)


def backward_call(unit: Unit, x: str, dx: str, mask: bool) -> Call:
    """dx; zero where ``mask`` says that a RELU held x at zero."""
    (rows, columns), name, kind = forward(unit), unit.name, kind_of(unit)
    depth, dy = unit.input.depth, f"{name}.dy"
    if kind == "max":
        named = [dy, f"{name}.y", f"{name}.choice", dx]
        return call("pool_backward", named, depth, rows=rows, columns=columns, mask=mask)
    named = [dy, f"{name}.inverse", x, dx] if kind == "l2" else [dy, x, dx]
    ends = {} if kind == "l2" else {"mask": mask, "count": len(rows.taps) * len(columns.taps)}
    if _apart(unit):
        return call(f"{kind}_spread", named, depth, rows=rows, columns=columns, **ends)
    down, across = backward(unit)
    return call(f"{kind}_backward", named, depth, rows=down, columns=across, **ends)


def kept_volumes(unit: Unit) -> Iterator[tuple[str, Shape]]:
    """Name and shape of what is kept for the way back."""
    if unit.pool or (isinstance(unit.node.layer, Pool) and kind_of(unit) == "max"):
        numbers = unit.node.layer.connections(unit.input) if isinstance(unit.node.layer, Pool) else 4
        yield f"{unit.name}.choice", choice_shape(unit.output, numbers)
    elif isinstance(unit.node.layer, Pool) and kind_of(unit) == "l2":
        yield f"{unit.name}.inverse", _gathered(unit)


def _gathered(unit: Unit) -> Shape:
    """The output's shape with the zeros that the way back meets."""
    volume = unit.output
    return Shape.of(volume.depth, volume.height, volume.width) if _apart(unit) else gradient_shape(unit, True)


def output_gradient(unit: Unit, output: Shape) -> Shape:
    """The shape of the gradient on what a POOL or GAP makes, where its reader wants ``output``."""
    return output if kind_of(unit) == "max" else wider(_gathered(unit), output)
