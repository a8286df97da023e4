"""The plan: what runs, in which order, in which bytes, for one target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from striate.notation.network import Network
from striate.plan.arena import Arena, Buffer, aligned
from striate.plan.fuse import Unit, fuse
from striate.plan.parameters import Row, row
from striate.plan.schedule import Call, backward_calls, forward_calls, loss_call
from striate.plan.shape import Shape
from striate.plan.target import Target
from striate.plan.volumes import book_volumes

MOST_SLOTS = 16  #: gradient slots: as many threads can work on one batch
SLOT_BYTES = 2**28  #: all slots together stay below, but one there is

LOSSES = ("softmax", "svm")


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
    row: Row
    slots: int
    buffers: Mapping[str, Buffer]
    train: tuple[Call, ...]
    scores: tuple[Call, ...]
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
        for title, calls in (("train", self.train), ("scores", self.scores)):
            lines += ["", f"{title}, each group:", *(f"  {call}" for call in calls)]
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


def plan(network: Network, target: Target, batch: int, loss: str) -> Plan:
    """Decide everything that the emitters then write down."""
    units, numbers, arena = fuse(network), row(network), Arena(target.lanes)
    groups = -(-batch // target.lanes)
    slots = _slots(groups, numbers.size)
    _book_shared(arena, network, numbers, groups, slots)
    book_volumes(arena, network, units)
    training = (*forward_calls(units, target, True), loss_call(units, loss), *backward_calls(units, target))
    return Plan(
        network,
        target,
        batch,
        loss,
        units,
        numbers,
        slots,
        MappingProxyType(arena.buffers),
        training,
        forward_calls(units, target, False),
        aligned(arena.shared),
        aligned(arena.rank),
    )
