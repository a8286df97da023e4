"""Every layer's numbers for a few images: activations, and the gradients of the loss on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from striate.layers.loss import loss as loss_of
from striate.program import Program

Numbers = dict[str, npt.NDArray[np.float32]]


def activations(program: Program, images: npt.NDArray[Any]) -> Numbers:
    """{layer: (N, H, W, D)}, the input after its preprocessing."""
    made = program.network.activations(program.parameters(), _prepared(program, images))
    return {name: values.astype(np.float32) for name, values in made.items()}


def inside(program: Program, images: npt.NDArray[Any], labels: npt.NDArray[Any]) -> tuple[Numbers, Numbers]:
    """Activations, and the gradient of each image's own loss on them, by layer."""
    network, parameters = program.network, program.parameters()
    made = network.activations(parameters, _prepared(program, images))
    last = made[network.nodes[-1].name]
    count, height, width, depth = last.shape
    scores = last.transpose(0, 3, 1, 2).reshape(count, -1)
    dy = (loss_of(program.loss, scores, labels)[1] * count).reshape(count, depth, height, width).transpose(0, 2, 3, 1)
    gradients = {network.nodes[-1].name: dy}
    for node, before in zip(network.nodes[:0:-1], network.nodes[-2::-1], strict=True):
        own = {name: parameters[f"{node.name}.{name}"] for name in node.layer.parameter_shapes(node.input)}
        dy, _ = node.layer.backward(made[before.name], own, made[node.name], dy)
        gradients[before.name] = dy
    thin = [{name: values.astype(np.float32) for name, values in each.items()} for each in (made, gradients)]
    return thin[0], thin[1]


def _prepared(program: Program, images: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    scale, shift = program.preprocessing.scales(program.network.input.depth, images.dtype == np.uint8)
    return images.astype(np.float64) * scale + shift
