"""The update: gradient slots summed in their fixed order, then SGD with momentum."""

from __future__ import annotations

from striate.emit.builder import Builder
from striate.emit.index import Index
from striate.emit.tensor import Tensor

LR, MOMENTUM, L2 = range(3)  #: places in ``settings``


def sgd_update(
    b: Builder,
    parameters: Tensor,
    velocity: Tensor,
    gradients: Tensor,
    settings: Tensor,
    start: Index,
    count: int,
    decay: bool,
) -> None:
    """v = momentum*v + g + l2*w and w = w - lr*v, for ``count`` numbers from ``start``.

    gradients: (slots, parameters). The formula is PyTorch's; without ``decay`` (biases) l2 stays out.
    """
    lr, momentum, l2 = (b.splat(settings[i]) for i in (LR, MOMENTUM, L2))
    slots = gradients.shape.axes[0].size
    for i in b.range(count, "i", step=b.lanes):
        at = start + i
        gradient = b.register("gradient", gradients.vector[0, at])
        for slot in range(1, slots):
            gradient.value = gradient.value + gradients.vector[slot, at]
        weight = b.register("weight", parameters.vector[at])
        if decay:
            gradient.value = b.fma(l2, weight.value, gradient.value)
        speed = b.register("speed", b.fma(momentum, velocity.vector[at], gradient.value))
        velocity.vector[at] = speed.value
        parameters.vector[at] = weight.value - lr * speed.value
