"""The networks that are measured, each with its usual batch, and random numbers to run them on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from tests.corpus import LARGE, NETS

from striate.layers import Conv, Fc, Pool, Relu
from striate.notation import Network, parse
from striate.notation.named import NAMED

#: Of a filter for each slice and 1x1 filters in turn, as MobileNet is, for CIFAR's images.
DEPTHWISE = " - ".join(
    [
        "INPUT[32x32x3] - CONV[32, S=2] - BN - RELU",
        *(
            f"CONV[{depth}, S={stride}, groups=each] - BN - RELU - CONV[{filters}, 1x1] - BN - RELU"
            for depth, stride, filters in ((32, 1, 64), (64, 2, 128), (128, 1, 128), (128, 2, 256), (256, 1, 256))
        ),
        "GAP - FC[10]",
    ]
)
LINES = {**NETS, **LARGE, "resnet-20": NAMED["resnet-20"].line(), "depthwise": DEPTHWISE}
BATCHES = {"vgg64": 64, "alexnet": 16, "vgg16": 16}  #: where it is not BATCH
BATCH = 128


def network(name: str) -> Network:
    """A network of the corpus."""
    return parse(LINES[name], fit="crop")


def plain(net: Network) -> Network:
    """The network, if every layer is one that all peers have here; ValueError if not."""
    for node in net.nodes[1:]:
        layer = node.layer
        if not isinstance(layer, Conv | Fc | Pool | Relu) or (isinstance(layer, Conv) and layer.groups != 1):
            raise ValueError(f"{layer.notation()} is in no net that this peer runs here")
    return net


def usual_batch(name: str, asked: int | None) -> int:
    """The batch that was asked for, or else the net's usual one."""
    return asked or BATCHES.get(name, BATCH)


def data(net: Network, batch: int) -> tuple[Any, Any]:
    """Random images (N, H, W, D) and labels."""
    random = np.random.default_rng(0)
    images = random.standard_normal((batch, *net.input.shape), np.float32)
    return images, random.integers(0, net.classes, batch)


def striate_calls(net: Network, batch: int, threads: int) -> dict[str, Callable[[], Any]]:
    """What Striate does with a network: train a batch, score a batch (infer), score one image (one)."""
    import striate

    program = striate.compile(net, batch=batch, optimizer=striate.SGD(lr=1e-3, momentum=0.9), threads=threads)
    images, labels = data(net, batch)
    return {
        "train": partial(program.train, images, labels),
        "infer": partial(program.scores, images),
        "one": partial(program.scores, images[:1]),
    }
