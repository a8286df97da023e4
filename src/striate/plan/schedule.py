"""The calls that take a lane group forwards and back, each a kernel with its buffers and its tile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from striate.layers import Activation, Conv, Fc, Gap, Local, Lrn, Maxout, Pool, Relu
from striate.notation.network import Node
from striate.plan import activation, convolution, local, normalization, pooling
from striate.plan.call import Call, call
from striate.plan.fuse import Unit
from striate.plan.kernels import Kernels
from striate.plan.shape import Shape
from striate.plan.sweep import pieces
from striate.plan.target import Target
from striate.plan.tiles import fc_tiles
from striate.plan.update import Update
from striate.plan.volumes import first_learner

#: What a loss reads beside the scores, where that is more than labels and the images' weights in the mean.
LOSS_BUFFERS = {
    "softmax-weighted": ("labels", "weights", "class.weights", "smoothing"),
    "l2": ("labels", "targets", "weights"),
}

Chosen = Mapping[str, Kernels]  #: the kernels of every CONV, by the unit's name


def _inputs(units: Sequence[Unit]) -> Iterator[tuple[Unit, str]]:
    """Every unit with the buffer it reads."""
    x = "input.y"
    for unit in units:
        yield unit, x
        x = unit.result


def forward_calls(units: Sequence[Unit], chosen: Chosen, target: Target, training: bool) -> tuple[Call, ...]:
    """The forward pass; only training keeps POOL's choices, and drops numbers."""
    calls: list[Call] = []
    for unit, x in _inputs(units):
        name, layer = unit.name, unit.node.layer
        if isinstance(layer, Conv):
            calls.append(convolution.forward_call(unit, chosen[name], x, target, training))
        elif isinstance(layer, Local):
            calls.append(local.forward_call(unit, x, target))
        elif isinstance(layer, Fc):
            tiles = fc_tiles(target)
            buffers = [x, f"{name}.weights", f"{name}.biases", f"{name}.y"]
            items = pieces(layer.outputs, tiles.forward)
            how = {"tile": tiles.forward, "unroll": tiles.unroll, "relu": unit.relu}
            calls.append(call("fc_forward", buffers, items, **how))
        elif isinstance(layer, Pool | Gap):
            calls.append(pooling.forward_call(unit, x, training))
        elif isinstance(layer, Lrn):
            calls.append(normalization.forward_call(unit, x, training))
        elif isinstance(layer, Relu):
            calls.append(call("relu_forward", [x, f"{name}.y"], unit.output.depth))
        elif isinstance(layer, Activation | Maxout):
            calls.append(activation.forward_call(unit, x, training))
        calls += activation.ride(unit)
        if training:
            calls += [_drop(unit, node, unit.result) for node in unit.dropouts]
    return tuple(calls)


def _drop(unit: Unit, node: Node, volume: str) -> Call:
    return call("dropout", [volume, f"{node.name}.seeds", f"{node.name}.rate"], unit.output.depth)


def _drop_back(unit: Unit) -> Iterator[Call]:
    """The unit's gradient by way of its DROPOUTs; what they dropped after a RELU comes with the RELU's zeros."""
    dy = unit.gradient
    for node in reversed(unit.dropouts):
        if unit.masked:
            yield call("dropout_scale", [dy, f"{node.name}.rate"], unit.output.depth)
        else:
            yield _drop(unit, node, dy)


def gradient_enters(units: Sequence[Unit]) -> str:
    """The buffer that the loss writes its gradient to: the last unit's own, where it fits in as it is."""
    last = units[-1]
    direct = last.learns and not last.masked and (last.pool or not isinstance(last.node.layer, Conv))
    return f"{last.name}.dy" if direct else "dscores"


def loss_call(units: Sequence[Unit], loss: str) -> Call:
    """The loss on the last unit's output, and the gradient it starts with."""
    truth = LOSS_BUFFERS.get(loss, ("labels", "weights"))
    buffers = [units[-1].result, *truth, gradient_enters(units), "losses", "hits"]
    return call(f"{loss.replace('-', '_')}_loss", buffers)


def backward_calls(
    units: Sequence[Unit],
    chosen: Chosen,
    target: Target,
    shapes: Mapping[str, Shape],
    streamed: Update | None,
    source: Unit | None = None,
) -> tuple[Call, ...]:
    """The way back, last unit first, as far as there are parameters to learn; or to ``source``, the images.

    streamed: how an FC's weights are updated where their gradient is made; None where they are not.
    """
    learner, last = 0 if source else first_learner(units), units[-1]
    if learner == len(units):
        return ()
    calls: list[Call] = []
    if gradient_enters(units) == "dscores":
        named = ["dscores", last.result, last.gradient]
        calls.append(call("relu_backward", named, last.output.depth, mask=last.masked))
    inputs = list(_inputs(units))
    for i in range(len(units) - 1, learner - 1, -1):
        unit, x = inputs[i]
        before = units[i - 1] if i > learner else source
        calls += _drop_back(unit)
        calls += activation.ride_back(unit)
        if not unit.makes:
            continue
        if isinstance(unit.node.layer, Fc):
            calls += _fc_backward(unit, x, before, shapes, target, streamed)
        else:
            calls += _unit_backward(unit, x, before, chosen, target, source is None)
    return tuple(calls)


def _unit_backward(
    unit: Unit, x: str, before: Unit | None, chosen: Chosen, target: Target, learns: bool
) -> Iterator[Call]:
    name, layer = unit.name, unit.node.layer
    dx = before.gradient if before else ""
    mask = before is not None and before.masked
    if isinstance(layer, Conv):
        yield from convolution.backward_calls(unit, chosen[name], x, dx, mask, target, learns)
    elif isinstance(layer, Local):
        yield from local.backward_calls(unit, x, dx, mask, target)
    elif isinstance(layer, Pool | Gap) and before:
        yield pooling.backward_call(unit, x, dx, mask)
    elif isinstance(layer, Lrn) and before:
        yield normalization.backward_call(unit, x, dx, mask)
    elif isinstance(layer, Activation | Maxout) and before:
        yield activation.backward_call(unit, x, dx, mask)
    elif before:
        yield call("relu_backward", [f"{name}.dy", x, dx], unit.input.depth, mask=True)


def _fc_backward(
    unit: Unit, x: str, before: Unit | None, shapes: Mapping[str, Shape], target: Target, streamed: Update | None
) -> Iterator[Call]:
    """The data gradient first: where weights are streamed, the weight gradient's turn also updates them."""
    name, tiles = unit.name, fc_tiles(target)
    dy, weights = f"{name}.dy", f"{name}.weights"
    if before:
        dx = before.gradient
        shared = unit.input.depth if shapes[dx].halo else pieces(unit.input.size, tiles.block)
        how = {"tile": tiles.data, "block": tiles.block, "mask": before.masked}
        yield call("fc_data_gradient", [dy, weights, x, dx], shared, **how)
    items = pieces(unit.output.size, tiles.weights)
    gradient = f"{weights}.gradient"
    named = [x, dy, gradient, f"{name}.biases.gradient"]
    learn = call("fc_weight_gradient", named, items, tile=tiles.weights, local=streamed is not None)
    if streamed:
        named = [gradient, weights, *(f"{weights}.{row}" for row in streamed.rows), "settings"]
        learn = replace(learn, then=call("fc_update", named, items, tile=tiles.weights, update=streamed))
    yield learn
