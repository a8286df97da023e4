"""Reading 4: exact numbers of floating-point operations and of bytes loaded and stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product

from striate.emit.builder import Kernel, ProgramBuilder, check_arguments
from striate.emit.index import Index, Span
from striate.emit.tensor import Tensor
from striate.plan.arena import Buffer
from striate.plan.shape import ELEMENT_BYTES, Shape


@dataclass
class Counts:
    """What a program does: multiply-adds (two operations each), other operations, bytes moved; operations on whole
    numbers, which are no flops, apart.

    Operations count one for each lane; loads and stores count every access, whatever cache it meets.
    """

    multiply_adds: int = 0
    others: int = 0
    loaded: int = 0
    stored: int = 0
    whole: int = 0

    @property
    def flops(self) -> int:
        """Floating-point operations in all."""
        return 2 * self.multiply_adds + self.others

    def add(self, other: Counts) -> None:
        """Add another's numbers."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


Choice = Callable[[int, int], int]  #: min or max


class Counted:
    """A number that is only counted; ``width`` is how many lanes it has."""

    __slots__ = ("builder", "width")

    def __init__(self, builder: CountsBuilder, width: int) -> None:
        self.builder, self.width = builder, width

    def _operation(self, other: Counted) -> Counted:
        return self.builder.operation(self.width)

    __add__ = __sub__ = __mul__ = _operation


class CountedWhole:
    """A vector of whole numbers that is only counted."""

    __slots__ = ("builder",)

    def __init__(self, builder: CountsBuilder) -> None:
        self.builder = builder

    def _operation(self, other: CountedWhole | int) -> CountedWhole:
        return self.builder.whole_operation()

    __mul__ = __xor__ = __rshift__ = _operation


class Held:
    """A register costs nothing."""

    def __init__(self, value: Counted | CountedWhole) -> None:
        self.value = value


class CountsBuilder(ProgramBuilder):
    """Walks every loop once and multiplies by its turns.

    ``numbers`` gives the run-time numbers: ``images`` and ``groups``. Where a loop's ends depend on loops around it,
    its turns are their average over all of those. ``by_kernel`` holds each kernel's part.
    """

    def __init__(self, lanes: int, numbers: Mapping[str, int]) -> None:
        self.lanes, self._numbers = lanes, numbers
        self._turns = 1
        self._ranges: dict[str, range] = {}  # of every loop variable whose ends are numbers
        self._ends: dict[str, tuple[Choice, Index, Index]] = {}  # what ``smaller`` and ``larger`` gave
        self.total = Counts()
        self.by_kernel: dict[str, Counts] = {}

    def operation(self, width: int) -> Counted:
        """One operation of that many lanes."""
        self.total.others += width * self._turns
        return Counted(self, width)

    def whole_operation(self) -> CountedWhole:
        """One operation on whole numbers."""
        self.total.whole += self.lanes * self._turns
        return CountedWhole(self)

    def range(self, stop: Index | int, name: str, step: int = 1, start: Index | int = 0) -> Iterator[Index]:
        ends, variable = (Index.of(start), Index.of(stop)), f"{name}{len(self._ranges)}"
        roots = sorted({root for end in ends for root in self._roots(end)})
        every = []
        for values in product(*(self._ranges[root] for root in roots)):
            first, last = (self._value(end, dict(zip(roots, values, strict=True))) for end in ends)
            every.append(range(first, last, step))
        if not roots:
            self._ranges[variable] = every[0]
        outer = self._turns
        self._turns = outer * sum(map(len, every)) // len(every)  # the loops around it are part of ``outer``: exact
        yield Index.variable(variable)
        self._turns = outer

    def _roots(self, index: Index) -> Iterator[str]:
        """The loop variables on which an index depends."""
        for name, _ in index.terms:
            if name in self._ends:
                yield from (root for end in self._ends[name][1:] for root in self._roots(end))
            else:
                yield name

    def _value(self, index: Index, at: Mapping[str, int]) -> int:
        total = index.constant
        for name, coefficient in index.terms:
            if name in self._ends:
                choice, a, b = self._ends[name]
                total += coefficient * choice(self._value(a, at), self._value(b, at))
            else:
                total += coefficient * at[name]
        return total

    def register(self, name: str, value: Counted | CountedWhole) -> Held:
        return Held(value)

    def smaller(self, a: Index | int, b: Index | int) -> Index:
        return self._end(min, a, b)

    def larger(self, a: Index | int, b: Index | int) -> Index:
        return self._end(max, a, b)

    def _end(self, choice: Choice, a: Index | int, b: Index | int) -> Index:
        name = f"end{len(self._ends)}"
        self._ends[name] = choice, Index.of(a), Index.of(b)
        return Index.variable(name)

    def _width(self, tensor: Tensor) -> int:
        return self.lanes if tensor.shape.per_lane or tensor.as_vector else 1

    def load(self, tensor: Tensor, index: tuple[Index, ...]) -> Counted | CountedWhole:
        width = self._width(tensor)
        self.total.loaded += width * ELEMENT_BYTES[tensor.shape.element] * self._turns
        return CountedWhole(self) if tensor.shape.element == "words" else Counted(self, width)

    def store(self, tensor: Tensor, index: tuple[Index, ...], value: Counted | CountedWhole) -> None:
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

    def sqrt(self, a: Counted) -> Counted:
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

    def whole(self, number: Index | int) -> CountedWhole:
        return CountedWhole(self)

    def real(self, whole: CountedWhole) -> Counted:
        self.whole_operation()
        return Counted(self, self.lanes)

    def call(self, kernel: Kernel, *tensors: Tensor, span: Span | None = None) -> None:
        check_arguments(kernel, tensors)
        before, outer = self.total, self._turns
        self.total = Counts()
        kernel.emit(self, *(Tensor(self, name, shape, None) for name, shape in kernel.arguments))
        self.by_kernel.setdefault(kernel.name, Counts()).add(self.total)
        before.add(self.total)
        self.total, self._turns = before, outer

    def work(self, items: Index | int, name: str) -> Iterator[Index]:
        return self.range(items, name)

    def spread(self, groups: Index | int, items: int, name: str, portions: int) -> Iterator[tuple[Index, Span]]:
        for group in self.range(groups, name):
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
