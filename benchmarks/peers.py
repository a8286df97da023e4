"""The same networks in other libraries, each in its own idiom: a training step, and scores of a batch."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from tests.corpus import LARGE, NETS

from striate.layers import Conv, Fc, Pool, Relu
from striate.notation import Network, parse

LINES = {**NETS, **LARGE}
Contender = tuple[Callable[[], Any], Callable[[], Any]]  #: (train one batch, score one batch)


def network(name: str) -> Network:
    """A network of the corpus."""
    return parse(LINES[name], fit="crop")


def data(net: Network, batch: int) -> tuple[Any, Any]:
    """Random images (N, H, W, D) and labels."""
    random = np.random.default_rng(0)
    images = random.standard_normal((batch, *net.input.shape)).astype(np.float32)
    return images, random.integers(0, net.classes, batch)


def striate_contender(net: Network, batch: int, threads: int) -> Contender:
    """Striate itself."""
    import striate

    program = striate.compile(net, batch=batch, optimizer=striate.SGD(lr=1e-3, momentum=0.9), threads=threads)
    images, labels = data(net, batch)
    return partial(program.train, images, labels), partial(program.scores, images)


def torch_layers(net: Network) -> Any:
    """The network as torch.nn.Sequential."""
    from torch import nn

    modules: list[Any] = []
    for node in net.nodes[1:]:
        layer = node.layer
        if isinstance(layer, Conv):
            modules.append(nn.Conv2d(node.input.depth, layer.filters, layer.field, layer.stride, layer.padding))
        elif isinstance(layer, Pool):
            modules.append(nn.MaxPool2d(layer.field, layer.stride))
        elif isinstance(layer, Relu):
            modules.append(nn.ReLU(inplace=True))
        elif isinstance(layer, Fc):
            if not any(isinstance(m, nn.Flatten) for m in modules):
                modules.append(nn.Flatten())
            modules.append(nn.Linear(node.input.size, layer.outputs))
    return nn.Sequential(*modules)


def torch_contender(net: Network, batch: int, threads: int, channels_last: bool, compiled: bool) -> Contender:
    """PyTorch in float32; eager or compiled, in either memory format."""
    import torch

    torch.set_num_threads(threads)
    model, (images, labels) = torch_layers(net), data(net, batch)
    x, y = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(labels)
    if channels_last:
        model, x = model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, foreach=True)
    forward = torch.compile(model) if compiled else model

    def train() -> None:
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(forward(x), y).backward()
        optimizer.step()

    def infer() -> None:
        with torch.inference_mode():
            forward(x)

    return train, infer


def keras_contender(net: Network, batch: int, threads: int) -> Contender:
    """Keras on TensorFlow, its step in a tf.function."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    kit = tf.keras.layers
    stack: list[Any] = [tf.keras.Input(net.input.shape)]
    for node in net.nodes[1:]:
        layer = node.layer
        if isinstance(layer, Conv):
            stack.append(kit.ZeroPadding2D(layer.padding))
            stack.append(kit.Conv2D(layer.filters, layer.field, layer.stride))
        elif isinstance(layer, Pool):
            stack.append(kit.MaxPool2D(layer.field, layer.stride))
        elif isinstance(layer, Relu):
            stack.append(kit.ReLU())
        elif isinstance(layer, Fc):
            stack += [kit.Flatten(), kit.Dense(layer.outputs)]
    model, (images, labels) = tf.keras.Sequential(stack), data(net, batch)
    x, y = tf.constant(images), tf.constant(labels)
    optimizer = tf.keras.optimizers.SGD(1e-3, 0.9)
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer.build(model.trainable_variables)

    @tf.function  # type: ignore[untyped-decorator]
    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return value

    scores = tf.function(lambda x: model(x, training=False))
    return (lambda: step(x, y).numpy()), (lambda: scores(x).numpy())


CONTENDERS: dict[str, Callable[[Network, int, int], Contender]] = {
    "striate": striate_contender,
    "torch": partial(torch_contender, channels_last=False, compiled=False),
    "torch-channels-last": partial(torch_contender, channels_last=True, compiled=False),
    "torch-compile": partial(torch_contender, channels_last=False, compiled=True),
    "keras": keras_contender,
}
