"""The same networks in PyTorch and in Keras, each in its own idiom."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from benchmarks.nets import data
from striate.layers import Conv, Fc, Pool, Relu
from striate.notation import Network

Made = dict[str, Callable[[], Any]]  #: train one batch, infer: score a batch, one: score one image


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


def torch_calls(
    net: Network, batch: int, threads: int, channels_last: bool = False, bf16: bool = False, compiled: bool = False
) -> Made:
    """PyTorch: eager or compiled, in either memory format, in float32 or with autocast to bfloat16."""
    import torch

    torch.set_num_threads(threads)
    model, (images, labels) = torch_layers(net), data(net, batch)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model = model.to(memory_format=layout)
    x, y = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(memory_format=layout), torch.from_numpy(labels)
    one = x[:1].clone(memory_format=layout)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, foreach=True)
    forward = torch.compile(model, dynamic=False) if compiled else model

    def train() -> None:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = torch.nn.functional.cross_entropy(forward(x), y)
        loss.backward()
        optimizer.step()

    def infer(images: Any) -> None:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            forward(images)

    return {"train": train, "infer": lambda: infer(x), "one": lambda: infer(one)}


def keras_calls(net: Network, batch: int, threads: int) -> Made:
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
    one = x[:1]
    return {
        "train": lambda: step(x, y).numpy(),
        "infer": lambda: scores(x).numpy(),
        "one": lambda: scores(one).numpy(),
    }
