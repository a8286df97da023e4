"""The same networks in JAX: a jitted step on NHWC volumes."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from benchmarks.nets import data, plain
from benchmarks.peers import Made
from striate.layers import Conv, Fc, Pool, Relu
from striate.notation import Network


def _parameters(net: Network) -> list[tuple[Any, Any]]:
    """Weights and biases of every layer that has any: HWIO for CONV, (inputs, outputs) for FC."""
    import jax.numpy as jnp

    random, made = np.random.default_rng(0), []
    for node in plain(net).nodes[1:]:
        layer = node.layer
        if isinstance(layer, Conv):
            shape: tuple[int, ...] = (layer.field, layer.field, node.input.depth, layer.filters)
        elif isinstance(layer, Fc):
            shape = (node.input.size, layer.outputs)
        else:
            continue
        weights = random.standard_normal(shape, np.float32) * np.float32(np.sqrt(2 / np.prod(shape[:-1])))
        made.append((jnp.asarray(weights), jnp.zeros(shape[-1])))
    return made


def _forward(net: Network, parameters: Any, x: Any) -> Any:
    """The scores."""
    import jax

    own = iter(parameters)
    for node in net.nodes[1:]:
        layer = node.layer
        if isinstance(layer, Conv):
            weights, biases = next(own)
            around = [(layer.padding, layer.padding)] * 2
            names = ("NHWC", "HWIO", "NHWC")
            strides = (layer.stride, layer.stride)
            x = jax.lax.conv_general_dilated(x, weights, strides, around, dimension_numbers=names) + biases
        elif isinstance(layer, Pool):
            field, step = (1, layer.field, layer.field, 1), (1, layer.stride, layer.stride, 1)
            x = jax.lax.reduce_window(x, -np.inf, jax.lax.max, field, step, "VALID")
        elif isinstance(layer, Relu):
            x = jax.numpy.maximum(x, 0)
        elif isinstance(layer, Fc):
            weights, biases = next(own)
            x = x.reshape(x.shape[0], -1) @ weights + biases
    return x


def jax_calls(net: Network, batch: int, threads: int) -> Made:
    """JAX, everything jitted; XLA takes its threads from the processors that the process may use."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    import jax

    images, labels = data(net, batch)
    x, y, one = jax.numpy.asarray(images), jax.numpy.asarray(labels), jax.numpy.asarray(images[:1])

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        chances = jax.nn.log_softmax(_forward(net, parameters, x))
        return -jax.numpy.take_along_axis(chances, y[:, None], 1).mean()

    @jax.jit  # type: ignore[untyped-decorator]
    def step(parameters: Any, velocity: Any, x: Any, y: Any) -> Any:
        gradients = jax.grad(loss)(parameters, x, y)
        velocity = jax.tree.map(lambda v, g: 0.9 * v + g, velocity, gradients)
        return jax.tree.map(lambda p, v: p - 1e-3 * v, parameters, velocity), velocity

    start = _parameters(net)
    state = [start, jax.tree.map(jax.numpy.zeros_like, start)]

    def train() -> None:
        state[:] = jax.block_until_ready(step(*state, x, y))

    scores = jax.jit(lambda parameters, images: _forward(net, parameters, images))
    return {
        "train": train,
        "infer": lambda: jax.block_until_ready(scores(start, x)),
        "one": lambda: jax.block_until_ready(scores(start, one)),
    }
