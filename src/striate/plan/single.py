"""One image at a time: lanes are depth slices instead of images, and threads share every call.

Volumes lie as (H, W, D), channels last, with the zeros that their reader meets around them and their depth filled
up to whole vectors. All buffers are shared, named ``single.…``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from striate.layers import Activation, Conv, Fc, Gap, Local, Lrn, Maxout, Pool, Relu
from striate.notation.network import Network
from striate.plan import activation, local, normalization, pooling
from striate.plan.arena import Arena
from striate.plan.call import Call, call
from striate.plan.fuse import Unit
from striate.plan.geometry import forward, volume_shape
from striate.plan.kernels import Kernels
from striate.plan.lifetimes import lifetimes
from striate.plan.shape import Axis, Shape
from striate.plan.single_conv import SingleConv, choose_single
from striate.plan.sweep import pieces
from striate.plan.target import Target
from striate.volume import Volume

OUTPUTS = 8  #: of an FC that are summed at a time
FIXED = 20_000  #: cycles of a call from Python, whatever it computes
POWER = 8  #: numbers of a sum that take as long as LRN's power
ALONE = 300_000  #: cycles up to which one thread is done before a second would have woken up


@dataclass(frozen=True)
class Single:
    """The path of one image: ``convs`` want their weights in blocks; ``calls`` take the image forwards. ``cycles``
    estimates one thread's; up to ``most`` images go this way, one by one.
    """

    convs: tuple[SingleConv, ...]
    calls: tuple[Call, ...]
    scores: str
    cycles: int
    most: int

    @property
    def together(self) -> bool:
        """Whether it is worth to wake other threads for it."""
        return self.cycles > ALONE

    def __str__(self) -> str:
        who = "all threads" if self.together else "one thread"
        head = f"up to {self.most} images, {self.cycles:,} cycles, {who}:"
        kernels = (f"{conv.unit.name}: {conv}" for conv in self.convs)
        return "\n  ".join([head, *kernels, *map(str, self.calls)])


def _volume(volume: Volume, reader: Unit | None, lanes: int, tile: int = 1) -> Shape:
    """The volume with the halo that its reader meets in whole tiles, and positions of whole vectors."""
    _, rows, columns = volume_shape(volume, reader, tile).axes
    vectors = pieces(volume.depth, lanes)
    if vectors * lanes * 4 % 512 == 0:
        vectors += 1  # neighbours at such distances would crowd into few cache sets
    return Shape((rows, columns, Axis(volume.depth, 0, vectors * lanes - volume.depth)), "f32")


def _image(volume: Volume, reader: Unit | None, lanes: int, in_vectors: bool) -> Shape:
    """The input: as the caller's images lie, unless it is read in vectors."""
    if reader is None or isinstance(reader.node.layer, Activation | Gap | Lrn | Maxout | Pool | Relu) or in_vectors:
        return _volume(volume, reader, lanes)
    _, rows, columns = volume_shape(volume, reader).axes
    return Shape((rows, columns, Axis(volume.depth)), "f32")


def _squares(unit: Unit) -> str:
    """The scratch of an LRN: booked for it alone, as nobody would clear its halo."""
    return f"{unit.name}.line.single"


def _squares_shape(unit: Unit, lanes: int) -> Shape:
    """The squares of one position's depth column, with the zeros that LRN's windows meet at its ends."""
    before, after = unit.node.layer.reach(unit.input.depth) if isinstance(unit.node.layer, Lrn) else (0, 0)
    rest = -unit.input.depth % lanes
    return Shape((Axis(unit.input.depth, before, rest + after),), "f32")


def _book(arena: Arena, network: Network, units: Sequence[Unit], convs: Mapping[str, SingleConv]) -> None:
    lanes, image = arena.lanes, network.input
    for name in ("scales", "shifts"):
        arena.book(f"single.{name}", Shape.of(image.width * image.depth, element="f32"))
    first = units[0] if units else None
    in_vectors = first is not None and first.name in convs and convs[first.name].apart
    arena.book("single.input.y", _image(image, first, lanes, in_vectors))
    for unit, reader in zip(units, [*units, None][1:], strict=True):
        name, layer = f"single.{unit.name}", unit.node.layer
        if isinstance(layer, Conv):
            for buffer, shape in convs[unit.name].shapes():
                arena.book(buffer, shape)
        if isinstance(layer, Fc) and unit.input.size != unit.input.depth:
            arena.book(f"{name}.x", Shape.of(1, 1, unit.input.size, element="f32"))
        if isinstance(layer, Lrn):
            arena.book(_squares(unit), _squares_shape(unit, lanes), "rank")
        tile = convs[reader.name].size if reader and reader.name in convs else 1
        arena.book(f"{name}.y", _volume(unit.output, reader, lanes, max(tile, 1)))


def _calls(network: Network, units: Sequence[Unit], convs: Mapping[str, SingleConv]) -> Iterator[Call]:
    x = "single.input.y"
    yield call("single_input", ["single.scales", "single.shifts", x], network.input.height)
    for unit in units:
        layer, y = unit.node.layer, f"single.{unit.name}.y"
        if isinstance(layer, Conv):
            yield convs[unit.name].call(x)
        elif isinstance(layer, Fc):
            if unit.input.size != unit.input.depth:
                flat = f"single.{unit.name}.x"
                yield call("single_flatten", [x, flat], unit.input.depth)
                x = flat
            buffers = [x, f"{unit.name}.weights", f"{unit.name}.biases", y]
            yield call("single_fc", buffers, pieces(layer.outputs, OUTPUTS), tile=OUTPUTS, relu=unit.relu)
        elif isinstance(layer, Local):
            yield local.single_call(unit, x)
        elif isinstance(layer, Pool | Gap):
            (rows, columns), kind = forward(unit), pooling.kind_of(unit)
            family = "single_pool" if kind == "max" else f"single_{kind}"
            yield call(family, [x, y], rows.count, rows=rows, columns=columns)
        elif isinstance(layer, Lrn):
            how = normalization.settings(unit)
            yield call("single_lrn", [x, _squares(unit), y], unit.output.height, **how)
        elif isinstance(layer, Activation | Maxout):
            yield activation.single_call(unit, x, y)
        else:
            yield call("single_relu", [x, y], unit.output.height)
        yield from activation.single_ride(unit, y)
        x = y


def _cycles(unit: Unit, lanes: int) -> tuple[float, float]:
    """Cycles of one thread for one image, and for a group of them, of a unit that is no CONV."""
    layer, size = unit.node.layer, unit.input.size
    if isinstance(layer, Fc | Local):
        products = layer.connections(unit.input) * unit.output.size
        return max(1.5 * products / lanes, products / 2 if products > 2**20 else 0) + 1.5 * size, 1.2 * products
    if isinstance(layer, Maxout):
        return 3.0 * size, 3.0 * size
    vectors = unit.output.size * (layer.connections(unit.input) + (POWER if isinstance(layer, Lrn) else 0))
    return 3.0 * vectors / min(lanes, unit.output.depth), 4.0 * vectors


def single(
    arena: Arena,
    network: Network,
    units: Sequence[Unit],
    chosen: Mapping[str, Kernels],
    target: Target,
    force: str | None = None,
) -> Single:
    """Book the buffers of the path, and decide what it does and for how many images; DROPOUT takes no part."""
    scores, units = f"single.{units[-1].result}", [unit for unit in units if unit.makes]
    convs = {
        unit.name: choose_single(unit, target, unit is units[0], force)
        for unit in units
        if isinstance(unit.node.layer, Conv)
    }
    calls = tuple(_calls(network, units, convs))
    _book(arena, network, units, convs)
    scratch = dict(buffer for conv in convs.values() for buffer in conv.scratch())
    scratch |= dict(local.single_scratch(unit) for unit in units if local.is_local(unit))
    arena.book_in_turn(scratch, lifetimes(calls), "rank")
    alone, group = float(FIXED), float(FIXED)
    for unit in units:
        if unit.name in convs:
            alone += convs[unit.name].cycles()
            group += chosen[unit.name].forward.cost
        else:
            one, many = _cycles(unit, target.lanes)
            alone, group = alone + one, group + many
        one, many = activation.cycles(unit, target.lanes)
        alone, group = alone + one, group + many
    most = max(1, min(target.lanes, int(group / alone)))
    return Single(tuple(convs.values()), calls, scores, int(alone), most)
