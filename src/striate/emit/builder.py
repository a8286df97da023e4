"""The vocabulary in which every kernel is written once, and which four builders read in four ways.

================  ==============================================================================
reading           what it makes of an emitter
================  ==============================================================================
``emit.llvm``     LLVM IR: a loop's body is emitted once, with a symbolic index
``emit.python``   a run on NumPy arrays in which every access is bounds-checked
``emit.text``     the loop nest as text that a person can read
``emit.counts``   exact numbers of floating-point operations and of bytes moved
================  ==============================================================================

A vector holds one number per lane. ``for y in b.range(n)`` is a loop of the *program*; Python's own ``range``
unrolls. A loop must not be left by ``break``, and nothing may be decided by ``if`` on an index or a value.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from striate.emit.index import Index, Span
from striate.emit.tensor import Tensor
from striate.plan.arena import Buffer
from striate.plan.shape import Shape

Value = Any  #: a vector or a scalar, in whatever form the builder gives it; it adds, subtracts, multiplies

#: A vector of unsigned whole numbers of 32 bits. ``a * b``, ``a ^ b`` and ``a >> n`` are what C makes of them.
Whole = Any


class Register(Protocol):
    """A variable: ``r.value`` reads it, ``r.value = v`` writes it; it lives across loops."""

    value: Value


@dataclass(frozen=True)
class Kernel:
    """A function of the program: its name, its tensors, and the emitter that writes its body.

    Equal names mean equal kernels: layers of equal size share one. ``items``: pieces of work that a call may do a
    part of; the emitter then takes a ``span`` of them. 0 for a kernel that is always done whole.
    """

    name: str
    arguments: tuple[tuple[str, Shape], ...]
    emit: Callable[..., None]
    items: int = 0


class Builder(ABC):
    """What an emitter may say. ``lanes`` images ride in each vector."""

    lanes: int

    # ---- loops and variables
    @abstractmethod
    def range(self, stop: Index | int, name: str, step: int = 1, start: Index | int = 0) -> Iterator[Index]:
        """Loop; ``stop`` known at emission must be positive, ``stop`` known at run time may be anything."""

    @abstractmethod
    def register(self, name: str, value: Value) -> Register:
        """A new variable holding ``value``."""

    @abstractmethod
    def smaller(self, a: Index | int, b: Index | int) -> Index:
        """The smaller of two indices, at run time."""

    @abstractmethod
    def larger(self, a: Index | int, b: Index | int) -> Index:
        """The larger of two indices, at run time."""

    # ---- memory
    @abstractmethod
    def load(self, tensor: Tensor, index: tuple[Index, ...]) -> Value:
        """Called by ``tensor[...]``."""

    @abstractmethod
    def store(self, tensor: Tensor, index: tuple[Index, ...], value: Value) -> None:
        """Called by ``tensor[...] = value``."""

    def prefetch(self, tensor: Tensor, index: tuple[Index, ...]) -> None:
        """A hint that the element will be wanted soon; it may lie outside the tensor. Readings may ignore it."""
        return

    # ---- numbers
    @abstractmethod
    def constant(self, number: float) -> Value:
        """A vector with ``number`` in every lane."""

    @abstractmethod
    def scalar(self, number: float) -> Value:
        """A scalar."""

    @abstractmethod
    def splat(self, scalar: Value) -> Value:
        """A vector with the scalar in every lane."""

    @abstractmethod
    def fma(self, a: Value, b: Value, c: Value) -> Value:
        """``a * b + c``, in one rounding where the target can."""

    @abstractmethod
    def where(self, a: Value, relation: str, b: Value, then: Value, other: Value) -> Value:
        """``then`` in the lanes where ``a > b`` (or ``a == b``), ``other`` elsewhere."""

    @abstractmethod
    def divide(self, a: Value, b: Value) -> Value:
        """``a / b``."""

    @abstractmethod
    def sqrt(self, a: Value) -> Value:
        """The square root, of a vector or of a scalar."""

    @abstractmethod
    def reduce_add(self, vector: Value) -> Value:
        """The scalar sum over the lanes."""

    @abstractmethod
    def extract(self, vector: Value, lane: int) -> Value:
        """One lane of a vector, as a scalar."""

    @abstractmethod
    def transpose(self, vectors: Sequence[Value]) -> list[Value]:
        """``lanes`` vectors as a square matrix, transposed."""

    @abstractmethod
    def pack(self, scalars: Sequence[Value]) -> Value:
        """A vector of ``lanes`` scalars."""

    @abstractmethod
    def scale2(self, a: Value, exponent: Value) -> Value:
        """``a * 2**exponent`` for whole exponents from -126 to 127."""

    @abstractmethod
    def frexp(self, a: Value) -> tuple[Value, Value]:
        """``(m, e)`` with ``a == m * 2**e`` and m from 0.5 to 1, for positive normal ``a``."""

    # ---- whole numbers
    @abstractmethod
    def whole(self, number: Index | int) -> Whole:
        """A vector with ``number``, modulo 2**32, in every lane; ``number`` is from 0 to 2**63."""

    @abstractmethod
    def real(self, whole: Whole) -> Value:
        """Whole numbers below 2**24 as a vector of floats, which hold them exactly."""

    # ---- composed of the above
    def zero(self) -> Value:
        """A vector of zeros."""
        return self.constant(0.0)

    def maximum(self, a: Value, b: Value) -> Value:
        """The larger, lane by lane; ``b`` where either is no number."""
        return self.where(a, ">", b, a, b)

    def relu(self, a: Value) -> Value:
        """max(0, a); what is no number stays no number."""
        return self.maximum(self.zero(), a)


class ProgramBuilder(Builder):
    """The further words in which a whole program is written: kernels, buffers, and a team of threads."""

    @abstractmethod
    def call(self, kernel: Kernel, *tensors: Tensor, span: Span | None = None) -> None:
        """Run a kernel on tensors of its arguments' shapes; ``span``: only these of its items."""

    @abstractmethod
    def work(self, items: Index | int, name: str) -> Iterator[Index]:
        """Items 0 to ``items - 1``, each done by whichever thread comes first."""

    @abstractmethod
    def spread(self, groups: Index | int, items: int, name: str, portions: int) -> Iterator[tuple[Index, Span]]:
        """Every item of every group, as (group, span), to whichever thread comes first.

        portions: about so many for each thread, and nothing may depend on how the items are cut; 0: each item alone.
        """

    @abstractmethod
    def perform(self, entry: str, body: Callable[[], None]) -> None:
        """Do all that another of the program's functions does, which is what ``body`` emits."""

    @abstractmethod
    def barrier(self) -> None:
        """All threads have arrived before any goes on."""

    @abstractmethod
    def number(self, name: str) -> Index:
        """A whole number known when the program runs: ``images`` in this call, lane ``groups`` they fill."""

    @abstractmethod
    def place(self, buffer: Buffer, instance: Index | int = 0) -> Tensor:
        """A buffer of the arena; ``instance`` says which slot's or group's, and does not matter otherwise."""

    @abstractmethod
    def image(self, index: Index, shape: Shape) -> Tensor:
        """One of the caller's images, as a tensor of that shape."""

    @abstractmethod
    def out(self, classes: int) -> Tensor:
        """The caller's array for scores, (images, classes); its rows are padded to whole groups."""


def check_arguments(kernel: Kernel, tensors: Sequence[Tensor]) -> None:
    """Refuse a call whose tensors are not of the kernel's shapes."""
    if len(tensors) != len(kernel.arguments):
        raise TypeError(f"{kernel.name} takes {len(kernel.arguments)} tensors, not {len(tensors)}")
    for (name, shape), tensor in zip(kernel.arguments, tensors, strict=True):
        if tensor.shape != shape:
            raise TypeError(f"{kernel.name}: {name} is {shape}, but {tensor.name} is {tensor.shape}")
