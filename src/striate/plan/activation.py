"""LEAKY and its like, and MAXOUT: their calls, and the volume in which MAXOUT's choices are kept.

A function whose slope its result tells works in place, on the volume of the CONV or FC before it: it rides on that
unit. These functions never fall, so the maximum of a window's results is the result of its maximum: a POOL that rides,
too, comes first, whatever their order in the network. GELU and SILU need their input for the way back, so they make a
volume of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from striate.layers import Activation, Maxout
from striate.notation.network import Node
from striate.plan.call import Call, call
from striate.plan.fuse import Unit
from striate.plan.shape import Shape

CYCLES = 20  #: of a function of a vector


def _how(node: Node) -> dict[str, Any]:
    assert isinstance(node.layer, Activation)
    return {"kind": node.layer.kind, "a": node.layer.parameter}


def forward_call(unit: Unit, x: str, training: bool) -> Call:
    """A unit that begins with one of these layers; only training keeps MAXOUT's choices."""
    layer, y = unit.node.layer, f"{unit.name}.y"
    if isinstance(layer, Maxout):
        choice = [f"{unit.name}.choice"] if training else []
        return call("maxout_forward", [x, y, *choice], unit.output.depth, pieces=layer.pieces)
    return call("activation_forward", [x, y], unit.output.depth, **_how(unit.node))


def ride(unit: Unit) -> Iterator[Call]:
    """What rides on a unit, in place."""
    if unit.rider:
        yield call("activation", [unit.result], unit.output.depth, **_how(unit.rider))


def ride_back(unit: Unit) -> Iterator[Call]:
    """The unit's gradient by way of what rides on it, in place."""
    if unit.rider:
        rates = [f"{node.name}.rate" for node in unit.dropouts]
        buffers = [unit.gradient, unit.result, *rates]
        yield call("activation_slope", buffers, unit.output.depth, **_how(unit.rider))


def backward_call(unit: Unit, x: str, dx: str, mask: bool) -> Call:
    """The gradient on the input of a unit that begins with one of these layers; ``mask``: a RELU's result."""
    layer, dy = unit.node.layer, f"{unit.name}.dy"
    if isinstance(layer, Maxout):
        buffers = [dy, f"{unit.name}.choice", dx, *([f"{unit.name}.y"] if mask else [])]
        return call("maxout_backward", buffers, unit.output.depth, pieces=layer.pieces)
    return call("activation_backward", [dy, x, dx], unit.output.depth, **_how(unit.node), mask=mask)


def kept_volumes(unit: Unit) -> Iterator[tuple[str, Shape]]:
    """Name and shape of what MAXOUT keeps for the way back: which slice it took, in bytes where they can tell."""
    volume = unit.output
    element = "bytes" if unit.input.depth // volume.depth <= 256 else "lanes"
    yield f"{unit.name}.choice", Shape.of(volume.depth, volume.height, volume.width, element=element)


def single_call(unit: Unit, x: str, y: str) -> Call:
    """A unit that begins with one of these layers, for one image."""
    layer = unit.node.layer
    if isinstance(layer, Maxout):
        return call("single_maxout", [x, y], unit.output.height, pieces=layer.pieces)
    return call("single_activation", [x, y], unit.output.height, **_how(unit.node))


def single_ride(unit: Unit, y: str) -> Iterator[Call]:
    """What rides on a unit, for one image, in place."""
    if unit.rider:
        yield call("single_activation", [y], unit.output.height, **_how(unit.rider))


def cycles(unit: Unit, lanes: int) -> tuple[float, float]:
    """Cycles of one thread for one image, and for a group of them, of what rides on a unit, or of a function alone."""
    node = unit.rider or unit.node
    if not isinstance(node.layer, Activation):
        return 0, 0
    return CYCLES * unit.output.size / min(lanes, unit.output.depth), float(CYCLES * unit.output.size)
