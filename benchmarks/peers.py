"""The same networks in Keras, in its own idiom."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from benchmarks.nets import data, plain
from striate.layers import Conv, Fc, Pool, Relu
from striate.notation import Network

Made = dict[str, Callable[[], Any]]  #: train one batch, infer: score a batch, one: score one image


def keras_calls(net: Network, batch: int, threads: int) -> Made:
    """Keras on TensorFlow, its step in a tf.function."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    kit = tf.keras.layers
    stack: list[Any] = [tf.keras.Input(net.input.shape)]
    for node in plain(net).nodes[1:]:
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
