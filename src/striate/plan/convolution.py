"""A CONV's calls and its own buffers, by the kernel chosen for each direction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from striate.layers import Conv
from striate.plan.arena import ALIGNMENT, Arena, scratch_kind
from striate.plan.call import Call, call
from striate.plan.fuse import Unit
from striate.plan.geometry import MANY_SLICES, backward, counts, forward, windows
from striate.plan.kernels import PRODUCTS, Kernels
from striate.plan.shape import Axis, Shape
from striate.plan.sweep import Sweep, pieces
from striate.plan.target import Target
from striate.plan.tiles import (
    Tile,
    WinogradTile,
    correlation_tile,
    deep_tile,
    gradient_tile,
    plane_tile,
    winograd_gradient_tile,
    winograd_tile,
)
from striate.volume import Volume

WASTE = 1.2  #: positions of the input for each of the results, from which products with zeros are left out
TURNED = 16  #: filters from which the way back wants weights in its own order
STREAMED = 8 * 2**20  #: bytes of a volume that no cache keeps until it is read
SHARED_ROWS = 8  #: pieces of work below which threads share the filters, and each transforms the data anew
SHARED_SLICES = 8  #: pieces of a deep volume from which threads share its slices: enough for most teams


@dataclass(frozen=True)
class Preparation:
    """Weights to transform before they are used: ``mirror`` for the way back; ``rows`` items of work.

    size: of Winograd's tile; 0 where weights only change their order, ``squares`` of vectors at a time.
    """

    weights: str
    prepared: str
    size: int
    mirror: bool
    rows: int
    squares: bool = False

    def __str__(self) -> str:
        how = "winograd_weights" if self.size else "turn_weights"
        return f"{how}({self.weights}, {self.prepared})" + ("  mirrored" if self.mirror and self.size else "")


def _layer(unit: Unit) -> Conv:
    assert isinstance(unit.node.layer, Conv)
    return unit.node.layer


def _groups(unit: Unit) -> tuple[int, int, int]:
    """(groups, the filters of each, the slices of each)."""
    return _layer(unit).parts(unit.input)


def _field(unit: Unit) -> tuple[int, int]:
    """Rows and columns of a filter's weights."""
    down, across = windows(unit.node)
    return down.field, across.field


def _turned(unit: Unit) -> bool:
    """Whether the direct way back wants weights in its own order; those of groups are read as they are."""
    return _layer(unit).filters >= TURNED and _groups(unit)[0] == 1


def preparations(unit: Unit, kernels: Kernels, goes_on: bool, lanes: int) -> Iterator[Preparation]:
    """What the unit's kernels need transformed, or in another order."""
    name, filters, depth = unit.name, _layer(unit).filters, unit.input.depth
    if kernels.forward.winograd:
        yield Preparation(f"{name}.weights", f"{name}.forth", kernels.forward.size, False, filters)
    if goes_on and (not kernels.data.direct or _turned(unit)):
        size = kernels.data.size if kernels.data.winograd else 0
        squares = not size and _field(unit) == (1, 1) and filters % lanes == depth % lanes == 0
        yield Preparation(f"{name}.weights", f"{name}.back", size, True, depth // lanes if squares else depth, squares)


def book_prepared(arena: Arena, unit: Unit, kernels: Kernels, goes_on: bool) -> None:
    """Room for transformed weights, their rows whole vectors."""
    inner = {False: unit.input.depth, True: _layer(unit).filters}
    for preparation in preparations(unit, kernels, goes_on, arena.lanes):
        if not preparation.size:
            arena.book(preparation.prepared, Shape.of(unit.input.depth, inner[True], *_field(unit), element="f32"))
            continue
        lines = -(-inner[preparation.mirror] // arena.lanes)
        lines += lines >= MANY_SLICES and lines % 2 == 0  # an odd number: rows apart in the cache's sets
        width = lines * arena.lanes
        arena.book(preparation.prepared, Shape.of(PRODUCTS, preparation.rows, width, element="f32"))


def shared_axis(rows: int, filters: int) -> dict[str, Any]:
    """Along which axis threads share a call, and in how many pieces: rows, where there are enough of them."""
    if rows >= SHARED_ROWS or rows >= filters:
        return {"split": "rows", "items": rows}
    return {"split": "filters", "items": filters}


def _winograd_shared(tile: WinogradTile, rows: int, filters: int, lanes: int) -> dict[str, Any]:
    together = tile.filters if tile.size == 1 else tile.held(filters, PRODUCTS, lanes)
    return shared_axis(pieces(-(-rows // tile.size), tile.down), pieces(filters, together))


def _deep_shared(tile: WinogradTile, filters: int, depth: int, lanes: int) -> dict[str, Any]:
    """Slices, where each thread's turning all of x would cost more than its reading all of dz; or filters."""
    slices = pieces(-(-depth // lanes), tile.slices)
    if depth > filters and slices >= SHARED_SLICES:
        return {"split": "slices", "items": slices}
    return {"split": "filters", "items": pieces(filters, tile.filters)}


def _direct_shared(tile: Tile, rows: int, filters: int, unit: int = 1, groups: int = 1) -> dict[str, Any]:
    return shared_axis(pieces(rows // unit, tile.rows // unit), groups * pieces(filters, tile.filters))


def _streams(unit: Unit, made: Volume, target: Target) -> dict[str, bool]:
    """Whether results go past the caches; larger filters make them too slowly to gain by it."""
    vector = target.lanes * 4
    whole_lines = vector == ALIGNMENT
    return {"stream": True} if whole_lines and _field(unit) == (1, 1) and made.size * vector >= STREAMED else {}


def forward_call(unit: Unit, kernels: Kernels, x: str, target: Target, training: bool) -> Call:
    """The unit's results; only training keeps POOL's choices."""
    name, layer = unit.name, _layer(unit)
    rows, columns = forward(unit)
    choice = [f"{name}.choice"] if training and unit.pool else []
    ends = {"relu": unit.relu, "pool": unit.pool}
    if not kernels.forward.direct:
        tile = winograd_tile(kernels.forward.size, layer.filters, unit.input.depth, rows.count, columns.count, target)
        how: dict[str, Any] = {"rows": rows, "columns": columns, "tile": tile}
        how |= _winograd_shared(tile, rows.count, layer.filters, target.lanes)
        scratch = [f"{name}.v.forward", f"{name}.m.forward"]
        if kernels.forward.packed:
            buffers = [x, f"{name}.weights", f"{name}.biases", f"{name}.y", *scratch]
            return call("packed_forward", buffers, relu=unit.relu, **how, **_streams(unit, unit.output, target))
        buffers = [x, f"{name}.forth", f"{name}.biases", f"{name}.y", *scratch, *choice]
        return call("winograd_forward", buffers, **ends, **how)
    unit_size, (groups, filters, _) = 2 if unit.pool else 1, _groups(unit)
    buffers = [x, f"{name}.weights", f"{name}.biases", f"{name}.y", *choice]
    if kernels.forward.plane:
        plane = plane_tile(rows, columns, unit_size, target.registers)
        return call("depthwise_forward", buffers, groups, rows=rows, columns=columns, tile=plane, **ends)
    far = max(columns.step, columns.apart)
    direct = correlation_tile(filters, rows.count, columns.count, len(columns.taps), far, unit_size, target.registers)
    shared = _direct_shared(direct, rows.count, filters, unit_size, groups) | _grouped(groups)
    shared |= _streams(unit, unit.output, target)
    return call("conv_forward", buffers, rows=rows, columns=columns, tile=direct, **ends, **shared)


def _grouped(groups: int) -> dict[str, int]:
    return {"groups": groups} if groups > 1 else {}


def backward_calls(
    unit: Unit, kernels: Kernels, x: str, dx: str, mask: bool, target: Target, learns: bool = True
) -> Iterator[Call]:
    """Biases, weights, and if ``dx`` is named the gradient of the input; these in one call where slices go alone.

    learns: else who asks leaves the gradients of parameters out, and wants the input's in a call of its own.
    """
    name = unit.name
    dz = f"{name}.dz" if unit.pool else f"{name}.dy"
    filters = _layer(unit).filters
    together = bool(learns and dx and kernels.data.plane)
    if unit.pool:
        yield call("unpool", [f"{name}.dy", f"{name}.choice", dz, f"{name}.biases.gradient"], filters)
    elif not together:
        yield call("bias_gradient", [dz, f"{name}.biases.gradient"], filters)
    if together:
        yield _plane_together(unit, (dz, x, dx), mask, target)
        return
    yield _weight_gradient(unit, kernels, x, dz, target)
    if dx:
        yield _data_gradient(unit, kernels, (dz, x, dx), mask, target)


def _weight_gradient(unit: Unit, kernels: Kernels, x: str, dz: str, target: Target) -> Call:
    name, layer = unit.name, _layer(unit)
    rows, columns = forward(unit)
    gradient = f"{name}.weights.gradient"
    if kernels.weights.direct:
        groups, filters, slices = _groups(unit)
        tile = gradient_tile(filters, slices, rows, columns, target)
        how: dict[str, Any] = {"rows": rows, "columns": columns, "tile": tile, **_grouped(groups)}
        return call("conv_weight_gradient", [x, dz, gradient], groups * pieces(filters, tile.filters), **how)
    if kernels.weights.deep:
        deep = deep_tile(kernels.weights.size, layer.filters, unit.input.depth, rows.count, columns.count, target)
        how = {"rows": rows, "columns": columns, "tile": deep}
        how |= _deep_shared(deep, layer.filters, unit.input.depth, target.lanes)
        buffers = [x, dz, gradient, f"{name}.v.weights", f"{name}.s.weights"]
        if kernels.weights.packed:
            return call("packed_weight_gradient", buffers, **how)
        return call("deep_gradient", [*buffers, f"{name}.z.weights", f"{name}.line.weights"], **how)
    winograd = winograd_gradient_tile(
        kernels.weights.size, layer.filters, unit.input.depth, rows.count, columns.count, target.registers
    )
    buffers = [x, dz, gradient, f"{name}.v.weights", f"{name}.z.weights", f"{name}.s.weights"]
    items = pieces(layer.filters, winograd.filters)
    return call("winograd_weight_gradient", buffers, items, rows=rows, columns=columns, tile=winograd)


def _wasteful(unit: Unit) -> bool:
    """Whether many of the way back's products would be with zeros of the halo."""
    (rows, columns), (down, across) = counts(unit), windows(unit.node)
    met = rows * columns * down.stride * across.stride
    if down.dilation > 1:  # the loop that leaves rows out goes through neighbours
        return False
    return unit.input.height * unit.input.width > WASTE * met


def _widest(sweeps: Sequence[Sweep]) -> int:
    return max(sweep.count for sweep in sweeps)


def _data_gradient(unit: Unit, kernels: Kernels, buffers: tuple[str, str, str], mask: bool, target: Target) -> Call:
    (dz, x, dx), name, depth = buffers, unit.name, unit.input.depth
    streams = _streams(unit, unit.input, target)
    down, across = backward(unit)
    if not kernels.data.direct:
        filters = _layer(unit).filters
        tile = winograd_tile(kernels.data.size, depth, filters, down[0].count, across[0].count, target)
        named = [dz, f"{name}.back", x, dx, f"{name}.v.data", f"{name}.m.data"]
        idle = tuple((a, b) for a in down for b in across if not (a.taps and b.taps))
        how: dict[str, Any] = {"rows": down[0], "columns": across[0], "tile": tile, "mask": mask}
        how |= _winograd_shared(tile, 0 if idle else down[0].count, depth, target.lanes)
        if kernels.data.packed:
            return call("packed_data_gradient", named, idle=idle, **how, **streams)
        return call("winograd_data_gradient", named, **how)
    groups, filters, slices = _groups(unit)
    if kernels.data.plane:
        return _plane_back(unit, buffers, mask, target)
    reach = max(1, *(len(sweep.taps) for sweep in (*across, *down)))
    trim = _wasteful(unit)
    beyond = (reach - 1) / (reach * counts(unit)[1]) if trim else 0
    far = max(1, *(-sweep.apart for sweep in across))
    direct = correlation_tile(slices, _widest(down), _widest(across), reach, far, 1, target.registers, beyond)
    rows_apart = down[0].count if len(down) * len(across) == 1 else 0  # several sweeps have rows of their own
    shared = _direct_shared(direct, rows_apart, slices, 1, groups) | _grouped(groups)
    turned = _turned(unit)
    named = [dz, f"{name}.back" if turned else f"{name}.weights", x, dx]
    how = {"tile": direct, "mask": mask, "turned": turned, "trim": trim}
    return call("conv_data_gradient", named, rows=down, columns=across, **how, **shared, **streams)


def _plane_together(unit: Unit, buffers: tuple[str, str, str], mask: bool, target: Target) -> Call:
    """All gradients of a CONV whose filters see one slice, slice by slice: its numbers are near while they are used."""
    name, back, (rows, columns) = unit.name, _plane_back(unit, buffers, mask, target), forward(unit)
    biases = [] if unit.pool else [f"{name}.biases.gradient"]
    weights = gradient_tile(_groups(unit)[1], 1, rows, columns, target)
    how: dict[str, Any] = {**dict(back.settings), "forth": (rows, columns), "sums": weights}
    return call("depthwise_backward", [*back.buffers, f"{name}.weights.gradient", *biases], back.items, **how)


def _plane_back(unit: Unit, buffers: tuple[str, str, str], mask: bool, target: Target) -> Call:
    """The gradient of the input of a CONV whose filters see one slice: a sum over the filters that saw it."""
    (dz, x, dx), (down, across) = buffers, backward(unit)
    widest = (max(sweeps, key=lambda sweep: (len(sweep.taps), sweep.count)) for sweeps in (down, across))
    tile = plane_tile(*widest, 1, target.registers)
    how: dict[str, Any] = {"rows": down, "columns": across, "tile": tile, "mask": mask}
    return call("depthwise_data_gradient", [dz, f"{unit.name}.weights", x, dx], unit.input.depth, **how)


def scratch_shapes(convs: Mapping[str, Unit], made: Call, lanes: int) -> Iterator[tuple[str, Shape]]:
    """The shapes of the scratch buffers that a call names."""
    scratch = [name for name in made.buffers if scratch_kind(name) and name.partition(".")[0] in convs]
    if not scratch:
        return
    unit, tile = convs[scratch[0].partition(".")[0]], made.setting("tile")
    filters, depth, count = _layer(unit).filters, unit.input.depth, tile.down * tile.across
    into, out = (filters, depth) if made.family.endswith("_data_gradient") else (depth, filters)
    sizes = {"v": into * count, "z": filters * count, "s": filters * depth}
    deep = made.family in ("deep_gradient", "packed_weight_gradient")
    if deep:
        bundles = -(-depth // lanes)
        rows, columns = made.setting("rows").count, made.setting("columns").count
        held = tile.summed(filters, rows, columns, bundles * PRODUCTS * lanes * 4)
        sizes = {"v": bundles * count * lanes, "z": held * count, "s": held * bundles, "line": lanes}
    for name in scratch:
        kind = scratch_kind(name)
        if made.family.startswith("packed_") and not deep:
            yield name, Shape.of(into if kind == "v" else out, count)
        elif kind == "m":
            yield name, Shape.of(tile.held(out, PRODUCTS, lanes), count, PRODUCTS)
        else:
            yield name, _points(PRODUCTS if tile.size > 1 else 1, sizes[kind])


def _points(points: int, size: int) -> Shape:
    """A row of ``size`` vectors for each point; an odd number apart, or points would crowd into few cache sets."""
    return Shape((Axis(points), Axis(size, 0, 1 - size % 2)))
