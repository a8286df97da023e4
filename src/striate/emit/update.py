"""The update: gradient slots summed in their fixed order, then the optimizer's formula, then the limits on norms."""

from __future__ import annotations

from dataclasses import replace

from striate.emit.builder import Builder, ProgramBuilder, Value
from striate.emit.formulas import FORMULAS, Cell, Numbers
from striate.emit.index import Index, Span
from striate.emit.loops import tiles
from striate.emit.tensor import Tensor
from striate.plan.parameters import CHUNK
from striate.plan.plan import Plan
from striate.plan.shape import Shape
from striate.plan.update import Update

TINY = 1e-7  #: keeps a norm of zero from being divided by, as in PyTorch's ``renorm``
SMALL = 1e-6  #: the same in its ``clip_grad_norm_``


def row_update(
    b: Builder,
    parameters: Tensor,
    *rest: Tensor,
    update: Update,
    start: Index,
    count: int,
    decay: bool,
    scale: Tensor | None = None,
) -> None:
    """The formula for ``count`` numbers from ``start``; ``rest``: the rows it remembers, gradients, settings.

    gradients: (slots, parameters); with ``scale`` they are summed already, in the first. Without ``decay`` (biases)
    nothing pulls towards zero.
    """
    *rows, gradients, settings = rest
    numbers = {name: b.splat(settings[i]) for i, name in enumerate(update.numbers)}
    numbers["zero"] = b.zero()
    slots = gradients.shape.axes[0].size if scale is None else 1
    factor = None if scale is None else b.splat(scale[0])
    for i in b.range(count, "i", step=b.lanes):
        at = start + i
        gradient = b.register("gradient", gradients.vector[0, at])
        for slot in range(1, slots):
            gradient.value = gradient.value + gradients.vector[slot, at]
        value = gradient.value if factor is None else gradient.value * factor
        _step(b, Cell(parameters.vector, [row.vector for row in rows], (at,)), value, numbers, update, decay)


def _step(b: Builder, cell: Cell, gradient: Value, numbers: Numbers, update: Update, decay: bool) -> None:
    """The formula, for a vector of neighbours or for one number."""
    weight = b.register("weight", cell.parameters[cell.at])
    if update.clip == "value":
        most, least = numbers["clip"], numbers["zero"] - numbers["clip"]
        gradient = b.where(gradient, ">", most, most, b.where(least, ">", gradient, least, gradient))
    if decay:
        gradient = b.fma(numbers["l2"], weight.value, gradient)
    if decay and update.l1:
        pull, zero = numbers["l1"], numbers["zero"]
        down = b.where(zero, ">", weight.value, zero - pull, zero)
        gradient = gradient + b.where(weight.value, ">", zero, pull, down)
    FORMULAS[update.kind](b, cell, weight, gradient, numbers, decay)


def fc_update(
    b: Builder, gradient: Tensor, weights: Tensor, *rest: Tensor, tile: int, update: Update, span: Span | None = None
) -> None:
    """The update of an FC's weights, (outputs, inputs), ``tile`` outputs at a time; ``rest``: its rows, settings.

    gradient: (tile, inputs), the part that was just summed; it is zero again afterwards.
    """
    *rows, settings = rest
    outputs, inputs = (axis.size for axis in weights.shape.axes)
    numbers = {name: settings[i] for i, name in enumerate(update.numbers)}
    vectors = {name: b.splat(number) for name, number in numbers.items()}
    numbers["zero"], vectors["zero"] = b.scalar(0), b.zero()
    whole = inputs - inputs % b.lanes
    for k, many in tiles(b, outputs, tile, "k", span):
        for n in b.range(many, "n"):
            if whole:
                for i in b.range(whole, "i", step=b.lanes):
                    cell = Cell(weights.vector, [row.vector for row in rows], (k + n, i))
                    _step(b, cell, gradient.vector[n, i], vectors, update, True)
                    gradient.vector[n, i] = b.zero()
            if whole < inputs:
                for i in b.range(inputs, "i", start=whole):
                    _step(b, Cell(weights, rows, (k + n, i)), gradient[n, i], numbers, update, True)
                    gradient[n, i] = b.scalar(0)
            if update.max_norm:
                cap_norm(b, weights, k + n, numbers["max_norm"])


def cap_norm(b: Builder, weights: Tensor, k: Index, most: Value) -> None:
    """Output ``k`` of weights (outputs, inputs), shrunk until the norm of its numbers is no more than ``most``."""
    inputs = weights.shape.axes[1].size
    whole = inputs - inputs % b.lanes
    vectors, rest = b.register("squares", b.zero()), b.register("rest", b.scalar(0))
    if whole:
        for i in b.range(whole, "i", step=b.lanes):
            weight = b.register("weight", weights.vector[k, i])
            vectors.value = b.fma(weight.value, weight.value, vectors.value)
    if whole < inputs:
        for i in b.range(inputs, "i", start=whole):
            weight = b.register("weight", weights[k, i])
            rest.value = b.fma(weight.value, weight.value, rest.value)
    norm = b.register("norm", b.sqrt(b.reduce_add(vectors.value) + rest.value))
    small = b.divide(most, norm.value + b.scalar(TINY))
    factor = b.register("factor", b.where(norm.value, ">", most, small, b.scalar(1)))
    if whole:
        for i in b.range(whole, "i", step=b.lanes):
            weights.vector[k, i] = weights.vector[k, i] * b.splat(factor.value)
    if whole < inputs:
        for i in b.range(inputs, "i", start=whole):
            weights[k, i] = weights[k, i] * factor.value


def sum_squares(b: Builder, gradients: Tensor, sums: Tensor, chunk: Index) -> None:
    """The slots' sum of a chunk, left in the first slot; ``sums[chunk]`` is the sum of its squares."""
    slots = gradients.shape.axes[0].size
    total = b.register("squares", b.zero())
    for i in b.range(CHUNK, "i", step=b.lanes):
        at = chunk * CHUNK + i
        gradient = b.register("gradient", gradients.vector[0, at])
        for slot in range(1, slots):
            gradient.value = gradient.value + gradients.vector[slot, at]
        gradients.vector[0, at] = gradient.value
        total.value = b.fma(gradient.value, gradient.value, total.value)
    sums[chunk] = b.reduce_add(total.value)


def clip_scale(b: Builder, sums: Tensor, scale: Tensor, most: Value) -> None:
    """scale = what a gradient is multiplied by whose chunks have these sums of squares, in their order."""
    total = b.register("total", b.scalar(0))
    for chunk in b.range(sums.shape.axes[0].size, "chunk"):
        total.value = total.value + sums[chunk]
    ratio = b.register("ratio", b.divide(most, b.sqrt(total.value) + b.scalar(SMALL)))
    scale[0] = b.where(ratio.value, ">", b.scalar(1), b.scalar(1), ratio.value)


def update(b: ProgramBuilder, plan: Plan) -> None:
    """Chunks of the parameters' rows that threads share: weights, then biases; before and after them, norms."""
    made = plan.update
    names = ("parameters", *made.rows, "gradients", "settings")
    rows = [b.place(plan.buffers[name]) for name in names]
    scale = None
    if made.whole and plan.row.summed:
        scale = _clip(b, plan, rows[-2], rows[-1])
    weights, biases = plan.row.weights // CHUNK, plan.row.biases // CHUNK
    for first, chunks, decay in ((0, weights, True), (plan.row.weights, biases, False)):
        if chunks:
            for chunk in b.work(chunks, "chunk"):
                start = chunk * CHUNK + first
                row_update(b, *rows, update=made, start=start, count=CHUNK, decay=decay, scale=scale)
    _cap(b, plan, rows[-1])


def _clip(b: ProgramBuilder, plan: Plan, gradients: Tensor, settings: Tensor) -> Tensor:
    """The factor of the gradient, computed by one thread while the others wait: the same for any number of them."""
    sums, scale = b.place(plan.buffers["clip.squares"]), b.place(plan.buffers["clip.scale"])
    for chunk in b.work(plan.row.summed // CHUNK, "chunk"):
        sum_squares(b, gradients, sums, chunk)
    b.barrier()
    for _ in b.work(1, "norm"):
        clip_scale(b, sums, scale, settings[plan.update.numbers.index("clip")])
    b.barrier()
    return scale


def _cap(b: ProgramBuilder, plan: Plan, settings: Tensor) -> None:
    """The weights' norms, when all chunks are updated: filters lie across them."""
    places = plan.update.capped(plan.row)
    if places:
        b.barrier()
        most = b.register("most", settings[plan.update.numbers.index("max_norm")])
    for place, outputs in places:
        shape = Shape.of(outputs, place.size // outputs, element="f32")
        weights = b.place(replace(plan.buffers[place.name], shape=shape))
        for k in b.work(outputs, "output"):
            cap_norm(b, weights, k, most.value)
