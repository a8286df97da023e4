"""Weight gradients for deep volumes: slices of the input, not images, side by side in the sums.

With many filters and slices, a sum for each lane of each pair would fill megabytes. So the data are transposed,
``lanes`` slices (a bundle) at a time; products with single numbers of dz then sum over images by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from striate.emit.builder import Builder, Value
from striate.emit.index import Index, Span
from striate.emit.loops import stretch
from striate.emit.tensor import Tensor
from striate.emit.winograd import Block, blocks, cells, square, transform, whole
from striate.emit.winograd_gradient import Terms, clear, gather
from striate.plan.sweep import Sweep, pieces
from striate.plan.tiles import WinogradTile
from striate.plan.winograd import Matrix, transforms, transposed

Range = tuple[Index, Index]  #: first, and the one after the last
Bundle = tuple[Index, Index, range]  #: number, first slice, lanes that count


def _bundles(b: Builder, depth: int, among: Range) -> Iterator[Bundle]:
    """The bundles of a range of them; the last of all may overlap the one before it."""
    full, rest = divmod(depth, b.lanes)
    if full:
        for n in b.range(b.smaller(among[1], full), "bundle", start=among[0]):
            yield n, n * b.lanes, range(b.lanes)
    if rest:
        for n in b.range(among[1], "bundle", start=b.larger(among[0], full)):  # one turn, or none
            yield n, Index.of(depth - b.lanes), range(b.lanes - rest, b.lanes)


def deep_sums(
    b: Builder,
    dweights: Tensor,
    s: Tensor,
    turn: Callable[[Block, Iterator[Bundle]], None],
    terms: Callable[[Block, Range, Index], Terms],
    *,
    rows: Sweep,
    columns: Sweep,
    tile: WinogradTile,
    split: str,
    span: Span | None,
) -> None:
    """dweights += what ``terms`` gives for each block, summed in s (points, filters x bundles), turned back.

    ``turn`` lays a block's data ready, a bundle at a time; ``terms`` gets a block, the filters wanted, and the filter
    with which s begins. Where all tiles are one block, s has room for a few filters, which are done before the next.
    """
    filters, depth = dweights.shape.axes[0].size, dweights.shape.axes[1].size
    many = -(-depth // b.lanes)
    held, parts = s.shape.axes[1].size // many, {split: span}
    among = stretch(b, many, tile.slices, parts.get("slices"))
    if held < filters:
        for block in blocks(b, rows, columns, tile):
            turn(block, _bundles(b, depth, among))
    for part in _parts(b, filters, held, tile, parts.get("filters")):
        chosen = stretch(b, filters, tile.filters, part)
        first = chosen[0] if held < filters else Index()
        clear(b, s, (chosen[0] - first, chosen[1] - first), many)
        for block in blocks(b, rows, columns, tile):
            if held >= filters:
                turn(block, _bundles(b, depth, among))
            spans = part, parts.get("slices")
            gather(b, s, (filters, many), tile, spans, first, terms(block, chosen, first))
        back = transposed(transforms(tile.size, len(rows.taps)).weights)
        for k in b.range(chosen[1], "k", start=chosen[0]):
            _finish(b, s, dweights, back, k, (k - first) * many, _bundles(b, depth, among))


def _parts(b: Builder, filters: int, held: int, tile: WinogradTile, span: Span | None) -> Iterator[Span | None]:
    """The filters' tiles, or a span of them, as many at a time as there is room for ``held`` filters."""
    if held >= filters:
        yield span
        return
    all_, many = span or Span.whole(pieces(filters, tile.filters)), max(1, held // tile.filters)
    for first in b.range(all_.last, "part", step=many, start=all_.first):
        yield Span(first, b.smaller(first + many, all_.last))


def _finish(b: Builder, s: Tensor, dweights: Tensor, back: Matrix, k: Index, at: Index, over: Iterator[Bundle]) -> None:
    """dweights[k] += the sums of these bundles in s, of which filter k's begin at ``at``, turned back."""
    size = len(back[0])
    for n, d, lanes in over:
        sums = [[s[r * size + c, at + n] for c in range(size)] for r in range(size)]
        for r, row in enumerate(square(b, back, sums)):
            for c, value in enumerate(row):
                for lane in lanes:
                    place = (k, d + lane, r, c)
                    dweights[place] = dweights[place] + b.extract(value, lane)


def deep_gradient(
    b: Builder,
    x: Tensor,
    dz: Tensor,
    dweights: Tensor,
    v: Tensor,
    s: Tensor,
    z: Tensor,
    line: Tensor,
    *,
    rows: Sweep,
    columns: Sweep,
    tile: WinogradTile,
    far: bool = False,
    split: str = "",
    span: Span | None = None,
) -> None:
    """dweights += the sum over positions and lanes of dz times the x that each weight met, by Winograd.

    v (points, bundles x tiles x lanes) holds transformed and transposed x, z (points, filters x tiles) transformed
    dz; line (points, lanes) is one tile on its way to v. s is ``deep_sums``'. far: as for ``transform``.
    """
    kit, room = transforms(tile.size, len(rows.taps)), tile.down * tile.across

    def turn(block: Block, over: Iterator[Bundle]) -> None:
        _turn(b, x, v, line, whole(block, tile.size), over, rows, columns, tile)

    def terms(block: Block, chosen: Range, first: Index) -> Terms:
        block = whole(block, tile.size)  # beyond the end dz is zero
        transform(b, dz, z, transposed(kit.result), (0, 0), tile.size, room, block, chosen, first, far)
        return partial(_terms, b, v, z, room, len(block[2]) * len(block[3]))

    deep_sums(b, dweights, s, turn, terms, rows=rows, columns=columns, tile=tile, split=split, span=span)


def _turn(
    b: Builder,
    x: Tensor,
    v: Tensor,
    line: Tensor,
    block: Block,
    over: Iterator[Bundle],
    rows: Sweep,
    columns: Sweep,
    tile: WinogradTile,
) -> None:
    """v[point, bundle, tile, image] = the transformed tiles of the bundles' slices, transposed."""
    kit, room = transforms(tile.size, len(rows.taps)), tile.down * tile.across
    reach = range(kit.tile)
    for n, d, _ in over:
        for t, i, j, _, _ in cells(b, block):
            y0 = i * (tile.size * rows.step) + rows.taps[0].offset
            x0 = j * (tile.size * columns.step) + columns.taps[0].offset
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
