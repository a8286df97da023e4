"""The calls that take a lane group forwards and back, each a kernel with its buffers and its tile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from striate.layers import Conv, Fc, Pool
from striate.plan.fuse import Unit
from striate.plan.geometry import backward, counts, forward
from striate.plan.target import Target
from striate.plan.tiles import correlation_tile, fc_tiles, gradient_tile
from striate.plan.volumes import first_learner


@dataclass(frozen=True)
class Call:
    """One kernel run: the emitter's name, the buffers it gets, and the settings that shape its code."""

    family: str
    buffers: tuple[str, ...]
    settings: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        shown = [f"{name}={value}" for name, value in self.settings if name in ("tile", "relu", "pool", "mask")]
        return f"{self.family}({', '.join(self.buffers)})" + (f"  {', '.join(shown)}" if shown else "")


def _call(family: str, buffers: Sequence[str], **settings: Any) -> Call:
    return Call(family, tuple(buffers), tuple(settings.items()))


def _inputs(units: Sequence[Unit]) -> Iterator[tuple[Unit, str]]:
    """Every unit with the buffer it reads."""
    x = "input.y"
    for unit in units:
        yield unit, x
        x = f"{unit.name}.y"


def forward_calls(units: Sequence[Unit], target: Target, training: bool) -> tuple[Call, ...]:
    """The forward pass; only training keeps POOL's choices."""
    calls = []
    for unit, x in _inputs(units):
        name, layer = unit.name, unit.node.layer
        y, choice = f"{name}.y", [f"{name}.choice"] if training else []
        parameters = [f"{name}.weights", f"{name}.biases"]
        if isinstance(layer, Conv):
            rows, columns = forward(unit)
            step = 2 if unit.pool else 1
            tile = correlation_tile(
                layer.filters, rows.count, columns.count, layer.field, layer.stride, step, target.registers
            )
            buffers = [x, *parameters, y, *(choice if unit.pool else [])]
            call = _call("conv_forward", buffers, rows=rows, columns=columns, tile=tile, relu=unit.relu, pool=unit.pool)
        elif isinstance(layer, Fc):
            tiles = fc_tiles(target)
            buffers = [x, *parameters, y]
            call = _call("fc_forward", buffers, tile=tiles.forward, unroll=tiles.unroll, relu=unit.relu)
        elif isinstance(layer, Pool):
            rows, columns = forward(unit)
            call = _call("pool_forward", [x, y, *choice], rows=rows, columns=columns)
        else:
            call = _call("relu_forward", [x, y])
        calls.append(call)
    return tuple(calls)


def gradient_enters(units: Sequence[Unit]) -> str:
    """The buffer that the loss writes its gradient to: the last unit's own, where it fits in as it is."""
    last = units[-1]
    direct = last.learns and not last.masked and (last.pool or not isinstance(last.node.layer, Conv))
    return f"{last.name}.dy" if direct else "dscores"


def loss_call(units: Sequence[Unit], loss: str) -> Call:
    """The loss on the last unit's output, and the gradient it starts with."""
    buffers = [f"{units[-1].name}.y", "labels", "weights", gradient_enters(units), "losses", "hits"]
    return _call(f"{loss}_loss", buffers)


def backward_calls(units: Sequence[Unit], target: Target) -> tuple[Call, ...]:
    """The way back, last unit first, as far as there are parameters to learn."""
    learner, last = first_learner(units), units[-1]
    if learner == len(units):
        return ()
    calls = []
    if gradient_enters(units) == "dscores":
        calls.append(_call("relu_backward", ["dscores", f"{last.name}.y", f"{last.name}.dy"], mask=last.masked))
    inputs = list(_inputs(units))
    for i in range(len(units) - 1, learner - 1, -1):
        unit, x = inputs[i]
        calls += _unit_backward(unit, x, units[i - 1] if i > learner else None, target)
    return tuple(calls)


def _unit_backward(unit: Unit, x: str, before: Unit | None, target: Target) -> Iterator[Call]:
    name, layer = unit.name, unit.node.layer
    dy, dx = f"{name}.dy", f"{before.name}.dy" if before else ""
    mask = before is not None and before.masked
    if isinstance(layer, Conv):
        yield from _conv_backward(unit, x, dx, mask, target)
    elif isinstance(layer, Fc):
        gradients = [f"{name}.weights.gradient", f"{name}.biases.gradient"]
        tiles = fc_tiles(target)
        yield _call("fc_weight_gradient", [x, dy, *gradients], tile=tiles.weights)
        if before:
            yield _call("fc_data_gradient", [dy, f"{name}.weights", x, dx], tile=tiles.data, mask=mask)
    elif isinstance(layer, Pool) and before:
        rows, columns = forward(unit)
        buffers = [dy, f"{name}.y", f"{name}.choice", dx]
        yield _call("pool_backward", buffers, rows=rows, columns=columns, mask=mask)
    elif before:
        yield _call("relu_backward", [dy, x, dx], mask=True)


def _conv_backward(unit: Unit, x: str, dx: str, mask: bool, target: Target) -> Iterator[Call]:
    name, layer = unit.name, unit.node.layer
    assert isinstance(layer, Conv)
    dz = f"{name}.dz" if unit.pool else f"{name}.dy"
    biases, weights = f"{name}.biases.gradient", f"{name}.weights"
    if unit.pool:
        yield _call("unpool", [f"{name}.dy", f"{name}.choice", dz, biases])
    else:
        yield _call("bias_gradient", [dz, biases])
    rows, columns = forward(unit)
    tile = gradient_tile(layer.filters, layer.field, counts(unit)[1], layer.stride, target.registers)
    yield _call("conv_weight_gradient", [x, dz, f"{weights}.gradient"], rows=rows, columns=columns, tile=tile)
    if dx:
        down, across = backward(unit)
        widest = max(sweep.count for sweep in across)
        reach = max(1, *(len(sweep.taps) for sweep in (*across, *down)))
        tallest = max(sweep.count for sweep in down)
        data = correlation_tile(unit.input.depth, tallest, widest, reach, 1, 1, target.registers)
        yield _call("conv_data_gradient", [dz, weights, x, dx], rows=down, columns=across, tile=data, mask=mask)
