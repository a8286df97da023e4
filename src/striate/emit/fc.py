"""FC: every output sees every input; weights are (outputs, inputs), inputs in D, H, W order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from striate.emit.builder import Builder, Value
from striate.emit.index import Index, Span
from striate.emit.loops import items, tiles
from striate.emit.tensor import Tensor

Place = Callable[[Index], tuple[Index, ...]]  #: a block's i-th input as an index of the tensor


def fc_forward(
    b: Builder,
    x: Tensor,
    weights: Tensor,
    biases: Tensor,
    y: Tensor,
    *,
    tile: int,
    unroll: int,
    relu: bool,
    span: Span | None = None,
) -> None:
    """y = [RELU] (weights * x + biases), ``tile`` outputs at a time."""
    outputs, inputs = (axis.size for axis in weights.shape.axes)
    x = x.flat
    for k, many in tiles(b, outputs, tile, "k", span):
        sums = [b.register("sum", b.splat(biases[k + i])) for i in range(many)]
        for i, run in tiles(b, inputs, unroll, "i"):
            for j in range(run):
                value = x[i + j]
                for n in range(many):
                    sums[n].value = b.fma(value, b.splat(weights[k + n, i + j]), sums[n].value)
        for n in range(many):
            y[k + n, 0, 0] = b.relu(sums[n].value) if relu else sums[n].value


def fc_data_gradient(
    b: Builder,
    dz: Tensor,
    weights: Tensor,
    x: Tensor,
    dx: Tensor,
    *,
    tile: int,
    block: int,
    mask: bool,
    add: bool = False,
    span: Span | None = None,
) -> None:
    """dx = dz passed back through the weights; zero where a RELU held x at zero.

    A block of inputs stays in the first-level cache while ``tile`` outputs a turn are added to it: so weights are read
    as they lie in memory. add: dx += that.
    """
    outputs, inputs = (axis.size for axis in weights.shape.axes)
    last: Callable[[Index, Value], Value] = partial(_masked, b, x.flat) if mask else lambda _, value: value
    for first, count, target, at in _blocks(b, dx, inputs, block, span):
        if outputs > tile and not add:
            for i in b.range(count, "i"):
                target[at(i)] = b.zero()
        for k, many in tiles(b, outputs, tile, "k"):
            given = [dz[k + n, 0, 0] for n in range(many)]
            for i in b.range(count, "i"):
                total = b.register("sum", target[at(i)] if outputs > tile or add else b.zero())
                for n in range(many):
                    total.value = b.fma(given[n], b.splat(weights[k + n, first + i]), total.value)
                target[at(i)] = total.value if outputs > tile else last(first + i, total.value)
        if mask and outputs > tile:
            for i in b.range(count, "i"):
                target[at(i)] = last(first + i, target[at(i)])


def _masked(b: Builder, x: Tensor, at: Index, value: Value) -> Value:
    return b.where(x[at], ">", b.zero(), value, b.zero())


def _after(start: Index, *front: Index) -> Place:
    return lambda i: (*front, start + i)


def _blocks(
    b: Builder, dx: Tensor, inputs: int, block: int, span: Span | None
) -> Iterator[tuple[Index, int, Tensor, Place]]:
    """(first input, how many, tensor, index in it of the block's i-th); with a halo, rows are the blocks."""
    depth, height, width = (axis.size for axis in dx.shape.axes)
    if not dx.shape.halo:
        for u, many in tiles(b, inputs, block, "x", span):
            yield u, many, dx.flat, _after(u)
        return
    for d in items(b, depth, "d", span):
        for v in b.range(height, "y"):
            yield (d * height + v) * width, width, dx, _after(Index(), d, v)


def fc_weight_gradient(
    b: Builder,
    x: Tensor,
    dz: Tensor,
    dweights: Tensor,
    *dbiases: Tensor,
    tile: int,
    local: bool = False,
    span: Span | None = None,
) -> None:
    """dweights += dz times x and dbiases += dz, if they are to learn, summed over lanes.

    local: dweights has room for one tile, (tile, inputs); ``span`` is then that tile.
    The inputs are transposed, so that neighbours of one image fill a vector and each dz is one number.
    """
    outputs, inputs = dz.shape.axes[0].size, dweights.shape.axes[1].size
    x = x.flat
    whole = inputs - inputs % b.lanes
    each = dz.scalars
    for k, many in tiles(b, outputs, tile, "k", span):
        top = Index() if local else k
        if whole:
            for i in b.range(whole, "i", step=b.lanes):
                images = b.transpose([x[i + j] for j in range(b.lanes)])
                rows = [b.register("sum", dweights.vector[top + n, i]) for n in range(many)]
                for lane, image in enumerate(images):
                    for n in range(many):
                        rows[n].value = b.fma(image, b.splat(each[k + n, 0, 0, lane]), rows[n].value)
                for n in range(many):
                    dweights.vector[top + n, i] = rows[n].value
        for n in range(many):
            given = dz[k + n, 0, 0]
            for rest in range(whole, inputs):
                dweights[top + n, rest] = dweights[top + n, rest] + b.reduce_add(given * x[rest])
            for biases in dbiases:
                biases[k + n] = biases[k + n] + b.reduce_add(given)
