"""Winograd's weight gradient for deep volumes: slices of the input, not images, side by side in the sums.

With many filters and slices, a sum for each lane of each pair would fill megabytes. So the transformed data are
transposed, ``lanes`` slices at a time; products with single numbers of dz then sum over images by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from striate.emit.builder import Builder, Value
from striate.emit.index import Index, Span
from striate.emit.loops import stretch
from striate.emit.tensor import Tensor
from striate.emit.winograd import Block, blocks, cells, square, transform, whole
from striate.emit.winograd_gradient import clear, gather
from striate.plan.sweep import Sweep, pieces
from striate.plan.tiles import WinogradTile
from striate.plan.winograd import Matrix, transforms, transposed


def _bundles(b: Builder, depth: int) -> Iterator[tuple[Index, Index, range]]:
    """(number, first slice, lanes that count) of every bundle of ``lanes`` slices; the last may overlap."""
    full, rest = divmod(depth, b.lanes)
    if full == 1:
        yield Index(), Index(), range(b.lanes)
    else:
        for n in b.range(full, "bundle"):
            yield n, n * b.lanes, range(b.lanes)
    if rest:
        yield Index.of(full), Index.of(depth - b.lanes), range(b.lanes - rest, b.lanes)


def deep_gradient(
    b: Builder,
    x: Tensor,
    dz: Tensor,
    dweights: Tensor,
    v: Tensor,
    z: Tensor,
    s: Tensor,
    line: Tensor,
    *,
    rows: Sweep,
    columns: Sweep,
    tile: WinogradTile,
    span: Span | None = None,
) -> None:
    """dweights += the sum over positions and lanes of dz times the x that each weight met.

    v (points, bundles x tiles x lanes) holds transformed and transposed x, z (points, filters x tiles) transformed
    dz, s (points, filters x bundles) the sums, slices in lanes; line (points, lanes) is one tile on its way to v.
    Where all tiles are one block, z and s have room for a few filters, which are done before the next.
    """
    kit, room = transforms(tile.size, len(rows.taps)), tile.down * tile.across
    depth, filters = x.shape.axes[0].size, dz.shape.axes[0].size
    bundles = -(-depth // b.lanes)
    held = s.shape.axes[1].size // bundles
    if held < filters:
        for block in blocks(b, rows, columns, tile):
            _turn(b, x, v, line, whole(block, tile.size), rows, columns, tile)
    for part in _parts(b, filters, held, tile, span):
        chosen = stretch(b, filters, tile.filters, part)
        first = chosen[0] if held < filters else Index()
        clear(b, s, (chosen[0] - first, chosen[1] - first), bundles)
        for block in blocks(b, rows, columns, tile):
            block = whole(block, tile.size)  # beyond the end dz is zero
            if held >= filters:
                _turn(b, x, v, line, block, rows, columns, tile)
            transform(b, dz, z, transposed(kit.result), (0, 0), tile.size, room, block, chosen, first)
            terms = partial(_terms, b, v, z, room, len(block[2]) * len(block[3]))
            gather(b, s, (filters, bundles), tile, part, first, terms)
        for k in b.range(chosen[1], "k", start=chosen[0]):
            _finish(b, s, dweights, transposed(kit.weights), k, k - first)


def _parts(b: Builder, filters: int, held: int, tile: WinogradTile, span: Span | None) -> Iterator[Span | None]:
    """The filters' tiles, or a span of them, as many at a time as there is room for ``held`` filters."""
    if held >= filters:
        yield span
        return
    all_, many = span or Span.whole(pieces(filters, tile.filters)), max(1, held // tile.filters)
    for first in b.range(all_.last, "part", step=many, start=all_.first):
        yield Span(first, b.smaller(first + many, all_.last))


def _finish(b: Builder, s: Tensor, dweights: Tensor, back: Matrix, k: Index, at: Index) -> None:
    """dweights[k] += the sums at ``at`` of s, turned back."""
    depth, tile = dweights.shape.axes[1].size, len(back[0])
    bundles = -(-depth // b.lanes)
    for n, d, lanes in _bundles(b, depth):
        sums = [[s[r * tile + c, at * bundles + n] for c in range(tile)] for r in range(tile)]
        for r, row in enumerate(square(b, back, sums)):
            for c, value in enumerate(row):
                for lane in lanes:
                    place = (k, d + lane, r, c)
                    dweights[place] = dweights[place] + b.extract(value, lane)


def _turn(
    b: Builder, x: Tensor, v: Tensor, line: Tensor, block: Block, rows: Sweep, columns: Sweep, tile: WinogradTile
) -> None:
    """v[point, bundle, tile, image] = the transformed tiles of a bundle's slices, transposed."""
    kit, room = transforms(tile.size, len(rows.taps)), tile.down * tile.across
    reach = range(kit.tile)
    for n, d, _ in _bundles(b, x.shape.axes[0].size):
        for t, i, j, _, _ in cells(b, block):
            y0 = i * (tile.size * rows.step) + rows.taps[0].offset
            x0 = j * (tile.size * columns.step) + columns.taps[0].offset
            if kit.tile == 1:
                for image, value in enumerate(b.transpose([x[d + lane, y0, x0] for lane in range(b.lanes)])):
                    v[0, (n * room + t) * b.lanes + image] = value
                continue
            for lane in b.range(b.lanes, "lane"):
                data = [[x[d + lane, y0 + r, x0 + c] for c in reach] for r in reach]
                for point, value in enumerate(value for row in square(b, kit.data, data) for value in row):
                    line[point, lane] = value
            for p in b.range(v.shape.axes[0].size, "p"):
                turned: list[Value] = b.transpose([line[p, slice_] for slice_ in range(b.lanes)])
                for image, value in enumerate(turned):
                    v[p, (n * room + t) * b.lanes + image] = value


def _terms(
    b: Builder, v: Tensor, z: Tensor, room: int, count: int, p: Index, k: Index, many: int, n: Index, wide: int
) -> Iterator[tuple[Iterable[Value], list[Value]]]:
    """z[p, k, t] image by image, and v[p, bundle, t], of every tile t."""
    each = z.scalars
    for t in b.range(count, "t"):
        for image in b.range(b.lanes, "image"):
            data = [v[p, ((n + j) * room + t) * b.lanes + image] for j in range(wide)]
            yield (b.splat(each[p, (k + i) * room + t, image]) for i in range(many)), data
