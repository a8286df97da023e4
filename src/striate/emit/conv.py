"""CONV, direct: register tiles of filters x columns, for any field, stride, padding and depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import groupby

from striate.emit.builder import Builder, Register, Value
from striate.emit.index import Index, Span
from striate.emit.loops import tiles
from striate.emit.tensor import Tensor
from striate.plan.sweep import Sweep, pieces, split_evenly
from striate.plan.tiles import Tile

WeightAt = Callable[[Index, Index, Index, int], Value]
Finish = Callable[[Index, Index, Index, list[list[list[Value]]]], None]
Accumulators = list[list[list[Register]]]  #: [filter][row][column]
Outside = frozenset[tuple[int, int]]  #: columns of a tile and the numbers of taps that meet no source there


def _accumulate(
    b: Builder,
    source: Tensor,
    weight: WeightAt,
    depth: Index,
    slice: Index,
    at: tuple[Index, Index, Index],
    rows: Sweep,
    columns: Sweep,
    acc: Accumulators,
    outside: Outside | None,
) -> None:
    """Add the part of one ``slice`` of the source to a tile, ``depth`` being its number among those that the filters
    see: for each filter row, the source row is loaded once.

    ``outside``: if not None, leave that out, and filter rows that meet only the halo.
    """
    k0, y0, x0 = at
    for line, across_rows in _filter_rows(b, source, y0, rows, outside is not None):
        for row in range(len(acc[0])):
            y = line(row)
            loaded: dict[int, Value] = {}
            for number, across in enumerate(columns.taps):
                if columns.step > 1 or abs(columns.apart) > 1:
                    loaded = {}  # far between uses: kept values would crowd the registers
                for k in range(len(acc)):
                    w = b.splat(weight(k0 + k, depth, across_rows, across.weight))
                    for column in range(len(acc[0][0])):
                        if outside and (column, number) in outside:
                            continue
                        x = column * columns.step + across.offset
                        if x not in loaded:
                            loaded[x] = source[slice, y, x0 * columns.step + x]
                        cell = acc[k][row][column]
                        cell.value = b.fma(loaded[x], w, cell.value)


def _filter_rows(
    b: Builder, source: Tensor, y0: Index, rows: Sweep, trim: bool
) -> Iterator[tuple[Callable[[int], Index], Index]]:
    """(the source row that a row of the tile meets, the filter row) for every filter row.

    ``trim``: a loop over those alone that meet the source and not its halo; for tiles of one row.
    """
    if not trim:
        for tap in rows.taps:
            yield partial(_met, y0, rows.step, tap.offset), Index.of(tap.weight)
        return
    # Backwards, taps go down through the source as they go up through the filter, in equal steps.
    first, step = rows.taps[0], rows.taps[1].weight - rows.taps[0].weight if len(rows.taps) > 1 else 1
    start = b.larger(y0 + (first.offset - source.shape.axes[1].size + 1), 0)
    stop = b.smaller(y0 + (first.offset + 1), len(rows.taps))
    for t in b.range(stop, "t", start=start):
        yield partial(_met, y0 - t, 1, first.offset), t * step + first.weight


def _met(y0: Index, step: int, offset: int, row: int) -> Index:
    return (y0 + row) * step + offset


def _column_tiles(
    b: Builder, source: Tensor, columns: Sweep, most: int, trim: bool
) -> Iterator[tuple[Index, int, Outside | None]]:
    """(first column, width, what meets only the halo) of every tile; tiles at the edges one by one if ``trim``."""
    if not trim:
        for u, width in tiles(b, columns.count, most, "x"):
            yield u, width, None
        return
    size, edges = source.shape.axes[2].size, []
    for start, width, repetitions in split_evenly(columns.count, most):
        for tile in range(repetitions):
            x0 = start + tile * width
            out = {
                (column, number)
                for column in range(width)
                for number, tap in enumerate(columns.taps)
                if not 0 <= x0 + column + tap.offset < size
            }
            edges.append((x0, width, frozenset(out)))
    for (width, out), run in groupby(edges, lambda edge: edge[1:]):
        starts = [x0 for x0, _, _ in run]
        if len(starts) == 1:
            yield Index.of(starts[0]), width, out
        else:
            for u in b.range(starts[-1] + 1, "x", step=width, start=starts[0]):
                yield u, width, out


def correlate(
    b: Builder,
    source: Tensor,
    weight: WeightAt,
    start: Callable[[Index], Value],
    finish: Finish,
    filters: int,
    depth: int,
    rows: Sweep,
    columns: Sweep,
    tile: Tile,
    unit: int = 1,
    trim: bool = False,
    split: str = "",
    span: Span | None = None,
    first: Index | int = 0,
) -> None:
    """``finish`` receives every tile of sums over depth slices and taps; tiles of one place share its input.

    Rows and columns come in multiples of ``unit``. ``trim``: leave out what would meet only the halo, for backward
    sweeps. ``span``: only these tiles of the axis named by ``split``. ``first``: of the ``depth`` slices.
    """
    parts, pairs = {split: span}, replace(columns, count=columns.count // unit)
    for v, height in tiles(b, rows.count // unit, tile.rows // unit, "y", parts.get("rows")):
        for u, width, outside in _column_tiles(b, source, pairs, tile.columns // unit, trim and bool(columns.taps)):
            for k, many in tiles(b, filters, tile.filters, "k", parts.get("filters")):
                y, x = v * unit, u * unit
                acc: Accumulators = []
                for i in range(many):
                    begin = start(k + i)
                    across = range(width * unit)
                    acc.append([[b.register("sum", begin) for _ in across] for _ in range(height * unit)])
                if rows.taps and columns.taps:
                    for d in b.range(depth, "d"):
                        _accumulate(b, source, weight, d, d + first, (k, y, x), rows, columns, acc, outside)
                finish(k, y, x, [[[cell.value for cell in row] for row in plane] for plane in acc])


def conv_forward(
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
    stream: bool = False,
    groups: int = 1,
    split: str = "",
    span: Span | None = None,
) -> None:
    """y = [POOL] [RELU] (weights * x + biases); with POOL, ``choice`` keeps which of the four won (4: none).

    groups: so many parts of the filters see as many parts of x. stream: y goes past the caches.
    """
    filters, depth = weights.shape.axes[0].size // groups, weights.shape.axes[1].size
    for group, part in grouped(b, groups, pieces(filters, tile.filters), split, span):
        k0, d0 = group * filters, group * depth
        correlate(
            b,
            x,
            lambda k, d, i, j, k0=k0: weights[k0 + k, d, i, j],  # type: ignore[misc]
            lambda k, k0=k0: b.splat(biases[k0 + k]),  # type: ignore[misc]
            forward_finish(b, y.streamed if stream else y, choice, relu, pool, k0),
            filters,
            depth,
            rows,
            columns,
            tile,
            2 if pool else 1,
            split=split,
            span=part,
            first=d0,
        )


def grouped(
    b: Builder, groups: int, turns: int, split: str = "", span: Span | None = None
) -> Iterator[tuple[Index, Span | None]]:
    """(group, the part of the span that is for it) of every group, each of which has ``turns`` items of filters."""
    if groups == 1:
        yield Index(), span
        return
    for group in b.range(groups, "g"):
        if span is None or split == "rows":
            yield group, span
        else:
            before = group * turns
            yield group, Span(b.larger(span.first - before, 0), b.smaller(span.last - before, turns))


def forward_finish(
    b: Builder, y: Tensor, choice: tuple[Tensor, ...], relu: bool, pool: bool, first: Index | int = 0
) -> Finish:
    """What becomes of a tile of CONV results: RELU, 2x2 POOL, and into y from slice ``first``."""

    def finish(at: Index, y0: Index, x0: Index, sums: list[list[list[Value]]]) -> None:
        k0 = at + first
        for k, plane in enumerate(sums):
            if pool:
                _pool_tile(b, plane, k0 + k, y0, x0, y, choice, relu)
                continue
            for row, line in enumerate(plane):
                for column, value in enumerate(line):
                    y[k0 + k, y0 + row, x0 + column] = b.relu(value) if relu else value

    return finish


def _pool_tile(
    b: Builder,
    plane: list[list[Value]],
    k: Index,
    y0: Index,
    x0: Index,
    y: Tensor,
    choice: tuple[Tensor, ...],
    relu: bool,
) -> None:
    """2x2 maxima of a tile; the tile's first column and row are even, so its index halves exactly."""
    for row in range(0, len(plane), 2):
        for column in range(0, len(plane[0]), 2):
            four = [plane[row + i][column + j] for i in (0, 1) for j in (0, 1)]
            best, which = four[0], b.zero()
            for n, value in enumerate(four[1:], 1):
                which = b.where(value, ">", best, b.constant(n), which)
                best = b.maximum(value, best)
            if relu:
                which = b.where(best, ">", b.zero(), which, b.constant(4))
                best = b.relu(best)
            total = four[0] + four[1] + four[2] + four[3]
            best = best + (total - total)  # zero, or no number where one of the four is none
            at = (k, _half(y0) + row // 2, _half(x0) + column // 2)
            y[at] = best
            if choice:
                choice[0][at] = which


def _half(index: Index) -> Index:
    """An even index divided by two."""
    if index.constant % 2 or any(c % 2 for _, c in index.terms):
        raise ValueError(f"the index {index} is not even")
    return Index(tuple((n, c // 2) for n, c in index.terms), index.constant // 2)


def gradient_finish(
    b: Builder,
    x: Tensor,
    dx: Tensor,
    down: Sweep,
    across: Sweep,
    mask: bool,
    first: Index | int = 0,
    add: bool = False,
) -> Finish:
    """What becomes of a tile of gradients: into dx from slice ``first``, or added to it, and the RELU's zeros."""

    def finish(d: Index, y: Index, x0: Index, sums: list[list[list[Value]]]) -> None:
        for i, plane in enumerate(sums):
            for row, line in enumerate(plane):
                for column, value in enumerate(line):
                    at = (
                        d + i + first,
                        (y + row) * down.spread + down.first,
                        (x0 + column) * across.spread + across.first,
                    )
                    value = dx[at] + value if add else value
                    dx[at] = b.where(x[at], ">", b.zero(), value, b.zero()) if mask else value

    return finish


def conv_data_gradient(
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
    turned: bool = False,
    trim: bool = False,
    stream: bool = False,
    groups: int = 1,
    add: bool = False,
    split: str = "",
    span: Span | None = None,
) -> None:
    """dx = what dz passes back through the weights; zero where ``mask`` says that a RELU held x at zero.

    turned: the weights are those of ``turn_weights``, (D, K, F, F). stream: dx goes past the caches. groups: as
    forwards. add: dx += that, and zero in all of these places.
    """
    dx = dx.streamed if stream else dx
    filters, depth = dz.shape.axes[0].size // groups, dx.shape.axes[0].size // groups
    for group, part in grouped(b, groups, pieces(depth, tile.filters), split, span):
        k0, d0 = group * filters, group * depth
        for down in rows:
            for across in columns:
                correlate(
                    b,
                    dz,
                    lambda d, k, i, j, k0=k0: weights[(d, k, i, j) if turned else (k0 + k, d, i, j)],  # type: ignore[misc]
                    lambda d: b.zero(),
                    gradient_finish(b, x, dx, down, across, mask, d0, add),
                    depth,
                    filters,
                    down,
                    across,
                    tile,
                    trim=trim,
                    split=split,
                    span=part,
                    first=k0,
                )
