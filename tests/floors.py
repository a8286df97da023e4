"""How small a gradient may be before its numbers are roundings of what was summed: then it is compared with that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from striate.layers import Activation, Bn, Dropout, Elu, Gelu, Sigmoid, Silu, Tanh
from striate.layers.loss import Loss
from striate.layers.loss import loss as loss_of
from striate.notation import Network
from striate.notation.network import Node

Array = npt.NDArray[np.float64]
Numbers = Mapping[str, npt.NDArray[Any]]

CANCELLED = 0.01  #: a gradient that is a smaller part than this of all that was summed is compared with such a part


def scores_of(network: Network, made: Mapping[str, Array]) -> Array:
    """The last volume as scores, (N, classes)."""
    last = made[network.nodes[-1].name]
    return last.transpose(0, 3, 1, 2).reshape(len(last), -1)


def own_of(node: Node, parameters: Numbers, training: bool = True) -> dict[str, Array]:
    """A layer's parameters by their names in the layer, and what it keeps, if that is said; its state for scores."""
    names = [*node.layer.parameter_shapes(node.input), *(["kept"] if f"{node.name}.kept" in parameters else [])]
    names += () if training else node.layer.state_shapes(node.input)
    return {name: np.asarray(parameters[f"{node.name}.{name}"], np.float64) for name in names}


def _summed(network: Network, parameters: Numbers, made: Mapping[str, Array]) -> dict[str, float]:
    """For every volume, the largest sum of absolute values in the last CONV or FC up to there."""
    summed = {network.nodes[0].name: 0.0}
    for node in network.nodes[1:]:
        own = {name: np.abs(numbers) for name, numbers in own_of(node, parameters).items()}
        x, before = network.read(node, made), sum(summed[name] for name in node.inputs)
        sums = node.layer.forward(np.abs(x), own) if own else before
        if isinstance(node.layer, Bn):
            inverse = 1 / np.sqrt(x.var((0, 1, 2)) + node.layer.eps)
            sums = (np.abs(x) + np.abs(x.mean((0, 1, 2)))) * inverse * own["weights"] + own["biases"]
        if isinstance(node.layer, Dropout):
            sums = before / (1 - node.layer.rate)
        if isinstance(node.layer, Sigmoid | Tanh):
            sums = np.minimum(sums, 1.0)  # nothing is left of what they saturate
        summed[node.name] = float(np.max(sums))
    return summed


def floors_of(
    network: Network, parameters: Numbers, made: Mapping[str, Array], labels: npt.NDArray[Any], loss: str | Loss
) -> dict[str, float]:
    """For every gradient, CANCELLED of the largest sum of its terms' absolute values.

    A bias under softmax, say, may sum to nothing at all: float32 then leaves the rounding of its terms. A whole volume
    may, too, such as one number of one image: its terms are then those of which it was summed. What BN passes back is
    what its mean and its slope leave of dy: ``lost`` are the terms whose rounding is left. So may all of a gradient be
    what slopes leave, such as y - y*y of SIGMOID where a whole volume saturates: ``sharp`` is what their terms would
    make of it.
    """
    last = made[network.nodes[-1].name]
    dlast = loss_of(loss, scores_of(network, made), labels)[1].reshape(last.transpose(0, 3, 1, 2).shape)
    on = {network.nodes[-1].name: dlast.transpose(0, 2, 3, 1)}
    losts, sharps = ({network.nodes[-1].name: np.zeros_like(last)} for _ in range(2))
    floors: dict[str, float] = {}
    summed = _summed(network, parameters, made)
    for node in network.nodes[:0:-1]:
        own = own_of(node, parameters)
        x, y, dy = network.read(node, made), made[node.name], on.pop(node.name)
        lost, sharp = losts.pop(node.name), sharps.pop(node.name)
        flat = float(np.abs(dy).max()) < CANCELLED * float(sharp.max())
        size = np.maximum(sharp if flat else np.abs(dy), lost)
        if isinstance(node.layer, Bn):
            lost, sharp = _lost_in_bn(node, x, own, size, floors), _lost_in_bn(node, x, own, sharp, {})
        else:
            if own:
                largest, before = float(np.abs(x).max()), sum(summed[name] for name in node.inputs)
                terms = np.full_like(x, before) if 0 < largest < CANCELLED * before else np.abs(x)
                _, sums = node.layer.backward(terms, own, y, size)
                floors.update({f"{node.name}.{n}": CANCELLED * float(total.max()) for n, total in sums.items()})
            positive = {name: np.abs(numbers) for name, numbers in own.items()}
            lost, sharp = (np.abs(node.layer.backward(x, positive, y, each)[0]) for each in (lost, sharp))
        if isinstance(node.layer, Activation):
            sharp = sharp + np.abs(dy) * _slope_terms(node.layer, x, y)
        dx, _ = node.layer.backward(x, own, y, dy)
        for found, whole in ((on, dx), (losts, lost), (sharps, sharp)):
            for name, part in network.part(node, whole, made):
                found[name] = found.get(name, 0) + part
    return floors


def _lost_in_bn(node: Node, x: Array, own: Numbers, size: Array, floors: dict[str, float]) -> Array:
    """The terms of what BN passes back of gradients of that ``size``; those of its own gradients are noted."""
    assert isinstance(node.layer, Bn)
    inverse = 1 / np.sqrt(x.var((0, 1, 2)) + node.layer.eps)
    normal = np.abs(x - x.mean((0, 1, 2))) * inverse
    for name, terms in (("weights", size * normal), ("biases", size)):
        floors[f"{node.name}.{name}"] = CANCELLED * float(terms.sum((0, 1, 2)).max())
    back = size + size.mean((0, 1, 2)) + normal * (size * normal).mean((0, 1, 2))
    return np.asarray(np.abs(own["weights"]) * inverse * back)


def _slope_terms(layer: Activation, x: Array, y: Array) -> Array:
    """The absolute values of the terms of which a function's slope is the sum; zero where it is no sum."""
    if isinstance(layer, Sigmoid):
        return y + y * y
    if isinstance(layer, Tanh):
        return 1 + y * y
    if isinstance(layer, Elu):
        return np.where(x > 0, 0, layer.a + np.abs(y))
    if isinstance(layer, Gelu | Silu):
        share = np.where(x == 0, 0.5, y / np.where(x == 0, 1, x))
        return share + np.abs(layer.slope(x, y) - share)
    return np.zeros(())
