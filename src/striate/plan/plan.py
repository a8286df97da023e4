"""The plan: what runs, in which order, in which bytes, for one target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from striate.layers import Conv
from striate.notation.network import Network
from striate.plan.arena import Arena, Buffer, aligned
from striate.plan.call import Call
from striate.plan.convolution import Preparation, book_prepared, preparations, scratch_shapes
from striate.plan.fuse import Unit, fuse
from striate.plan.kernels import Kernels, choose
from striate.plan.parameters import Row, row
from striate.plan.schedule import backward_calls, forward_calls, loss_call
from striate.plan.shape import Shape
from striate.plan.single import Single, single
from striate.plan.target import Target
from striate.plan.volumes import book_volumes, first_learner

MOST_SLOTS = 16  #: gradient slots: as many threads can work on one batch
SLOT_BYTES = 2**28  #: all slots together stay below, but one there is

LOSSES = ("softmax", "svm")
KERNELS = ("direct", "winograd", "deep")  #: kinds of CONV kernels that can be asked for


@dataclass(frozen=True)
class Plan:
    """Frozen and printable: ``str(plan)`` is the memory map and the order of calls.

    A batch is cut into groups of ``target.lanes`` images; group g adds its gradients to slot g modulo ``slots``,
    and slots are summed in their order, so no thread count changes a bit. A group's volumes live in the memory
    of the thread that works on it.
    """

    network: Network
    target: Target
    batch: int
    loss: str
    units: tuple[Unit, ...]
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

    @property
    def groups(self) -> int:
        """Lane groups of a full batch."""
        return -(-self.batch // self.target.lanes)

    def bytes(self, threads: int) -> int:
        """The arena's size for a team of ``threads``."""
        return self.shared_bytes + threads * self.rank_bytes

    def __str__(self) -> str:
        lines = [
            str(self.network),
            f"{self.target}; batch {self.batch} in {self.groups} groups, {self.slots} slots",
        ]
        lines += ["", "units: " + ", ".join(f"[{unit}]" for unit in self.units)]
        for name, kernels in self.kernels.items():
            lines += [f"{name}: {what} {getattr(kernels, what)}" for what in ("forward", "data", "weights")]
        if self.prepare:
            lines += ["", "before a step:", *(f"  {preparation}" for preparation in self.prepare)]
        for title, calls in (("train", self.train), ("scores", self.scores)):
            lines += ["", f"{title}, each group:", *(f"  {call}" for call in calls)]
        lines += ["", f"scores, one image at a time, {self.single}"]
        lines += ["", f"arena: {self.shared_bytes:,} bytes shared, {self.rank_bytes:,} bytes for each thread"]
        lines += [f"{'offset':>12} {'bytes':>12}  buffer"]
        return "\n".join([*lines, *map(str, self.buffers.values())])


def _slots(groups: int, numbers: int) -> int:
    return max(1, min(groups, MOST_SLOTS, SLOT_BYTES // max(1, numbers * 4)))


def _book_shared(arena: Arena, network: Network, numbers: Row, groups: int, slots: int) -> None:
    """Parameters, velocity, gradient slots, and what goes in and out beside the images."""
    lanes, depth = arena.lanes, network.input.depth
    for name in ("parameters", "velocity"):
        arena.book(name, Shape.of(numbers.size, element="f32"))
    slots_buffer = arena.book("gradients", Shape.of(slots, numbers.size, element="f32"))
    slot = numbers.size * 4
    arena.add(Buffer("gradient", Shape.of(numbers.size, element="f32"), "slot", slots_buffer.offset, slot, slot))
    first = arena.buffers["parameters"].offset
    for place in numbers.places:
        shape = Shape.of(*place.shape, element="f32")
        size = shape.bytes(lanes)
        arena.add(Buffer(place.name, shape, "shared", first + place.start * 4, size))
        at = slots_buffer.offset + place.start * 4
        arena.add(Buffer(f"{place.name}.gradient", shape, "slot", at, size, slot))
    arena.book("settings", Shape.of(4, element="f32"))
    arena.book("scales", Shape.of(depth, element="f32"))
    arena.book("shifts", Shape.of(depth, element="f32"))
    for name in ("labels", "weights", "losses", "hits"):
        arena.book(name, Shape.of(1), "group", groups)


def _book_scratch(arena: Arena, units: tuple[Unit, ...], calls: tuple[Call, ...]) -> None:
    """Scratch of the Winograd kernels: all of them begin at one place, since only one runs at a time."""
    start, most = arena.rank, 0
    for made in calls:
        at = start
        for unit in units:
            if isinstance(unit.node.layer, Conv):
                for name, shape in scratch_shapes(unit, [made], arena.lanes):
                    size = shape.bytes(arena.lanes)
                    if name not in arena.buffers:
                        arena.add(Buffer(name, shape, "rank", at, size))
                    at += aligned(size)
        most = max(most, at)
    arena.rank = max(arena.rank, most)


def plan(
    network: Network, target: Target, batch: int, loss: str, exact: bool = False, force: str | None = None
) -> Plan:
    """Decide everything that the emitters then write down.

    exact: direct kernels alone. force: one of KERNELS wherever there is one of the kind, for tests.
    """
    units, numbers, arena = fuse(network), row(network), Arena(target.lanes)
    groups = -(-batch // target.lanes)
    slots = _slots(groups, numbers.size)
    convs = [(i, unit) for i, unit in enumerate(units) if isinstance(unit.node.layer, Conv)]
    chosen = {unit.name: choose(unit, target.lanes, exact, force) for _, unit in convs}
    learner = first_learner(units)
    _book_shared(arena, network, numbers, groups, slots)
    for i, unit in convs:
        book_prepared(arena, unit, chosen[unit.name], i > learner)
    book_volumes(arena, network, units, chosen)
    scores = forward_calls(units, chosen, target, False)
    back = backward_calls(units, chosen, target, arena.buffers)
    training = (*forward_calls(units, chosen, target, True), loss_call(units, loss), *back)
    _book_scratch(arena, units, (*training, *scores))
    alone = single(arena, network, units, chosen, target)
    return Plan(
        network,
        target,
        batch,
        loss,
        units,
        MappingProxyType(chosen),
        numbers,
        slots,
        MappingProxyType(arena.buffers),
        tuple(p for i, unit in convs for p in preparations(unit, chosen[unit.name], i > learner)),
        training,
        scores,
        alone,
        aligned(arena.shared),
        aligned(arena.rank),
    )
