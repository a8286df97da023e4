"""FC: every output sees every input; weights are (outputs, inputs), inputs in D, H, W order."""

from __future__ import annotations

from striate.emit.builder import Builder
from striate.emit.index import Index, Span
from striate.emit.loops import items, tiles
from striate.emit.tensor import Tensor


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
    mask: bool,
    span: Span | None = None,
) -> None:
    """dx = dz passed back through the weights, ``tile`` inputs at a time; zero where a RELU held x at zero."""
    outputs, inputs = (axis.size for axis in weights.shape.axes)
    x = x.flat
    axes = [axis.size for axis in dx.shape.axes]
    plain = not dx.shape.halo
    if plain:
        axes = [1, 1, inputs]  # one long row: tiles need not stop where a map's row ends
    for d in items(b, axes[0], "d", None if plain else span):
        for v in b.range(axes[1], "y"):
            for u, many in tiles(b, axes[2], tile, "x", span if plain else None):
                at = (d * axes[1] + v) * axes[2] + u
                sums = [b.register("sum", b.zero()) for _ in range(many)]
                for k in b.range(outputs, "k"):
                    value = dz[k, 0, 0]
                    for n in range(many):
                        sums[n].value = b.fma(value, b.splat(weights[k, at + n]), sums[n].value)
                for n in range(many):
                    total = b.where(x[at + n], ">", b.zero(), sums[n].value, b.zero()) if mask else sums[n].value
                    if plain:
                        dx.flat[u + n] = total
                    else:
                        dx[d, v, u + n] = total


def fc_weight_gradient(
    b: Builder,
    x: Tensor,
    dz: Tensor,
    dweights: Tensor,
    dbiases: Tensor,
    *,
    tile: int,
    local: bool = False,
    span: Span | None = None,
) -> None:
    """dweights += dz times x and dbiases += dz, summed over lanes.

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
            dbiases[k + n] = dbiases[k + n] + b.reduce_add(given)
