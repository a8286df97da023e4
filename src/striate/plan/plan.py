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
from striate.plan.flow import flow
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
    units, arena = fuse(network), Arena(target.lanes)
    groups = -(-batch // target.lanes)
    chosen_order = choose_order(units, groups, order)
    layered = chosen_order.layered
    streamed = layered and not update.whole
    numbers = row(network, [unit.name for unit in units if streamed and isinstance(unit.node.layer, Fc)])
    slots = 1 if layered else _slots(groups, numbers.size)
    convs = [unit for unit in units if isinstance(unit.node.layer, Conv)]
    chosen = {unit.name: choose(unit, target.lanes, exact, force) for unit in convs}
    way = flow(network, units)
    book_parameters(arena, network, numbers)
    book_state(arena, network)
    _book_learning(arena, numbers, slots, update)
    book_images(arena, network, groups, loss)
    _book_dropouts(arena, network, groups)
    book_batch(arena, units, groups)
    for unit in convs:
        book_prepared(arena, unit, chosen[unit.name], way.goes_on(unit))
    norms = folds(way)
    book_folds(arena, norms, chosen)
    _book_streamed(arena, numbers, fc_tiles(target).weights)
    joint: Parts = parts(way)
    shapes = fitted(dict(volumes(network, way, chosen)), joint)
    scores = tuple(folded_calls(forward_calls(way, chosen, target, shapes, False), norms, chosen, target))
    back = backward_calls(way, chosen, target, shapes, update if streamed else None, groups=groups)
    along = chosen_order.deep_scores  # else scores want the volumes of all BNs, and have those of training
    training = (*forward_calls(way, chosen, target, shapes, True, groups, along), loss_call(way, loss), *back)
    training = tuple(map(far, training)) if layered else training
    named = {unit.name: unit for unit in convs}
    scratch = dict(shape for made in training for shape in scratch_shapes(named, made, target.lanes))
    scratch |= dict(shape for made in training for shape in local.scratch_shapes(units, made))
    shared = book_volumes(arena, shapes, scratch, training, groups if layered else 0, apart, joint)
    training = tuple(clear_halos(training, shared & shapes.keys(), shapes, wholes(joint)))
    if chosen_order.deep_scores:
        scores, shapes, joint, shared = _own_volumes(arena, scores, shapes, apart, joint)
    scores = tuple(clear_halos(scores, shared & shapes.keys(), shapes, wholes(joint)))
    alone = single(arena, network, merged(network, way, norms), chosen, target, "direct" if exact else force)
    return Plan(
        network,
        target,
        batch,
        loss,
        units,
        chosen_order,
        MappingProxyType(chosen),
        numbers,
        slots,
        MappingProxyType(arena.buffers),
        tuple(p for unit in convs for p in preparations(unit, chosen[unit.name], way.goes_on(unit), target.lanes)),
        training,
        scores,
        alone,
        aligned(arena.shared),
        aligned(arena.rank),
        update=update,
        folds=norms,
        fold_prepare=tuple(fold_preparations(norms, chosen, target.lanes)),
    )
