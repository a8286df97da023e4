"""The plan: what runs, in which order, in which bytes, for one target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from striate.layers import Conv, Fc
from striate.notation.network import Network
from striate.plan import local
from striate.plan.arena import Arena, Buffer, aligned
from striate.plan.bn import Fold, book_batch, book_folds, book_state, fold_preparations, folded_calls, folds, merged
from striate.plan.call import Call, far
from striate.plan.convolution import Preparation, book_prepared, preparations, scratch_shapes
from striate.plan.flow import Flow, flow
from striate.plan.fuse import Unit, fuse
from striate.plan.kernels import Kernels, choose
from striate.plan.lifetimes import Lifetime, clear_halos, lifetimes
from striate.plan.order import Order, choose_order
from striate.plan.parameters import CHUNK, Row, row
from striate.plan.parts import Part, Parts, book_parts, fitted, parts, whole_lives, wholes
from striate.plan.schedule import backward_calls, forward_calls, loss_call
from striate.plan.shape import Shape
from striate.plan.single import Single, single
from striate.plan.target import Target
from striate.plan.tiles import fc_tiles
from striate.plan.update import DEFAULT, Update
from striate.plan.volumes import volumes

MOST_SLOTS = 16  #: gradient slots: as many threads can work on one batch
SLOT_BYTES = 2**28  #: all slots together stay below, but one there is
CLEARED_BYTES = 2**20  #: volumes below keep their bytes: to clear a halo for each use takes longer than they are worth

SCORES = "scores."  #: before the names of volumes that scores have for themselves

LOSSES = ("softmax", "softmax-weighted", "svm", "svm-squared", "l2")  #: kinds that are compiled apart
KERNELS = ("direct", "winograd", "deep", "packed", "depthwise")  #: kinds of CONV kernels that can be asked for


@dataclass(frozen=True)
class Plan:
    """Frozen and printable: ``str(plan)`` is the memory map and the order of calls.

    A batch is cut into groups of ``target.lanes`` images. Depth first, group g adds its gradients to slot g modulo
    ``slots``, and slots are summed in their order; a group's volumes live in the memory of the thread that works on
    it. Layer by layer, gradients are summed over groups in their order, and every group has volumes of its own. So no
    thread count changes a bit.
    """

    network: Network
    target: Target
    batch: int
    loss: str
    units: tuple[Unit, ...]
    order: Order
    kernels: Mapping[str, Kernels]
    row: Row
    slots: int
    buffers: Mapping[str, Buffer]
    prepare: tuple[Preparation, ...]
    train: tuple[Call, ...]
    scores: tuple[Call, ...]
    single: Single
    shared_bytes: int
    rank_bytes: int
    inside: bool = False  #: made by ``plan_inside``
    update: Update = DEFAULT
    folds: tuple[Fold, ...] = ()  #: every BN, as scores have it
    fold_prepare: tuple[Preparation, ...] = ()

    @property
    def groups(self) -> int:
        """Lane groups of a full batch."""
        return -(-self.batch // self.target.lanes)

    @property
    def layered(self) -> bool:
        """Whether the batch goes through the network layer by layer."""
        return self.order.layered

    @property
    def layered_scores(self) -> bool:
        """The same of scores."""
        return self.layered and not self.order.deep_scores

    def members(self, what: str, groups: int, threads: int) -> int:
        """How many of the threads take part in ``train`` or ``scores`` of so many groups: all that share each call."""
        if self.layered if what == "train" else self.layered_scores:
            return threads
        return min(threads, groups, self.slots if what == "train" else groups)

    @property
    def shares(self) -> int:
        """Counters of work that threads share, at most, in one run."""
        together = len(self.prepare) + len(self.train) + len(self.scores) + 4
        together += self.update.shares + len(self.update.capped(self.row))
        return max(together, 2 * len(self.single.convs), len(self.single.calls) + 1)

    def bytes(self, threads: int) -> int:
        """The arena's size for a team of ``threads``."""
        return self.shared_bytes + threads * self.rank_bytes

    def __str__(self) -> str:
        lines = [
            str(self.network),
            f"{self.target}; batch {self.batch} in {self.groups} groups, {self.slots} slots",
        ]
        lines += [str(self.order), *([f"update: {self.update}"] if self.update != DEFAULT else [])]
        lines += ["", "units: " + ", ".join(f"[{unit}]" for unit in self.units)]
        way = flow(self.network, self.units, self.inside)
        wanted = {unit.name for unit in self.units if way.goes_on(unit)}
        for name, kernels in self.kernels.items():
            data = kernels.data if name in wanted else "not wanted: nothing before it learns"
            lines += [
                f"{name}: forward {kernels.forward}",
                f"{name}: data {data}",
                f"{name}: weights {kernels.weights}",
            ]
        if self.prepare:
            lines += ["", "before a step:", *(f"  {preparation}" for preparation in self.prepare)]
        if self.folds:
            folds = [*self.folds, *self.fold_prepare]
            lines += ["", "before scores:", *(f"  {each}" for each in folds)]
        for title, calls in (("train", self.train), ("scores", self.scores)):
            lines += ["", f"{title}, each group:", *(f"  {call}" for call in calls)]
        lines += ["", f"scores, one image at a time, {self.single}"]
        lines += ["", f"arena: {self.shared_bytes:,} bytes shared, {self.rank_bytes:,} bytes for each thread"]
        lines += [f"{'offset':>12} {'bytes':>12}  buffer"]
        return "\n".join([*lines, *map(str, self.buffers.values())])


def _slots(groups: int, numbers: int) -> int:
    return max(1, min(groups, MOST_SLOTS, SLOT_BYTES // max(1, numbers * 4)))


def book_images(arena: Arena, network: Network, groups: int, loss: str) -> None:
    """What goes in and out beside the images."""
    scores = network.classes
    if loss == "softmax-weighted":
        arena.book("class.weights", Shape.of(scores, element="f32"))
        arena.book("smoothing", Shape.of(2, element="f32"))
    if loss == "l2":
        arena.book("targets", Shape.of(scores), "group", groups)
    depth = network.input.depth
    arena.book("scales", Shape.of(depth, element="f32"))
    arena.book("shifts", Shape.of(depth, element="f32"))
    for name in ("labels", "weights", "losses", "hits"):
        arena.book(name, Shape.of(1), "group", groups)
    arena.book("line", Shape.of(network.input.width * depth), "rank")


def book_parameters(arena: Arena, network: Network, numbers: Row) -> None:
    """The row of all parameters, and each by its name; and zeros for those who add biases and have none."""
    row = arena.book("parameters", Shape.of(numbers.size, element="f32"))
    for place in numbers.places:
        shape = Shape.of(*place.shape, element="f32")
        arena.add(Buffer(place.name, shape, "shared", row.offset + place.start * 4, shape.bytes(arena.lanes)))
    for node in network.nodes:
        if isinstance(node.layer, Conv | Fc) and not node.layer.biased:
            arena.book(f"{node.name}.biases", Shape.of(node.output.depth, element="f32"))


def _book_learning(arena: Arena, numbers: Row, slots: int, update: Update) -> None:
    """What the optimizer remembers, gradient slots, and the settings of the update."""
    rows = {name: arena.book(name, Shape.of(numbers.size, element="f32")).offset for name in update.rows}
    slots_buffer = arena.book("gradients", Shape.of(slots, numbers.summed, element="f32"))
    slot = numbers.summed * 4
    arena.add(Buffer("gradient", Shape.of(numbers.summed, element="f32"), "slot", slots_buffer.offset, slot, slot))
    for place in numbers.places:
        shape, start = Shape.of(*place.shape, element="f32"), place.start * 4
        size = shape.bytes(arena.lanes)
        if place.start < numbers.summed:
            at = slots_buffer.offset + start
            arena.add(Buffer(f"{place.name}.gradient", shape, "slot", at, size, slot))
        else:
            for name, at in rows.items():
                arena.add(Buffer(f"{place.name}.{name}", shape, "shared", at + start, size))
    arena.book("settings", Shape.of(-(-len(update.numbers) // 4) * 4, element="f32"))
    if update.whole and numbers.summed:
        arena.book("clip.squares", Shape.of(numbers.summed // CHUNK, element="f32"))
        arena.book("clip.scale", Shape.of(1, element="f32"))


def _book_dropouts(arena: Arena, network: Network, groups: int) -> None:
    """What decides which numbers each drops: its images' seeds, and its rate as threshold and scale."""
    for name in network.dropouts:
        arena.book(f"{name}.seeds", Shape.of(1, element="words"), "group", groups)
        arena.book(f"{name}.rate", Shape.of(2, element="f32"))


def _book_streamed(arena: Arena, numbers: Row, rows: int) -> None:
    """A thread's gradients of ``rows`` outputs: one place for all layers, which every update leaves as zeros."""
    start = arena.rank
    for place in numbers.places:
        if place.start >= numbers.summed:
            shape = Shape.of(min(rows, place.shape[0]), place.shape[1], element="f32")
            size = shape.bytes(arena.lanes)
            arena.add(Buffer(f"{place.name}.gradient", shape, "rank", start, size))
            arena.rank = max(arena.rank, start + aligned(size))


def book_volumes(
    arena: Arena,
    shapes: dict[str, Shape],
    scratch: dict[str, Shape],
    calls: Sequence[Call],
    groups: int,
    apart: bool,
    joint: Parts,
) -> set[str]:
    """Volumes once a thread, or for each of ``groups`` if there are any, and scratch once a thread; the names of those
    that share bytes. joint: which volumes are parts of others."""
    named, always = lifetimes(calls), Lifetime(0, len(calls))
    every, lives = shapes, whole_lives(named, joint)
    shapes = {name: shape for name, shape in shapes.items() if name in lives}
    for name, shape in shapes.items():
        # The input's halo could not be cleared in time: images are taken in before the first call.
        if apart or name.endswith("input.y") or (shape.halo and shape.bytes(arena.lanes) < CLEARED_BYTES):
            lives[name] = always
    if groups:
        shared = arena.book_in_turn(shapes, lives, "group", groups) | arena.book_in_turn(scratch, lives, "rank")
    else:
        shared = arena.book_in_turn({**shapes, **scratch}, lives, "rank")
    book_parts(arena, every, joint, every if apart else named)  # who looks at volumes wants those without a call, too
    return shared


def _own_volumes(
    arena: Arena, calls: Sequence[Call], shapes: Mapping[str, Shape], apart: bool, joint: Parts
) -> tuple[tuple[Call, ...], dict[str, Shape], Parts, set[str]]:
    """Scores that go depth first although training does not, on volumes of each thread: the calls, the volumes' shapes,
    which are parts of others, and those that share bytes."""
    own = {f"{SCORES}{name}": shape for name, shape in shapes.items()}
    named = tuple(
        replace(made, buffers=tuple(f"{SCORES}{name}" if name in shapes else name for name in made.buffers))
        for made in calls
    )
    places = {f"{SCORES}{name}": Part(f"{SCORES}{part.of}", part.first) for name, part in joint.items()}
    return named, own, places, book_volumes(arena, own, {}, named, 0, apart, places)


def plan(
    network: Network,
    target: Target,
    batch: int,
    loss: str,
    exact: bool = False,
    force: str | None = None,
    order: str | None = None,
    apart: bool = False,
    update: Update = DEFAULT,
) -> Plan:
    """Decide everything that the emitters then write down.

    exact: direct kernels alone. force: one of KERNELS wherever there is one of the kind; order: one of ORDERS; both
    for tests. apart: no two volumes share bytes, so that calls can be run alone and looked at. update: of an optimizer.
    """
    arena, made = Arena(target.lanes), _choose(network, target, batch, exact, force, order, update)
    _book(arena, network, made, target, loss, update)
    joint: Parts = parts(made.way)
    shapes = fitted(dict(volumes(network, made.way, made.kernels)), joint)
    training, scores = _training_calls(made, target, shapes, loss), _score_calls(made, target, shapes)
    scratch, groups = scratch_of(made.units, training, target.lanes), made.groups if made.order.layered else 0
    shared = book_volumes(arena, shapes, scratch, training, groups, apart, joint)
    training = tuple(clear_halos(training, shared & shapes.keys(), shapes, wholes(joint)))
    if made.order.deep_scores:
        scores, shapes, joint, shared = _own_volumes(arena, scores, shapes, apart, joint)
    scores = tuple(clear_halos(scores, shared & shapes.keys(), shapes, wholes(joint)))
    one_by_one = merged(network, made.way, made.folds)
    alone = single(arena, network, one_by_one, made.kernels, target, "direct" if exact else force)
    return Plan(
        network,
        target,
        batch,
        loss,
        made.units,
        made.order,
        MappingProxyType(made.kernels),
        made.row,
        made.slots,
        MappingProxyType(arena.buffers),
        made.prepare(target.lanes),
        training,
        scores,
        alone,
        aligned(arena.shared),
        aligned(arena.rank),
        update=update,
        folds=made.folds,
        fold_prepare=tuple(fold_preparations(made.folds, made.kernels, target.lanes)),
    )


@dataclass(frozen=True)
class _Choices:
    """What is decided before anything has its place; ``streamed``: the update of weights where they come by."""

    units: tuple[Unit, ...]
    way: Flow
    groups: int
    order: Order
    streamed: Update | None
    row: Row
    slots: int
    kernels: dict[str, Kernels]
    folds: tuple[Fold, ...]

    @property
    def convs(self) -> list[Unit]:
        """The units that are CONVs."""
        return [unit for unit in self.units if isinstance(unit.node.layer, Conv)]

    def prepare(self, lanes: int) -> tuple[Preparation, ...]:
        """What is made of their weights before a step."""
        return tuple(
            p for unit in self.convs for p in preparations(unit, self.kernels[unit.name], self.way.goes_on(unit), lanes)
        )


def _choose(
    network: Network, target: Target, batch: int, exact: bool, force: str | None, order: str | None, update: Update
) -> _Choices:
    units, groups = fuse(network), -(-batch // target.lanes)
    chosen = choose_order(units, groups, order)
    streamed = update if chosen.layered and not update.whole else None
    numbers = row(network, [unit.name for unit in units if streamed and isinstance(unit.node.layer, Fc)])
    slots = 1 if chosen.layered else _slots(groups, numbers.size)
    convs = [unit for unit in units if isinstance(unit.node.layer, Conv)]
    kernels = {unit.name: choose(unit, target.lanes, exact, force) for unit in convs}
    way = flow(network, units)
    return _Choices(units, way, groups, chosen, streamed, numbers, slots, kernels, folds(way))


def _book(arena: Arena, network: Network, made: _Choices, target: Target, loss: str, update: Update) -> None:
    """Places for all but volumes."""
    book_parameters(arena, network, made.row)
    book_state(arena, network)
    _book_learning(arena, made.row, made.slots, update)
    book_images(arena, network, made.groups, loss)
    _book_dropouts(arena, network, made.groups)
    book_batch(arena, made.units, made.groups)
    for unit in made.convs:
        book_prepared(arena, unit, made.kernels[unit.name], made.way.goes_on(unit))
    book_folds(arena, made.folds, made.kernels)
    _book_streamed(arena, made.row, fc_tiles(target).weights)


def _training_calls(made: _Choices, target: Target, shapes: Mapping[str, Shape], loss: str) -> tuple[Call, ...]:
    along = made.order.deep_scores  # else scores want the volumes of all BNs, and have those of training
    forth = forward_calls(made.way, made.kernels, target, shapes, True, made.groups, along)
    back = backward_calls(made.way, made.kernels, target, shapes, made.streamed, groups=made.groups)
    calls = (*forth, loss_call(made.way, loss), *back)
    return tuple(map(far, calls)) if made.order.layered else calls


def _score_calls(made: _Choices, target: Target, shapes: Mapping[str, Shape]) -> tuple[Call, ...]:
    forth = forward_calls(made.way, made.kernels, target, shapes, False)
    return tuple(folded_calls(forth, made.folds, made.kernels, target))


def scratch_of(units: Sequence[Unit], calls: Sequence[Call], lanes: int) -> dict[str, Shape]:
    """What the calls use beside volumes, by its name."""
    convs = {unit.name: unit for unit in units if isinstance(unit.node.layer, Conv)}
    found = dict(shape for made in calls for shape in scratch_shapes(convs, made, lanes))
    return found | dict(shape for made in calls for shape in local.scratch_shapes(units, made))
