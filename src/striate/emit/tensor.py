"""Tensors as emitters see them: a shape, and memory that belongs to the builder."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from striate.emit.index import Index
from striate.plan.shape import Axis, Shape


@dataclass(frozen=True)
class Tensor:
    """A tensor in a builder: ``t[d, y, x]`` loads, ``t[d, y, x] = value`` stores.

    ``storage`` belongs to the builder alone (a pointer, an array, a name).
    """

    builder: Any = field(repr=False)
    name: str
    shape: Shape
    storage: Any = field(repr=False)
    as_vector: bool = False
    streams: bool = False

    @property
    def vector(self) -> Tensor:
        """The same memory, loaded and stored as a vector of neighbours along the last axis."""
        return Tensor(self.builder, self.name, self.shape, self.storage, True)

    @property
    def streamed(self) -> Tensor:
        """The same memory; what is stored goes past the caches, as none would keep it until it is read."""
        return replace(self, streams=True)

    @property
    def scalars(self) -> Tensor:
        """A tensor of lanes as single numbers, the lane being one more, last, axis."""
        axes = (*self.shape.axes, Axis(self.builder.lanes))
        return Tensor(self.builder, self.name, Shape(axes, "f32"), self.storage)

    @property
    def flat(self) -> Tensor:
        """A tensor without halo as one long axis."""
        if self.shape.halo:
            raise ValueError(f"{self.name} has a halo and cannot be read as one axis")
        return Tensor(self.builder, self.name, Shape.of(self.shape.elements, element=self.shape.element), self.storage)

    @property
    def rows(self) -> Tensor:
        """The last two axes as one, the last of them having no halo."""
        *outer, across, last = self.shape.axes
        if last.before or last.after:
            raise ValueError(f"the last axis of {self.name} has a halo: it cannot be read as a part of rows")
        row = Axis(across.size * last.size, across.before * last.size, across.after * last.size)
        return Tensor(self.builder, self.name, Shape((*outer, row), self.shape.element), self.storage, self.as_vector)

    def __getitem__(self, index: Any) -> Any:
        return self.builder.load(self, self._indices(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        self.builder.store(self, self._indices(index), value)

    def _indices(self, index: Any) -> tuple[Index, ...]:
        indices = tuple(Index.of(i) for i in (index if isinstance(index, tuple) else (index,)))
        if len(indices) != len(self.shape.axes):
            raise ValueError(f"{self.name} has {len(self.shape.axes)} axes, not {len(indices)}")
        return indices
