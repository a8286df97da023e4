"""Reading 4: exact numbers of floating-point operations and of bytes loaded and stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from striate.emit.builder import Kernel, ProgramBuilder, check_arguments
from striate.emit.index import Index, Span
from striate.emit.tensor import Tensor
from striate.plan.arena import Buffer
from striate.plan.shape import ELEMENT_BYTES, Shape


@dataclass
class Counts:
    """What a program does: multiply-adds (two operations each), other operations, bytes moved.

    Operations count one for each lane; loads and stores count every access, whatever cache it meets.
    """

    multiply_adds: int = 0
    others: int = 0
    loaded: int = 0
    stored: int = 0

    @property
    def flops(self) -> int:
        """Floating-point operations in all."""
        return 2 * self.multiply_adds + self.others

    def add(self, other: Counts) -> None:
        """Add another's numbers."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


class Counted:
    """A number that is only counted; ``width`` is how many lanes it has."""

    __slots__ = ("builder", "width")

    def __init__(self, builder: CountsBuilder, width: int) -> None:
        self.builder, self.width = builder, width

    def _operation(self, other: Counted) -> Counted:
        return self.builder.operation(self.width)

    __add__ = __sub__ = __mul__ = _operation


class Held:
    """A register costs nothing."""

    def __init__(self, value: Counted) -> None:
        self.value = value


class CountsBuilder(ProgramBuilder):
    """Walks every loop once and multiplies by its turns, which must be known.

    ``numbers`` gives the run-time numbers: ``images`` and ``groups``. A loop that starts at a run-time index
    (a slot's groups) counts as its share: the groups are dealt out evenly. ``by_kernel`` holds each kernel's part.
    """

    def __init__(self, lanes: int, numbers: Mapping[str, int]) -> None:
        self.lanes, self._numbers = lanes, numbers
        self._turns = 1
        self._known: dict[str, Counts] = {}
        self.total = Counts()
        self.by_kernel: dict[str, Counts] = {}

    def operation(self, width: int) -> Counted:
        """One operation of that many lanes."""
        self.total.others += width * self._turns
        return Counted(self, width)

    def _repeat(self, turns: int, index: Index) -> Iterator[Index]:
        outer = self._turns
        self._turns = outer * turns
        yield index
        self._turns = outer

    def range(self, stop: Index | int, name: str, step: int = 1, start: Index | int = 0) -> Iterator[Index]:
        first, last = Index.of(start), Index.of(stop)
        if first.terms:  # slot s takes groups s, s + step, …: over all slots, each group once
            outer = self._turns
            self._turns = int(last)
            yield Index.variable(name)
            self._turns = outer
            return
        yield from self._repeat(len(range(int(first), int(last), step)), Index.variable(name))

    def register(self, name: str, value: Counted) -> Held:
        return Held(value)

    def smaller(self, a: Index | int, b: Index | int) -> Index:
        return Index.variable("least")

    def larger(self, a: Index | int, b: Index | int) -> Index:
        return Index.variable("most")

    def _width(self, tensor: Tensor) -> int:
        return self.lanes if tensor.shape.per_lane or tensor.as_vector else 1

    def load(self, tensor: Tensor, index: tuple[Index, ...]) -> Counted:
        width = self._width(tensor)
        self.total.loaded += width * ELEMENT_BYTES[tensor.shape.element] * self._turns
        return Counted(self, width)

    def store(self, tensor: Tensor, index: tuple[Index, ...], value: Counted) -> None:
        self.total.stored += self._width(tensor) * ELEMENT_BYTES[tensor.shape.element] * self._turns

    def constant(self, number: float) -> Counted:
        return Counted(self, self.lanes)

    def scalar(self, number: float) -> Counted:
        return Counted(self, 1)

    def splat(self, scalar: Counted) -> Counted:
        return Counted(self, self.lanes)

    def fma(self, a: Counted, b: Counted, c: Counted) -> Counted:
        self.total.multiply_adds += a.width * self._turns
        return Counted(self, a.width)

    def where(self, a: Counted, relation: str, b: Counted, then: Counted, other: Counted) -> Counted:
        return self.operation(a.width)

    def divide(self, a: Counted, b: Counted) -> Counted:
        return self.operation(a.width)

    def reduce_add(self, vector: Counted) -> Counted:
        self.total.others += (self.lanes - 1) * self._turns
        return Counted(self, 1)

    def extract(self, vector: Counted, lane: int) -> Counted:
        return Counted(self, 1)

    def transpose(self, vectors: Sequence[Counted]) -> list[Counted]:
        return list(vectors)

    def pack(self, scalars: Sequence[Counted]) -> Counted:
        return Counted(self, self.lanes)

    def scale2(self, a: Counted, exponent: Counted) -> Counted:
        return self.operation(a.width)

    def frexp(self, a: Counted) -> tuple[Counted, Counted]:
        return self.operation(a.width), Counted(self, a.width)

    def call(self, kernel: Kernel, *tensors: Tensor, span: Span | None = None) -> None:
        check_arguments(kernel, tensors)
        before, outer = self.total, self._turns
        self.total = Counts()
        kernel.emit(self, *(Tensor(self, name, shape, None) for name, shape in kernel.arguments))
        self.by_kernel.setdefault(kernel.name, Counts()).add(self.total)
        before.add(self.total)
        self.total, self._turns = before, outer

    def work(self, items: Index | int, name: str) -> Iterator[Index]:
        return self._repeat(int(Index.of(items)), Index.variable(name))

    def spread(self, groups: Index | int, items: int, name: str, portions: int) -> Iterator[tuple[Index, Span]]:
        for group in self._repeat(int(Index.of(groups)), Index.variable(name)):
            yield group, Span.whole(items)

    def perform(self, entry: str, body: Callable[[], None]) -> None:
        body()

    def barrier(self) -> None:
        """Meeting computes nothing."""

    def number(self, name: str) -> Index:
        return Index.of(self._numbers[name])

    def place(self, buffer: Buffer, instance: Index | int = 0) -> Tensor:
        return Tensor(self, buffer.name, buffer.shape, None)

    def image(self, index: Index, shape: Shape) -> Tensor:
        return Tensor(self, "image", shape, None)

    def out(self, classes: int) -> Tensor:
        return Tensor(self, "out", Shape.of(2**31, classes, element="f32"), None)
