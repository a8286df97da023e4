"""Where every buffer lies: one arena, planned ahead."""

from __future__ import annotations

from dataclasses import dataclass, field

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
        size = shape.bytes(self.lanes)
        if scope == "rank":
            buffer = Buffer(name, shape, scope, self.rank, size)
            self.rank += aligned(size)
        else:
            vector = self.lanes * 4 if shape.per_lane else 1
            stride = -(-size // vector) * vector
            buffer = Buffer(name, shape, scope, self.shared, size, stride)
            self.shared += aligned(stride * instances)
        return self.add(buffer)

    def add(self, buffer: Buffer) -> Buffer:
        """A buffer whose place is known, such as a part of another."""
        if buffer.name in self.buffers:
            raise ValueError(f"two buffers are named {buffer.name}")
        self.buffers[buffer.name] = buffer
        return buffer
