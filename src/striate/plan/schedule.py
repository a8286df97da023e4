"""The calls that take a lane group forwards and back, each a kernel with its buffers and its tile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from striate.layers import Activation, Bn, Conv, Dropout, Fc, Gap, Join, Local, Lrn, Maxout, Pool, Relu
from striate.notation.network import Node
from striate.plan import activation, bn, convolution, local, normalization, pooling
from striate.plan.call import Call, call
from striate.plan.flow import Flow
from striate.plan.fuse import Unit
from striate.plan.joins import Gradients, join_backward, join_forward
from striate.plan.kernels import Kernels
from striate.plan.shape import Shape
from striate.plan.sweep import pieces
from striate.plan.target import Target
from striate.plan.tiles import fc_tiles
from striate.plan.update import Update

#: What a loss reads beside the scores, where that is more than labels and the images' weights in the mean.
LOSS_BUFFERS = {
    "softmax-weighted": ("labels", "weights", "class.weights", "smoothing"),
    "l2": ("labels", "targets", "weights"),
}

Chosen = Mapping[str, Kernels]  #: the kernels of every CONV, by the unit's name


def _flat(unit: Unit, x: str, shapes: Mapping[str, Shape]) -> str:
    """What an FC reads: ``x``, or a copy without the halo that x has for others."""
    return f"{unit.name}.x" if shapes[x].halo else x


def forward_calls(
    flow: Flow,
    chosen: Chosen,
    target: Target,
    shapes: Mapping[str, Shape],
    training: bool,
    groups: int = 0,
    along: bool = False,
) -> tuple[Call, ...]:
    """The forward pass; only training keeps POOL's choices, and drops numbers.

    groups: of the batch by whose statistics BN normalises; by the running ones, if 0. along: then BN takes an ADD
    behind it along, and has no volume of its own.
    """
    calls: list[Call] = []
    taken = {unit.name: bn.adds(flow, unit) for unit in flow.units} if groups and along else {}
    for unit in flow.units:
        x = flow.x(unit)
        if isinstance(unit.node.layer, Join):
            calls += join_forward(flow, unit) if unit not in taken.values() else ()
        elif isinstance(unit.node.layer, Bn) and groups:
            calls.append(_batch_forward(flow, unit, groups, target, taken.get(unit.name)))
        elif isinstance(unit.node.layer, Fc):
            calls += _fc_forward(unit, unit.node.layer, x, _flat(unit, x, shapes), target)
        else:
            calls += _unit_forward(unit, x, chosen, target, training)
        calls += activation.ride(unit)
        if training:
            calls += [_drop(unit, node, unit.result) for node in unit.dropouts]
    return tuple(calls)


def _batch_forward(flow: Flow, unit: Unit, groups: int, target: Target, add: Unit | None) -> Call:
    """BN of training; with the ADD behind it, if there is one that it takes along."""
    shortcut = [other.result for other in flow.sources[add.name] if other is not unit] if add else []
    return bn.batch_forward(unit, flow.x(unit), groups, target.lanes, add or unit, shortcut)


def _unit_forward(unit: Unit, x: str, chosen: Chosen, target: Target, training: bool) -> Iterator[Call]:
    """What makes the unit's volume of the one that it reads, if it has one of its own."""
    name, layer = unit.name, unit.node.layer
    if isinstance(layer, Conv):
        yield convolution.forward_call(unit, chosen[name], x, target, training)
    elif isinstance(layer, Local):
        yield local.forward_call(unit, x, target)
    elif isinstance(layer, Pool | Gap):
        yield pooling.forward_call(unit, x, training)
    elif isinstance(layer, Lrn):
        yield normalization.forward_call(unit, x, training)
    elif isinstance(layer, Relu):
        yield call("relu_forward", [x, f"{name}.y"], unit.output.depth)
    elif isinstance(layer, Bn):
        yield bn.running_forward(unit, x)
    elif isinstance(layer, Activation | Maxout):
        yield activation.forward_call(unit, x, training)
    elif unit.copies:
        yield call("copy", [x, f"{name}.y"], unit.output.depth)


def _fc_forward(unit: Unit, layer: Fc, volume: str, x: str, target: Target) -> Iterator[Call]:
    """``x`` is the volume itself, or a copy to be made."""
    name, tiles = unit.name, fc_tiles(target)
    if x != volume:
        yield call("copy", [volume, x], unit.input.depth)
    buffers = [x, f"{name}.weights", f"{name}.biases", f"{name}.y"]
    how = {"tile": tiles.forward, "unroll": tiles.unroll, "relu": unit.relu}
    yield call("fc_forward", buffers, pieces(layer.outputs, tiles.forward), **how)


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


def gradient_enters(last: Unit) -> str:
    """The buffer that the loss writes its gradient to: the last unit's own, where it fits in as it is."""
    direct = last.learns and not last.masked and (last.pool or not isinstance(last.node.layer, Conv))
    return f"{last.name}.dy" if direct else "dscores"


def loss_call(flow: Flow, loss: str) -> Call:
    """The loss on the last unit's output, and the gradient it starts with."""
    truth = LOSS_BUFFERS.get(loss, ("labels", "weights"))
    buffers = [flow.last.result, *truth, gradient_enters(flow.last), "losses", "hits"]
    return call(f"{loss.replace('-', '_')}_loss", buffers)


def backward_calls(
    flow: Flow,
    chosen: Chosen,
    target: Target,
    shapes: Mapping[str, Shape],
    streamed: Update | None,
    learns: bool = True,
    groups: int = 0,
) -> tuple[Call, ...]:
    """The way back, last unit first, as far as gradients are wanted.

    streamed: how an FC's weights are updated where their gradient is made; None where they are not. learns: else who
    asks leaves the gradients of parameters out. groups: as for ``forward_calls``.
    """
    last, gradients = flow.last, Gradients()
    if last.name not in flow.wanted:
        return ()
    calls = list(_entry(last))
    for unit in reversed(flow.units):
        if unit.name not in flow.wanted:
            continue
        calls += _drop_back(unit)
        calls += activation.ride_back(unit)
        if not unit.makes:
            continue
        if isinstance(unit.node.layer, Join):
            for source, made in join_backward(flow, unit):
                calls += gradients.into(source, made, "")
            continue
        x, before = flow.x(unit), flow.before(unit)
        biased = isinstance(unit.node.layer, Conv | Fc) and unit.node.layer.biased
        if isinstance(unit.node.layer, Fc):
            back = _fc_backward(unit, _flat(unit, x, shapes), before, shapes, target, streamed, biased)
        elif isinstance(unit.node.layer, Bn):
            back = _bn_backward(unit, x, before, groups, target)
        else:
            back = _unit_backward(unit, x, before, chosen, target, learns, biased)
        calls += gradients.into(before, back, f"{unit.name}.dx")
    return tuple(calls)


def _entry(last: Unit) -> Iterator[Call]:
    """The loss's gradient becomes the last unit's, where it does not enter it as it is."""
    if gradient_enters(last) == "dscores":
        yield call("relu_backward", ["dscores", last.result, last.gradient], last.output.depth, mask=last.masked)


def _unit_backward(
    unit: Unit, x: str, before: Unit | None, chosen: Chosen, target: Target, learns: bool, biased: bool
) -> Iterator[Call]:
    name, layer = unit.name, unit.node.layer
    dx = before.gradient if before else ""
    mask = before is not None and before.masked
    if isinstance(layer, Conv):
        yield from convolution.backward_calls(unit, chosen[name], x, dx, mask, target, learns, biased)
    elif isinstance(layer, Local):
        yield from local.backward_calls(unit, x, dx, mask, target)
    elif isinstance(layer, Pool | Gap) and before:
        yield pooling.backward_call(unit, x, dx, mask)
    elif isinstance(layer, Lrn) and before:
        yield normalization.backward_call(unit, x, dx, mask)
    elif isinstance(layer, Activation | Maxout) and before:
        yield activation.backward_call(unit, x, dx, mask)
    elif before:
        through = mask if isinstance(layer, Dropout) else True
        yield call("relu_backward", [f"{name}.dy", x, dx], unit.input.depth, mask=through)


def _bn_backward(unit: Unit, x: str, before: Unit | None, groups: int, target: Target) -> Iterator[Call]:
    if groups:
        yield bn.batch_backward(unit, x, before, groups, target.lanes)
    elif before:
        yield bn.running_backward(unit, x, before)


def _fc_backward(
    unit: Unit,
    x: str,
    before: Unit | None,
    shapes: Mapping[str, Shape],
    target: Target,
    streamed: Update | None,
    biased: bool,
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
    named = [x, dy, gradient, *([f"{name}.biases.gradient"] if biased else [])]
    learn = call("fc_weight_gradient", named, items, tile=tiles.weights, local=streamed is not None)
    if streamed:
        named = [gradient, weights, *(f"{weights}.{row}" for row in streamed.rows), "settings"]
        learn = replace(learn, then=call("fc_update", named, items, tile=tiles.weights, update=streamed))
    yield learn
