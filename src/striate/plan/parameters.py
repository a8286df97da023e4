"""The parameters as one row of numbers: all weights, then all biases, so that the update is two loops."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from striate.notation.network import Network

ALIGNED = 16  #: float32 numbers: 64 bytes
CHUNK = 1024  #: numbers that one work item of the update takes


@dataclass(frozen=True)
class Place:
    """A parameter tensor's name, shape and first number in the row."""

    name: str
    shape: tuple[int, ...]
    start: int

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return prod(self.shape)


@dataclass(frozen=True)
class Row:
    """The places, in the network's order; weights fill ``weights`` numbers, biases ``biases``, in chunks."""

    places: tuple[Place, ...]
    weights: int
    biases: int

    @property
    def size(self) -> int:
        """Numbers in all, rounded up to whole chunks."""
        return self.weights + self.biases


def _chunks(size: int) -> int:
    return -(-size // CHUNK) * CHUNK


def row(network: Network) -> Row:
    """The row for a network's parameters."""
    shapes = network.parameter_shapes()
    starts: dict[str, int] = {}
    ends = []
    at = 0
    for ending in (".weights", ".biases"):
        for name, shape in shapes.items():
            if name.endswith(ending):
                starts[name] = at
                at += -(-prod(shape) // ALIGNED) * ALIGNED
        at = _chunks(at)
        ends.append(at)
    places = tuple(Place(name, shape, starts[name]) for name, shape in shapes.items())
    return Row(places, ends[0], ends[1] - ends[0])
