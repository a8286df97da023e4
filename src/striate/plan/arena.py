"""Where every buffer lies: one arena, planned ahead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from striate.plan.lifetimes import Lifetime, overlapped, pack
from striate.plan.shape import Shape

ALIGNMENT = 64  #: bytes: a cache line, and the widest vector

SCRATCH = ("v", "m", "z", "s", "line")  #: second parts of the names of buffers that one call fills and empties


def scratch_kind(name: str) -> str:
    """The kind of a scratch buffer, such as ``v`` of ``conv2.v.forward``; empty for other buffers."""
    parts = name.split(".")
    return parts[1] if len(parts) == 3 and parts[1] in SCRATCH else ""


def aligned(size: int) -> int:
    """``size`` rounded up to whole cache lines."""
    return -(-size // ALIGNMENT) * ALIGNMENT


@dataclass(frozen=True)
class Buffer:
    """A tensor's place: ``offset`` bytes into its region, and ``stride`` bytes from one instance to the next.

    scope: ``shared`` once; ``slot`` once a gradient slot; ``group`` once a lane group; ``rank`` once a thread,
    in the last region of the arena.
    """

    name: str
    shape: Shape
    scope: str
    offset: int
    bytes: int
    stride: int = 0

    @property
    def scratch(self) -> bool:
        """Whether it is of use during one call alone, such as ``conv2.v.forward``."""
        return bool(scratch_kind(self.name))

    def __str__(self) -> str:
        each = "" if self.scope == "shared" else f" per {self.scope}"
        return f"{self.offset:>12,} {self.bytes:>12,}  {self.name:24s} {self.shape}{each}"


@dataclass
class Arena:
    """Buffers as they are booked; afterwards only read."""

    lanes: int
    shared: int = 0
    rank: int = 0
    buffers: dict[str, Buffer] = field(default_factory=dict)

    def book(self, name: str, shape: Shape, scope: str = "shared", instances: int = 1) -> Buffer:
        """A new buffer; ``instances`` of it follow each other in the shared region unless scope is ``rank``."""
        start = self.rank if scope == "rank" else self.shared
        buffer = self._buffer(name, shape, scope, start)
        self._extend(scope, start + self._room(buffer, instances))
        return self.add(buffer)

    def book_in_turn(
        self, shapes: Mapping[str, Shape], lives: Mapping[str, Lifetime], scope: str, instances: int = 1
    ) -> set[str]:
        """New buffers, of which those that are never in use together may share bytes; the names of those that do."""
        start = self.rank if scope == "rank" else self.shared
        sizes = {name: self._room(self._buffer(name, shapes[name], scope, 0), instances) for name in shapes}
        offsets = pack(sizes, lives)
        for name, shape in shapes.items():
            self.add(self._buffer(name, shape, scope, start + offsets[name]))
            self._extend(scope, start + offsets[name] + sizes[name])
        return overlapped(sizes, offsets)

    def _buffer(self, name: str, shape: Shape, scope: str, offset: int) -> Buffer:
        size = shape.bytes(self.lanes)
        if scope == "rank":
            return Buffer(name, shape, scope, offset, size)
        vector = self.lanes * 4 if shape.per_lane else 1
        return Buffer(name, shape, scope, offset, size, -(-size // vector) * vector)

    def _room(self, buffer: Buffer, instances: int) -> int:
        """Bytes of all instances, in whole cache lines."""
        return aligned(buffer.stride * instances if buffer.stride else buffer.bytes)

    def _extend(self, scope: str, end: int) -> None:
        if scope == "rank":
            self.rank = max(self.rank, end)
        else:
            self.shared = max(self.shared, end)

    def add(self, buffer: Buffer) -> Buffer:
        """A buffer whose place is known, such as a part of another."""
        if buffer.name in self.buffers:
            raise ValueError(f"two buffers are named {buffer.name}")
        self.buffers[buffer.name] = buffer
        return buffer
