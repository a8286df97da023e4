"""The update: gradient slots summed in their fixed order, then SGD with momentum."""

from __future__ import annotations

from striate.emit.builder import Builder, ProgramBuilder, Value
from striate.emit.index import Index, Span
from striate.emit.loops import tiles
from striate.emit.tensor import Tensor
from striate.plan.parameters import CHUNK
from striate.plan.plan import Plan

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
        _step(b, parameters.vector, velocity.vector, (at,), gradient.value, (lr, momentum, l2), decay)


def _step(
    b: Builder,
    parameters: Tensor,
    velocity: Tensor,
    at: tuple[Index, ...],
    gradient: Value,
    settings: tuple[Value, Value, Value],
    decay: bool,
) -> None:
    """The formula, for a vector of neighbours or for one number."""
    lr, momentum, l2 = settings
    weight = b.register("weight", parameters[at])
    if decay:
        gradient = b.fma(l2, weight.value, gradient)
    speed = b.register("speed", b.fma(momentum, velocity[at], gradient))
    velocity[at] = speed.value
    parameters[at] = weight.value - lr * speed.value


def fc_update(
    b: Builder,
    gradient: Tensor,
    weights: Tensor,
    velocity: Tensor,
    settings: Tensor,
    *,
    tile: int,
    span: Span | None = None,
) -> None:
    """The update of an FC's weights, (outputs, inputs), ``tile`` outputs at a time.

    gradient: (tile, inputs), the part that was just summed; it is zero again afterwards.
    """
    outputs, inputs = (axis.size for axis in weights.shape.axes)
    numbers = settings[LR], settings[MOMENTUM], settings[L2]
    vectors = b.splat(numbers[0]), b.splat(numbers[1]), b.splat(numbers[2])
    whole = inputs - inputs % b.lanes
    for k, many in tiles(b, outputs, tile, "k", span):
        for n in b.range(many, "n"):
            if whole:
                for i in b.range(whole, "i", step=b.lanes):
                    _step(b, weights.vector, velocity.vector, (k + n, i), gradient.vector[n, i], vectors, True)
                    gradient.vector[n, i] = b.zero()
            if whole < inputs:
                for i in b.range(inputs, "i", start=whole):
                    _step(b, weights, velocity, (k + n, i), gradient[n, i], numbers, True)
                    gradient[n, i] = b.scalar(0)


def update(b: ProgramBuilder, plan: Plan) -> None:
    """Chunks of the parameters' row that threads share: weights with L2, then biases without."""
    row, velocity, slots, settings = (
        b.place(plan.buffers[name]) for name in ("parameters", "velocity", "gradients", "settings")
    )
    weights, biases = plan.row.weights // CHUNK, plan.row.biases // CHUNK
    for first, chunks, decay in ((0, weights, True), (plan.row.weights, biases, False)):
        if chunks:
            for chunk in b.work(chunks, "chunk"):
                sgd_update(b, row, velocity, slots, settings, chunk * CHUNK + first, CHUNK, decay)
