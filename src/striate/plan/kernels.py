"""Which kernel computes a CONV, in each direction: an ordered list, a cost for each, and why the others lost.

A cost estimates the cycles of one core for one lane group, in counts of the emitters' own vector instructions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from striate.layers import Conv, Window
from striate.plan.fuse import Unit
from striate.plan.geometry import DEEP_SIZES, TILE_SIZES, counts, windows

FAR = 2**20  #: bytes of data that the second-level cache does not hold
PRODUCTS = 36  #: of a tile: 6 x 6 numbers, for 4x4 results of a 3x3 filter and for 2x2 of a 5x5


@dataclass(frozen=True)
class Kernel:
    """A kernel for one direction of one CONV.

    size: results a side of a Winograd tile; 1 for the product of matrices, 0 for the direct kernel. deep: slices in
    lanes. plane: tiles of one slice, for filters that see but one.
    """

    name: str
    size: int
    cost: float
    why_not: tuple[str, ...] = ()
    deep: bool = False
    plane: bool = False

    @property
    def direct(self) -> bool:
        """Whether it goes by the definition, without data brought to another place."""
        return self.size == 0

    @property
    def packed(self) -> bool:
        """Whether it is a product of matrices, of single positions."""
        return self.size == 1

    @property
    def winograd(self) -> bool:
        """Whether it saves multiplications, and rounds otherwise."""
        return self.size > 1

    def __str__(self) -> str:
        return f"{self.name}, {self.cost:,.0f} cycles" + "".join(f"; {reason}" for reason in self.why_not)


@dataclass(frozen=True)
class Kernels:
    """The kernels of one CONV by direction."""

    forward: Kernel
    data: Kernel
    weights: Kernel

    @property
    def source_tile(self) -> int:
        """The side of the tiles in which the input is read; 1 where there are none."""
        return max(self.forward.size, self.weights.size, 1)

    @property
    def gradient_tile(self) -> int:
        """The side of the tiles in which the results' gradient is read; 1 where there are none."""
        return max(self.data.size, self.weights.size, 1)


@dataclass(frozen=True)
class _Task:
    """One direction of a CONV: ``filters`` numbers from ``depth`` slices at every position, in each of ``groups``.

    results: of the CONV, each of which all filter weights meet, in every direction. before: zeros ahead of the input.
    """

    direction: str
    filters: int
    depth: int
    down: Window
    across: Window
    rows: int
    columns: int
    results: int
    before: int
    groups: int = 1
    pool: bool = False

    @property
    def taps(self) -> int:
        """Weights of a filter that meet one slice."""
        return self.down.field * self.across.field

    @property
    def stride(self) -> int:
        """The larger of the two."""
        return max(self.down.stride, self.across.stride)

    @property
    def field(self) -> int:
        """The side of a filter that the kernels for whole volumes know; 0 for any other."""
        square = self.down.field == self.across.field and self.groups == 1
        return self.down.field if square and (self.taps == 1 or self.down.dilation == self.across.dilation == 1) else 0

    @property
    def shown(self) -> str:
        """The filter, in words."""
        dilated = "" if self.down.dilation == self.across.dilation == 1 else "dilated "
        grouped = "" if self.groups == 1 else f" in {self.groups} groups"
        return f"{dilated}{self.across.field}x{self.down.field}{grouped}"


def _direct(task: _Task) -> float:
    positions, pairs = task.results, task.groups * task.filters * task.depth
    sums = 1.06 * positions * pairs * task.taps
    if task.direction == "weights":
        sums += 15 * pairs * task.taps  # the sum over lanes
        data = positions * task.down.stride * task.across.stride * task.depth * 64
        if task.field == 1 and data > FAR:  # every few filters read all of the data again
            sums += data * task.filters / 4 / 12
        return sums
    few = max(1.0, 4 / (task.filters + 1)) if task.groups > 1 else 1.0  # what is loaded meets so many filters
    return sums * few * (1.5 if task.field == 1 and task.depth > 64 else 1)  # slices drive each other out of the cache


def _plane(task: _Task) -> float:
    """Tiles of one slice: each number is loaded once for all weights that it meets, and then comes from afar."""
    return task.results * task.groups * task.filters * (1.1 * task.depth * task.taps + 1)


def _winograd(task: _Task, size: int) -> float:
    tiles = -(-task.rows // size) * -(-task.columns // size)
    pairs = task.filters * task.depth
    if task.direction == "weights":
        blocks = -(-tiles // 16)
        sums = (1.3 * tiles + 3 * blocks) * PRODUCTS * pairs * (1 if PRODUCTS * pairs < 16_000 else 2.5)
        return sums + tiles * (190 * task.depth + 230 * task.filters) + 300 * pairs
    return 1.2 * PRODUCTS * pairs * tiles + tiles * (100 * task.depth + 165 * task.filters)


def _packed(task: _Task) -> float:
    """1x1 filters, after the data of a block were copied to one place: a product of matrices in the cache."""
    apart = task.down.stride * task.across.stride if task.direction == "data" else 1
    positions = task.rows * task.columns / apart
    return 1.1 * positions * task.filters * task.depth + positions * (8 * task.depth + 8 * task.filters)


def _deep(task: _Task, size: int, lanes: int) -> float:
    tiles = -(-task.rows // size) * -(-task.columns // size)
    depth = -(-task.depth // lanes) * lanes
    pairs = task.filters * depth
    if size == 1:
        return 1.15 * pairs * tiles + tiles * 8 * depth + 2 * pairs
    return 1.25 * PRODUCTS * pairs * tiles + tiles * (450 * depth + 230 * task.filters) + 40 * pairs


def _offers(task: _Task, lanes: int) -> Iterator[Kernel]:
    """What could compute the task, best first where costs are equal."""
    size, deep = TILE_SIZES.get(task.field, 0), DEEP_SIZES.get(task.field, 0)
    name = f"winograd F({size}x{size}, {task.field}x{task.field})"
    if deep and task.direction == "weights" and task.depth >= lanes and (task.stride == 1 or deep == 1):
        yield Kernel(f"{name} deep" if size else "deep", deep, _deep(task, deep, lanes), deep=True)
    if size and task.stride == 1:
        yield Kernel(name, size, _winograd(task, size))
    if task.field == 1 and task.direction != "weights" and not task.pool and not task.before:
        yield Kernel("packed", 1, _packed(task))
    seen = task.filters if task.direction == "data" else task.depth  # slices, by a filter
    if task.groups > 1 and seen == 1 and task.direction != "weights":
        yield Kernel("depthwise", 0, _plane(task), plane=True)
    yield Kernel("direct", 0, _direct(task))


def _choose(task: _Task, lanes: int, exact: bool, force: str | None) -> Kernel:
    """The cheapest kernel; ``exact`` and ``force`` leave only those of one kind."""
    offers = list(_offers(task, lanes))
    allowed = [o for o in offers if not (exact and o.winograd) and (force is None or o.name.endswith(force))]
    if force and not allowed:
        allowed = [o for o in offers if force in o.name] or offers[-1:]
    best = min(allowed, key=lambda offer: offer.cost)
    reasons = [f"{o.name}: {o.cost:,.0f}" if o in allowed else f"{o.name}: not asked for" for o in offers if o != best]
    if not TILE_SIZES.get(task.field):
        reasons.append(f"no winograd tile for {task.shown}")
    elif task.stride != 1:
        reasons.append(f"winograd needs S=1, not {task.stride}")
    if task.field == 1 and task.before:
        reasons.append("packed needs input without zeros ahead")
    return replace(best, why_not=tuple(reasons))


def choose(unit: Unit, lanes: int, exact: bool = False, force: str | None = None) -> Kernels:
    """The kernels of a CONV unit."""
    layer = unit.node.layer
    assert isinstance(layer, Conv)
    rows, columns = counts(unit)
    height, width = unit.input.height, unit.input.width
    down, across = windows(unit.node)
    results, before = rows * columns, max(down.before, across.before)
    groups, filters, slices = layer.parts(unit.input)
    forth = (filters, slices, down, across, rows, columns, results, before, groups)
    back = (slices, filters, down, across, height, width, results, before, groups)
    pick: Callable[[_Task], Kernel] = lambda task: _choose(task, lanes, exact, force)  # noqa: E731
    return Kernels(
        pick(_Task("forward", *forth, unit.pool)),
        pick(_Task("data", *back)),
        pick(_Task("weights", *forth)),
    )
