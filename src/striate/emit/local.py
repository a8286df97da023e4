"""LOCAL: every position has filters of its own, (H, W, K, D, F, F), each weight of which meets one vector."""

from __future__ import annotations

from itertools import product

from striate.emit.builder import Builder, Value
from striate.emit.index import Index, Span
from striate.emit.loops import items, tiles
from striate.emit.tensor import Tensor
from striate.plan.sweep import Sweep, split_evenly
from striate.plan.tiles import Tile

UNROLLED = 11  #: weights of a filter row that the code names one by one

Place = tuple[Index, Index]


def local_forward(
    b: Builder,
    x: Tensor,
    weights: Tensor,
    biases: Tensor,
    y: Tensor,
    *,
    rows: Sweep,
    columns: Sweep,
    tile: Tile,
    relu: bool,
    span: Span | None = None,
) -> None:
    """y = [RELU] (weights * x + biases), ``tile`` of filters x columns at a time; span: of rows."""
    filters, depth, high, wide = (axis.size for axis in weights.shape.axes[2:])
    for v in items(b, rows.count, "y", span):
        for u, broad in tiles(b, columns.count, tile.columns, "x"):
            for k, many in tiles(b, filters, tile.filters, "k"):
                spots = list(product(range(many), range(broad)))
                sums = {(n, c): b.register("sum", b.splat(biases[v, u + c, k + n])) for n, c in spots}
                for d in b.range(depth, "d"):
                    for i in b.range(high, "i"):
                        for j, run in tiles(b, wide, UNROLLED, "j"):
                            for t in range(run):
                                met = [_met(x, (v, u + c), d, i, j + t, rows, columns) for c in range(broad)]
                                for n, c in spots:
                                    weight = b.splat(weights[v, u + c, k + n, d, i, j + t])
                                    sums[n, c].value = b.fma(met[c], weight, sums[n, c].value)
                for n, c in spots:
                    value = sums[n, c].value
                    y[k + n, v, u + c] = b.relu(value) if relu else value


def _met(x: Tensor, at: Place, d: Index, i: Index | int, j: Index | int, rows: Sweep, columns: Sweep) -> Value:
    """What weight (i, j) of the position ``at`` meets in slice d."""
    return x[d, at[0] * rows.step + i + rows.taps[0].offset, at[1] * columns.step + j + columns.taps[0].offset]


def local_weight_gradient(
    b: Builder,
    x: Tensor,
    dz: Tensor,
    dweights: Tensor,
    dbiases: Tensor,
    line: Tensor,
    *,
    rows: Sweep,
    columns: Sweep,
    tile: int,
    span: Span | None = None,
) -> None:
    """dweights += dz times what each weight met, and dbiases += dz, summed over lanes; span: of rows.

    ``line`` holds what one position sees, transposed: neighbours of one image fill a vector, and each dz is one number.
    """
    filters, each = dz.shape.axes[0].size, line.shape.axes[0].size
    whole = each - each % b.lanes
    for v in items(b, rows.count, "y", span):
        for u in b.range(columns.count, "x"):
            _gather(b, x, line, (v, u), rows, columns)
            if whole:
                for e in b.range(whole, "e", step=b.lanes):
                    for image, value in enumerate(b.transpose([line[e + t] for t in range(b.lanes)])):
                        line[e + image] = value
            for k, many in tiles(b, filters, tile, "k"):
                first = ((v * columns.count + u) * filters + k) * each
                _learn(b, dz, dweights.flat, line, first, (k, v, u), many, whole)
                for n in range(many):
                    dbiases[v, u, k + n] = dbiases[v, u, k + n] + b.reduce_add(dz[k + n, v, u])


def _learn(
    b: Builder,
    dz: Tensor,
    target: Tensor,
    line: Tensor,
    first: Index,
    at: tuple[Index, Index, Index],
    many: int,
    whole: int,
) -> None:
    """The weight gradients of ``many`` filters of a position, from ``first`` on; ``whole`` of each fill vectors."""
    (k, v, u), each, numbers = at, line.shape.axes[0].size, dz.scalars
    if whole:
        for e in b.range(whole, "e", step=b.lanes):
            sums = [b.register("sum", target.vector[first + n * each + e]) for n in range(many)]
            for image in range(b.lanes):
                value = line[e + image]
                for n in range(many):
                    sums[n].value = b.fma(value, b.splat(numbers[k + n, v, u, image]), sums[n].value)
            for n in range(many):
                target.vector[first + n * each + e] = sums[n].value
    for n in range(many):
        for rest in range(whole, each):
            place = first + n * each + rest
            target[place] = target[place] + b.reduce_add(dz[k + n, v, u] * line[rest])


def _gather(b: Builder, x: Tensor, line: Tensor, at: Place, rows: Sweep, columns: Sweep) -> None:
    """line = what a position sees, in the order of its weights: (D, F, F)."""
    high, wide = len(rows.taps), len(columns.taps)
    for d in b.range(x.shape.axes[0].size, "d"):
        for i in b.range(high, "i"):
            for j, run in tiles(b, wide, UNROLLED, "j"):
                for t in range(run):
                    line[(d * high + i) * wide + j + t] = _met(x, at, d, i, j + t, rows, columns)


def local_data_gradient(
    b: Builder,
    dz: Tensor,
    weights: Tensor,
    x: Tensor,
    dx: Tensor,
    line: Tensor,
    *,
    rows: Sweep,
    columns: Sweep,
    tile: int,
    mask: bool,
    span: Span | None = None,
) -> None:
    """dx = what dz passes back through the weights; zero where ``mask`` says that a RELU held x at zero.

    ``line`` is dx with its halo, to which position after position adds, ``tile`` taps at a time; span: of slices.
    """
    depth, height, width = (axis.size for axis in x.shape.axes)
    _, tall, broad = line.shape.axes
    taps = list(product(range(len(rows.taps)), range(len(columns.taps))))
    for d in items(b, depth, "d", span):
        for v in b.range(tall.size + tall.after, "y", start=-tall.before):
            for u in b.range(broad.size + broad.after, "x", start=-broad.before):
                line[d, v, u] = b.zero()
    for v in b.range(rows.count, "y"):
        for u in b.range(columns.count, "x"):
            for d in items(b, depth, "d", span):
                for start, size, turns in split_evenly(len(taps), tile):
                    for turn in range(turns):
                        some = taps[start + turn * size :][:size]
                        _add(b, dz, weights, line, (v, u), d, some, rows, columns)
    for d in items(b, depth, "d", span):
        for v in b.range(height, "y"):
            for u in b.range(width, "x"):
                value = line[d, v, u]
                dx[d, v, u] = b.where(x[d, v, u], ">", b.zero(), value, b.zero()) if mask else value


def _add(
    b: Builder,
    dz: Tensor,
    weights: Tensor,
    line: Tensor,
    at: Place,
    d: Index,
    taps: list[tuple[int, int]],
    rows: Sweep,
    columns: Sweep,
) -> None:
    """Add to one slice of ``line`` what a position's filters pass back through these taps."""
    sums = [b.register("sum", _met(line, at, d, i, j, rows, columns)) for i, j in taps]
    for k in b.range(dz.shape.axes[0].size, "k"):
        given = dz[k, at[0], at[1]]
        for cell, (i, j) in zip(sums, taps, strict=True):
            cell.value = b.fma(given, b.splat(weights[at[0], at[1], k, d, i, j]), cell.value)
    y, x = at[0] * rows.step + rows.taps[0].offset, at[1] * columns.step + columns.taps[0].offset
    for cell, (i, j) in zip(sums, taps, strict=True):
        line[d, y + i, x + j] = cell.value
