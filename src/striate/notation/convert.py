"""FC layers as CONV layers, so that a network slides over a bigger image in one pass.

From "Converting FC layers to CONV layers" of the CS231n notes on Convolutional Networks. An FC that looks at [WxHxD] is
a CONV whose filters are as large as that volume: the same dot products, with the weights in another shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from math import prod
from typing import Any

import numpy.typing as npt

from striate.errors import ArgumentError, FitError
from striate.layers import Conv, Fc, Gap, Input, Layer, Local, Pool
from striate.notation.network import Network, Node
from striate.notation.tree import Mark, steps, tree
from striate.volume import Volume

__all__ = ["is_padded", "reshaped", "shown_step", "step", "to_conv"]


def to_conv(network: Network, width: int | None = None, height: int | None = None) -> Network:
    """The network with a CONV for every FC, for images of ``width`` x ``height``, its own size if not given.

    GAP becomes POOL[.., average] of the size that it has here. On its own size the network gives the same scores; on a
    larger one, a volume of scores: one depth column for each window of the network's own size, ``step(network)`` pixels
    apart. Raises ArgumentError where the size does not work out, and for LOCAL, whose filters stay in their places.

    >>> from striate.notation.parse import parse
    >>> print(to_conv(parse("INPUT[6x4x3] - CONV[5, P=0] - GAP"), 8, 8))
    INPUT[8x8x3] - CONV[5, P=0] - POOL[4x2, S=1, average]
    >>> vgg = parse("vgg-16")
    >>> to_conv(vgg, 384, 384).output, [str(node.layer.notation()) for node in to_conv(vgg).nodes[32:39:3]]
    (Volume(width=6, height=6, depth=1000), ['CONV[4096, 7x7, P=0]', 'CONV[4096, 1x1]', 'CONV[1000, 1x1]'])
    """
    _refuse_unshared(network, width, height)
    own = network.input
    size = Volume(width or own.width, height or own.height, own.depth)
    layers: list[Layer | Mark] = [Input(size.width, size.height, size.depth)]
    parts = islice(steps(tree(network.nodes)), 1, None)
    layers += [part if isinstance(part, Mark) else _as_conv(part) for part in parts]
    try:
        if size.width < own.width or size.height < own.height:
            raise FitError(f"{size} is smaller than {own}, which the network looks at")
        return Network.of(layers)
    except FitError as error:
        raise ArgumentError(f"the network can't slide over images of {size.width}x{size.height}: {error.reason}; "
                            f"{_sizes(network, size)}") from None  # fmt: skip


def _refuse_unshared(network: Network, width: int | None, height: int | None) -> None:
    """Refuse other sizes than its own for a network with a LOCAL: ArgumentError."""
    own = network.input
    wide, high = width or own.width, height or own.height
    unshared = next((node for node in network.nodes if isinstance(node.layer, Local)), None)
    if unshared and (wide, high) != (own.width, own.height):
        raise ArgumentError(
            f"the network can't slide over images of {wide}x{high}: {unshared.name} has filters of its own for every "
            f"place of {unshared.input}, so it takes {own.width}x{own.height} alone; a CONV would slide"
        )


def step(network: Network) -> tuple[int, int]:
    """How many pixels the windows of neighbouring scores are apart, across and down: the product of all strides.

    >>> from striate.notation.parse import parse
    >>> step(parse("vgg-16")), step(parse("INPUT[8x8x1] - CONV[2] - RELU - FC[3]"))
    ((32, 32), (1, 1))
    """
    strides = [node.layer.receptive(node.input)[2:] for node in network.path()]
    return prod(stride[0] for stride in strides), prod(stride[-1] for stride in strides)


def reshaped(network: Network, parameters: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """The parameters and state of ``network`` as those of ``to_conv(network)``: the same numbers, by their names there.

    >>> import numpy as np
    >>> from striate.notation.parse import parse
    >>> network = parse("INPUT[2x2x3] - FC[5]")
    >>> weights = np.arange(60).reshape(5, 12)
    >>> found = reshaped(network, {"fc1.weights": weights, "fc1.biases": np.zeros(5)})["conv1.weights"]
    >>> found.shape, bool((found.reshape(5, 12) == weights).all())
    ((5, 3, 2, 2), True)
    """
    converted = to_conv(network)
    shapes = converted.tensor_shapes()
    made = {}
    for before, after in zip(network.nodes, converted.nodes, strict=True):
        layer, input = before.layer, before.input
        for name in (*layer.parameter_shapes(input), *layer.state_shapes(input)):
            made[f"{after.name}.{name}"] = parameters[f"{before.name}.{name}"].reshape(shapes[f"{after.name}.{name}"])
    return made


def is_padded(network: Network) -> bool:
    """Whether a layer adds zeros at the border, so that a window inside a larger image sees other numbers there.

    >>> from striate.notation.parse import parse
    >>> is_padded(parse("vgg-16")), is_padded(parse("INPUT[8x8x1] - CONV[2, P=0] - RELU - POOL - FC[3]"))
    (True, False)
    """
    for node in network.nodes:
        windows = getattr(node.layer, "windows", None)
        if windows is not None and any(window.before or window.after for window in windows(node.input)):
            return True
    return False


def _as_conv(node: Node) -> Layer:
    """An FC as a CONV on the input that it has in its own network, GAP as a POOL; any other layer as it is."""
    if isinstance(node.layer, Gap):
        return Pool((node.input.width, node.input.height), 1, of="average")
    if not isinstance(node.layer, Fc):
        return node.layer
    return Conv(node.layer.outputs, (node.input.width, node.input.height), 1, 0)


def _sizes(network: Network, wanted: Volume) -> str:
    """The sizes that work out, in words, with the nearest one."""
    apart, own = step(network), network.input
    near = [
        side + max(0, round((want - side) / by)) * by
        for side, want, by in zip((own.width, own.height), (wanted.width, wanted.height), apart, strict=True)
    ]
    return f"{own.width}x{own.height} and more by steps of {shown_step(network)} do, the nearest is {near[0]}x{near[1]}"


def shown_step(network: Network) -> str:
    """The step as text: one number where it is the same across and down.

    >>> from striate.notation.parse import parse
    >>> shown_step(parse("vgg-16"))
    '32'
    """
    return "x".join(str(by) for by in dict.fromkeys(step(network)))
