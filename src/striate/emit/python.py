"""Reading 2: the emitter runs in Python on NumPy arrays, and every access is bounds-checked.

Slow, and right by construction where LLVM's reading would silently read a neighbour: tests run whole training
steps of small networks through it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from striate.emit.builder import Kernel, ProgramBuilder, check_arguments
from striate.emit.index import Index, Span
from striate.emit.tensor import Tensor
from striate.plan.arena import Buffer
from striate.plan.plan import Plan
from striate.plan.shape import Shape

Vector = npt.NDArray[np.float32]


class Variable:
    """A register."""

    def __init__(self, value: Any) -> None:
        self.value = value


class PythonBuilder(ProgramBuilder):
    """Runs a plan's program on an arena of bytes, as one thread.

    ``pictures`` is (images, H*W*D), ``result`` the array for scores. Raises IndexError for any access outside a
    tensor's shape, halo included.
    """

    def __init__(
        self,
        plan: Plan,
        arena: npt.NDArray[np.uint8],
        pictures: npt.NDArray[Any],
        result: npt.NDArray[np.float32],
    ) -> None:
        self.plan, self.lanes = plan, plan.target.lanes
        self._arena, self._pictures, self._result = arena, pictures, result
        self._numbers: Mapping[str, int] = {
            "images": len(pictures),
            "groups": -(-len(pictures) // self.lanes),
        }

    def range(self, stop: Index | int, name: str, step: int = 1, start: Index | int = 0) -> Iterator[Index]:
        first, last = int(Index.of(start)), int(Index.of(stop))
        return (Index.of(i) for i in range(first, last, step))

    def register(self, name: str, value: Any) -> Variable:
        return Variable(value)

    def smaller(self, a: Index | int, b: Index | int) -> Index:
        return Index.of(min(int(a), int(b)))

    def larger(self, a: Index | int, b: Index | int) -> Index:
        return Index.of(max(int(a), int(b)))

    def _at(self, tensor: Tensor, index: tuple[Index, ...]) -> tuple[Any, ...]:
        numbers = [int(i) for i in index]
        wide = self.lanes if tensor.as_vector else 1
        reach = [*numbers[:-1], numbers[-1] + wide - 1]
        for low, high, axis in zip(numbers, reach, tensor.shape.axes, strict=True):
            if low < -axis.before or high >= axis.size + axis.after:
                raise IndexError(f"{tensor.name}[{', '.join(map(str, numbers))}] is outside {tensor.shape}")
        places: list[Any] = [i + axis.before for i, axis in zip(numbers, tensor.shape.axes, strict=True)]
        if tensor.as_vector:
            places[-1] = slice(places[-1], places[-1] + wide)
        return tuple(places)

    def _array(self, tensor: Tensor) -> npt.NDArray[Any]:
        """The tensor's memory as an array, halo included; lanes, if any, are its last axis."""
        shape = tensor.shape
        kind = {"bytes": np.uint8, "u8": np.uint8, "words": np.uint32}.get(shape.element, np.float32)
        sizes = [axis.extent for axis in shape.axes] + ([self.lanes] if shape.per_lane else [])
        return np.asarray(tensor.storage.view(kind).reshape(sizes))

    def load(self, tensor: Tensor, index: tuple[Index, ...]) -> Any:
        loaded = self._array(tensor)[self._at(tensor, index)]
        return loaded if tensor.shape.element == "words" else loaded.astype(np.float32)

    def store(self, tensor: Tensor, index: tuple[Index, ...], value: Any) -> None:
        array, at = self._array(tensor), self._at(tensor, index)
        if np.shape(value) != np.shape(array[at]):
            raise TypeError(f"{tensor.name} holds numbers of shape {np.shape(array[at])}, not {np.shape(value)}")
        if (np.asarray(value).dtype == np.uint32) != (tensor.shape.element == "words"):
            raise TypeError(f"{tensor.name} holds {tensor.shape.element}, not {np.asarray(value).dtype}")
        array[at] = value

    def constant(self, number: float) -> Vector:
        return np.full(self.lanes, number, np.float32)

    def scalar(self, number: float) -> Any:
        return np.float32(number)

    def splat(self, scalar: Any) -> Vector:
        return np.full(self.lanes, scalar, np.float32)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        return (np.float64(1) * a * b + c).astype(np.float32)  # one rounding, as the machine's

    def where(self, a: Any, relation: str, b: Any, then: Any, other: Any) -> Any:
        return np.where(a > b if relation == ">" else a == b, then, other)

    def divide(self, a: Any, b: Any) -> Any:
        return a / b

    def sqrt(self, a: Any) -> Any:
        return np.sqrt(a)

    def reduce_add(self, vector: Vector) -> Any:
        while len(vector) > 1:
            half = len(vector) // 2
            vector = vector[:half] + vector[half:]
        return vector[0]

    def extract(self, vector: Vector, lane: int) -> Any:
        return vector[lane]

    def transpose(self, vectors: Sequence[Vector]) -> list[Vector]:
        if len(vectors) != self.lanes:
            raise TypeError(f"a square of {self.lanes} vectors is transposed, not {len(vectors)}")
        return list(np.stack(vectors).T.copy())

    def pack(self, scalars: Sequence[Any]) -> Vector:
        if len(scalars) != self.lanes:
            raise TypeError(f"a vector has {self.lanes} lanes, not {len(scalars)}")
        return np.array(scalars, np.float32)

    def scale2(self, a: Any, exponent: Any) -> Any:
        return np.ldexp(a, exponent.astype(np.int32))

    def frexp(self, a: Any) -> tuple[Any, Any]:
        mantissa, exponent = np.frexp(a)
        return mantissa, exponent.astype(np.float32)

    def whole(self, number: Index | int) -> npt.NDArray[np.uint32]:
        return np.full(self.lanes, int(Index.of(number)) % 2**32, np.uint32)

    def real(self, whole: Any) -> Vector:
        return np.asarray(whole.astype(np.float32))

    def call(self, kernel: Kernel, *tensors: Tensor, span: Span | None = None) -> None:
        check_arguments(kernel, tensors)
        if kernel.items:
            kernel.emit(self, *tensors, span=span or Span.whole(kernel.items))
        else:
            kernel.emit(self, *tensors)

    def work(self, items: Index | int, name: str) -> Iterator[Index]:
        return self.range(items, name)

    def spread(self, groups: Index | int, items: int, name: str, portions: int) -> Iterator[tuple[Index, Span]]:
        for group in self.range(groups, name):
            step = portions or 1  # any way to cut is as good as another
            for first in range(0, items, step):
                yield group, Span(Index.of(first), Index.of(min(items, first + step)))

    def perform(self, entry: str, body: Callable[[], None]) -> None:
        body()

    def barrier(self) -> None:
        """One thread has nobody to wait for."""

    def number(self, name: str) -> Index:
        return Index.of(self._numbers[name])

    def place(self, buffer: Buffer, instance: Index | int = 0) -> Tensor:
        start = buffer.offset + (self.plan.shared_bytes if buffer.scope == "rank" else 0)
        if buffer.scope in ("slot", "group"):
            start += int(Index.of(instance)) * buffer.stride
        if start + buffer.bytes > len(self._arena):
            raise IndexError(f"{buffer.name} ends at {start + buffer.bytes}, the arena at {len(self._arena)}")
        return Tensor(self, buffer.name, buffer.shape, self._arena[start : start + buffer.bytes])

    def image(self, index: Index, shape: Shape) -> Tensor:
        return Tensor(self, "image", shape, self._pictures[int(index)])

    def out(self, classes: int) -> Tensor:
        return Tensor(self, "out", Shape.of(len(self._result), classes, element="f32"), self._result)
