"""CONV with 1x1 filters: a product of matrices, its data first copied to one place.

A number of every slice is wanted for each result, and slices lie far apart: a block of positions is packed into ``v``
(depth, positions), and filters meet it there, as many slices a turn as the first-level cache holds; ``m`` (filters,
positions) keeps the sums between turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from striate.emit.builder import Builder, Value
from striate.emit.conv import Finish, correlate, forward_finish, gradient_finish
from striate.emit.index import Index, Span
from striate.emit.loops import tiles
from striate.emit.tensor import Tensor
from striate.emit.winograd import Block, blocks, cells
from striate.plan.sweep import Sweep, split_evenly
from striate.plan.tiles import Tile, WinogradTile

WeightAt = Callable[[Index, Index], Value]  #: of a filter and a slice
Begin = Callable[[Index], Value]


def _pack(b: Builder, source: Tensor, v: Tensor, apart: tuple[int, int], block: Block) -> None:
    """v[d, t] = the slice's number at position t."""
    for d in b.range(source.shape.axes[0].size, "d"):
        for t, y, x, _, _ in cells(b, block):
            v[d, t] = source[d, y * apart[0], x * apart[1]]


def _fetch(b: Builder, source: Tensor, apart: tuple[int, int], block: Block, first: Index, count: int) -> None:
    """Ask for the next block's numbers of ``count`` slices, to be in the cache when they are packed."""
    for d in b.range(count, "d"):
        for _, y, x, _, _ in cells(b, block):
            b.prefetch(source, (first + d, y * apart[0], (x + len(block[3])) * apart[1]))


def _turns(b: Builder, depth: int, most: int) -> Iterator[tuple[Index, int, bool, bool]]:
    """(first slice, slices, whether these are the first, the last) of every turn."""
    sizes = [width for _, width, repetitions in split_evenly(depth, most) for _ in range(repetitions)]
    yield Index(), sizes[0], True, len(sizes) == 1
    inner = sizes[1:-1]
    start = sizes[0]
    for width in sorted(set(inner), reverse=True):
        stop = start + width * inner.count(width)
        for d in b.range(stop, "d", step=width, start=start):
            yield d, width, False, False
        start = stop
    if len(sizes) > 1:
        yield Index.of(start), sizes[-1], False, True


def _product(
    b: Builder,
    source: Tensor,
    weight: WeightAt,
    v: Tensor,
    m: Tensor,
    rows: Sweep,
    columns: Sweep,
    tile: WinogradTile,
    begin: Begin,
    finish: Finish,
    parts: Mapping[str, Span | None],
) -> None:
    """``finish`` receives every tile of sums over slices; each begins with ``begin`` of its filter."""
    filters, depth = m.shape.axes[0].size, source.shape.axes[0].size
    apart = rows.step, columns.step
    each = -(-depth // filters)  # slices of the next block that are fetched beside a filter
    for block in blocks(b, rows, columns, tile, parts.get("rows")):
        _pack(b, source, v, apart, block)
        high, broad = len(block[2]), len(block[3])
        for d0, deep, first, last in _turns(b, depth, tile.slices):
            for k, many in tiles(b, filters, tile.filters, "k", parts.get("filters")):
                spots = [(n, t) for n in range(many) for t in range(high * broad)]
                if last:
                    _fetch(b, source, apart, block, k * each, many * each)
                sums = {(n, t): b.register("sum", begin(k + n) if first else m[k + n, t]) for n, t in spots}
                for step in b.range(deep, "s"):
                    data = [v[d0 + step, t] for t in range(high * broad)]
                    for n in range(many):
                        factor = b.splat(weight(k + n, d0 + step))
                        for t, value in enumerate(data):
                            sums[n, t].value = b.fma(value, factor, sums[n, t].value)
                if last:
                    values = [[sums[n, t].value for t in range(high * broad)] for n in range(many)]
                    planes = [[line[i * broad : (i + 1) * broad] for i in range(high)] for line in values]
                    finish(k, block[0], block[1], planes)
                else:
                    for n, t in spots:
                        m[k + n, t] = sums[n, t].value


def packed_forward(
    b: Builder,
    x: Tensor,
    weights: Tensor,
    biases: Tensor,
    y: Tensor,
    v: Tensor,
    m: Tensor,
    *,
    rows: Sweep,
    columns: Sweep,
    tile: WinogradTile,
    relu: bool,
    stream: bool = False,
    split: str = "",
    span: Span | None = None,
) -> None:
    """y = [RELU] (weights * x + biases), as ``conv_forward`` does."""
    finish = forward_finish(b, y.streamed if stream else y, (), relu, False)
    begin: Begin = lambda k: b.splat(biases[k])  # noqa: E731
    weight: WeightAt = lambda k, d: weights[k, d, 0, 0]  # noqa: E731
    _product(b, x, weight, v, m, rows, columns, tile, begin, finish, {split: span})


def packed_data_gradient(
    b: Builder,
    dz: Tensor,
    weights: Tensor,
    x: Tensor,
    dx: Tensor,
    v: Tensor,
    m: Tensor,
    *,
    rows: Sweep,
    columns: Sweep,
    idle: tuple[tuple[Sweep, Sweep], ...],
    tile: WinogradTile,
    mask: bool,
    stream: bool = False,
    split: str = "",
    span: Span | None = None,
) -> None:
    """dx = what dz passes back, as ``conv_data_gradient`` does; weights: turned, (D, K, 1, 1).

    idle: rows and columns of dx between strides, which nothing reaches; ``split`` is then by filters.
    """
    begin: Begin = lambda d: b.zero()  # noqa: E731
    dx = dx.streamed if stream else dx
    for down, across in idle:
        one, gaps = Tile(tile.filters, 1, 4), gradient_finish(b, x, dx, down, across, False)
        sizes = dx.shape.axes[0].size, dz.shape.axes[0].size
        correlate(b, dz, _none, begin, gaps, *sizes, down, across, one, split=split, span=span)
    weight: WeightAt = lambda d, k: weights[d, k, 0, 0]  # noqa: E731
    finish = gradient_finish(b, x, dx, rows, columns, mask)
    _product(b, dz, weight, v, m, rows, columns, tile, begin, finish, {split: span})


def _none(*place: object) -> Value:
    """Sweeps without taps ask for no weight."""
    raise ValueError(f"no weight is at {place}")
