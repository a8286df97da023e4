"""CONV whose filters see one slice each: register tiles of rows x columns, as there are no filters to share a number.

Every number of the source is loaded once a tile, for all weights that it meets and all results that they serve.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from striate.emit.builder import Builder, Register, Value
from striate.emit.conv import forward_finish, gradient_finish
from striate.emit.index import Index, Span
from striate.emit.loops import items, tiles
from striate.emit.tensor import Tensor
from striate.emit.weight_gradient import group_gradient, sum_map
from striate.plan.sweep import Sweep, Tap, pieces
from striate.plan.tiles import HELD_TAPS, GradientTile, Tile

UNROLLED = 600  #: multiply-adds of a tile that the code names one by one; larger filters go row by row

WeightAt = Callable[[Index | int, int], Value]
Plane = list[list[Register]]


def depthwise_forward(
    b: Builder,
    x: Tensor,
    weights: Tensor,
    biases: Tensor,
    y: Tensor,
    *choice: Tensor,
    rows: Sweep,
    columns: Sweep,
    tile: Tile,
    relu: bool,
    pool: bool,
    span: Span | None = None,
) -> None:
    """y = [POOL] [RELU] (weights * x + biases); as many filters see each slice. weights: (K, 1, F, F).

    With POOL, ``choice`` keeps which of the four won (4: none). span: of slices of x.
    """
    slices = x.shape.axes[0].size
    many, unit, finish = biases.shape.axes[0].size // slices, 2 if pool else 1, forward_finish(b, y, choice, relu, pool)
    for d in items(b, slices, "d", span):
        for n in b.range(many, "n") if many > 1 else (Index(),):
            k = d * many + n
            first, at = b.splat(biases[k]), _weights(b, weights, k, rows, columns)
            for v, high in tiles(b, rows.count // unit, tile.rows // unit, "y"):
                for u, wide in tiles(b, columns.count // unit, tile.columns // unit, "x"):
                    sums = [[b.register("sum", first) for _ in range(wide * unit)] for _ in range(high * unit)]
                    _correlate(b, x, d, at, (v * unit, u * unit), rows, columns, sums)
                    finish(k, v * unit, u * unit, [_values(sums)])


def depthwise_data_gradient(
    b: Builder,
    dz: Tensor,
    weights: Tensor,
    x: Tensor,
    dx: Tensor,
    *,
    rows: tuple[Sweep, ...],
    columns: tuple[Sweep, ...],
    tile: Tile,
    mask: bool,
    span: Span | None = None,
) -> None:
    """dx = what dz passes back through the weights; zero where ``mask`` says that a RELU held x at zero."""
    for d in items(b, dx.shape.axes[0].size, "d", span):
        _slice_back(b, dz, weights, x, dx, d, rows, columns, tile, mask)


def depthwise_backward(
    b: Builder,
    dz: Tensor,
    weights: Tensor,
    x: Tensor,
    dx: Tensor,
    dweights: Tensor,
    *dbiases: Tensor,
    rows: tuple[Sweep, ...],
    columns: tuple[Sweep, ...],
    tile: Tile,
    mask: bool,
    forth: tuple[Sweep, Sweep],
    sums: GradientTile,
    span: Span | None = None,
) -> None:
    """All gradients, slice by slice: dx as above, dweights += dz times what each weight met, dbiases += dz.

    forth: the sweeps over rows and columns forwards; sums: the tile of the weights. Without ``dbiases`` another has
    summed them.
    """
    slices = dx.shape.axes[0].size
    many = pieces(dz.shape.axes[0].size, slices)
    for d in items(b, slices, "d", span):
        for k in b.range(d * many + many, "k", start=d * many) if dbiases else ():
            sum_map(b, dz, dbiases[0], k)
        group_gradient(b, x, dz, dweights, d, many, *forth, sums)
        _slice_back(b, dz, weights, x, dx, d, rows, columns, tile, mask)


def _slice_back(
    b: Builder,
    dz: Tensor,
    weights: Tensor,
    x: Tensor,
    dx: Tensor,
    d: Index,
    rows: tuple[Sweep, ...],
    columns: tuple[Sweep, ...],
    tile: Tile,
    mask: bool,
) -> None:
    """One slice of dx: the sum over the filters that see it."""
    many = pieces(dz.shape.axes[0].size, dx.shape.axes[0].size)
    for down in rows:
        for across in columns:
            finish = gradient_finish(b, x, dx, down, across, mask)
            held = _weights(b, weights, d, down, across) if many == 1 else None
            for v, high in tiles(b, down.count, tile.rows, "y"):
                for u, wide in tiles(b, across.count, tile.columns, "x"):
                    sums = [[b.register("sum", b.zero()) for _ in range(wide)] for _ in range(high)]
                    for n in b.range(many, "n") if many > 1 else (Index(),):
                        k = d * many + n
                        at = held or _weights(b, weights, k, down, across)
                        _correlate(b, dz, k, at, (v, u), down, across, sums)
                    finish(d, v, u, [_values(sums)])


def _values(sums: Plane) -> list[list[Value]]:
    return [[cell.value for cell in line] for line in sums]


def _weights(b: Builder, weights: Tensor, k: Index, rows: Sweep, columns: Sweep) -> WeightAt:
    """The weights of filter k in all lanes: loaded here where registers hold them, else wherever they are wanted."""
    if len(rows.taps) * len(columns.taps) > HELD_TAPS:
        return lambda i, j: b.splat(weights[k, 0, i, j])
    held = {(i.weight, j.weight): b.splat(weights[k, 0, i.weight, j.weight]) for i in rows.taps for j in columns.taps}
    return lambda i, j: held[int(i), j]


def _correlate(
    b: Builder,
    source: Tensor,
    slice: Index,
    weight: WeightAt,
    at: tuple[Index, Index],
    rows: Sweep,
    columns: Sweep,
    sums: Plane,
) -> None:
    """Add to a tile of results, the first of them ``at``, what all taps meet in one slice of the source."""
    y, x = at[0] * rows.step, at[1] * columns.step
    taps = len(rows.taps) * len(columns.taps)
    if not taps:
        return
    if taps <= HELD_TAPS or taps * len(sums) * len(sums[0]) <= UNROLLED:
        lines = [(tap.offset, tap.weight) for tap in rows.taps]
        _meet(b, source, (slice, y, x), weight, lines, rows.step, columns, sums)
        return
    first = rows.taps[0]
    further = rows.taps[1].weight - first.weight if len(rows.taps) > 1 else 1
    for i in b.range(len(rows.taps), "i"):
        line = [(first.offset, i * further + first.weight)]
        _meet(b, source, (slice, y + i * rows.apart, x), weight, line, rows.step, columns, sums)


def _meet(
    b: Builder,
    source: Tensor,
    at: tuple[Index, Index, Index],
    weight: WeightAt,
    lines: Sequence[tuple[int, Index | int]],
    step: int,
    columns: Sweep,
    sums: Plane,
) -> None:
    """Every number of the source once, by rows, for all (row, column) of the tile and all weights that meet there.

    lines: (offset, filter row).
    """
    uses: dict[tuple[int, int], list[tuple[Register, Index | int, Tap]]] = defaultdict(list)
    for row, plane in enumerate(sums):
        for offset, line in lines:
            for column, cell in enumerate(plane):
                for tap in columns.taps:
                    place = row * step + offset, column * columns.step + tap.offset
                    uses[place].append((cell, line, tap))
    slice, y, x = at
    for (down, across), met in sorted(uses.items(), key=lambda use: use[0]):
        value = source[slice, y + down, x + across]
        for cell, line, tap in met:
            cell.value = b.fma(value, weight(line, tap.weight), cell.value)
